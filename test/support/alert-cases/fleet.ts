import type { AlertCase } from "./case.ts";

/* A whole leafd with nothing wrong, as its metrics tell it. */

/** A minute of scrapes every 15 s. */
const MINUTE = 4;
const LIFE = 3_600;
/** Renewed every 40 min: as often as a certificate of an hour is. */
const EVERY = 2_400;

/** One certificate of an hour after the other; `of` answers what a metric says about the one issued at a time. */
const renewed = (of: (issuedAt: number) => number) =>
  [0, 1, 2].map((turn) => `${of(turn * EVERY + (turn > 0 ? 3 : 0))}x${40 * MINUTE - 1}`).join(" ");

const about = (service: string): AlertCase["series"] => ({
  [`leafd_certificate_not_before_timestamp_seconds{service="${service}"}`]: renewed((at) => at - 30),
  [`leafd_certificate_not_after_timestamp_seconds{service="${service}"}`]: renewed((at) => at + LIFE),
  [`leafd_certificate_renewal_due_timestamp_seconds{service="${service}"}`]: renewed((at) => at + EVERY),
  [`leafd_certificate_info{service="${service}",issuer="main",rung="primary",serial="a",fingerprint="f"}`]: "1x480",
  [`leafd_certificate_valid{service="${service}"}`]: "1x480",
  [`leafd_last_success_timestamp_seconds{service="${service}",stage="store"}`]: renewed((at) => at + 1),
  [`leafd_consecutive_failures{service="${service}"}`]: "0x480",
  [`leafd_served_matches_disk{service="${service}",known_by="probe"}`]: "1x480",
});

const DAEMON: AlertCase["series"] = {
  up: "1x480",
  leafd_build_info: "1x480",
  leafd_services_reserve_missing: "0x480",
  leafd_services_survive_unmet: "0x480",
  leafd_services_budget_spent: "0x480",
  'leafd_issuer_up{issuer="main"}': "1x480",
  'leafd_issuing_ca_not_after_timestamp_seconds{issuer="main"}': "1e8x480",
  leafd_trust_bundle_not_after_timestamp_seconds: "1e9x480",
  'leafd_cluster_up{cluster="vault"}': "1x480",
  'leafd_token_expiry_timestamp_seconds{cluster="vault"}': `3600x159 ${EVERY + LIFE}x159 ${2 * EVERY + LIFE}x159`,
  'leafd_login_failures_total{cluster="vault",reason="wrap_consumed"}': "0x480",
  leafd_scheduler_last_tick_timestamp_seconds: "0+15x480",
  leafd_config_last_reload_successful: "1x480",
  leafd_clock_skew_seconds: "0.2x480",
  leafd_clock_doubted_total: "0x480",
};

/** Two services for two hours. */
export const HEALTHY_FLEET: AlertCase["series"] = { ...DAEMON, ...about("payments"), ...about("orders") };
