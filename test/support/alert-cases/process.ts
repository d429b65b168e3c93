import type { AlertCase } from "./case.ts";

/* Alerts about leafd itself: whether it is there, works, and knows the time. */

const DUE = 'leafd_certificate_renewal_due_timestamp_seconds{service="payments"}';
const END = 'leafd_certificate_not_after_timestamp_seconds{service="payments"}';

const down = {
  severity: "warning",
  summary: "vm-1:9464: leafd does not answer the scrape",
} as const;
const downWhileDue = {
  severity: "critical",
  summary: "vm-1:9464: leafd does not answer the scrape, and a certificate of it is due for renewal",
} as const;

/** Up for a minute, then killed; the certificate comes due at this time. */
const killed = (due: number): AlertCase["series"] => ({
  up: "1x4 0x160",
  leafd_build_info: "1x4 stale",
  [DUE]: `${due}x4 stale`,
});

const PRESENCE: readonly AlertCase[] = [
  { alert: "LeafdDown", what: "killed, nothing due", series: killed(1e9), at: ["4m", "40m"], fires: [down] },
  { alert: "LeafdDown", what: "killed while renewal was due", series: killed(30), at: ["3m"], fires: [downWhileDue] },
  {
    alert: "LeafdDown",
    what: "killed, and renewal came due",
    series: killed(1_800),
    at: ["33m"],
    fires: [down, downWhileDue],
  },
  {
    alert: "LeafdDown",
    what: "a restart while renewal was due",
    scrape: "60s",
    series: { up: "1x4 0 1x40", leafd_build_info: "1x4 stale 1x40", [DUE]: "30x4 stale 30x40" },
    at: ["5m30s", "5m45s", "6m", "8m"],
    fires: [],
  },
  {
    alert: "LeafdDown",
    what: "its target was removed while it was down",
    series: { up: "1x4 0x8 stale", leafd_build_info: "1x4 stale", [DUE]: "30x4 stale" },
    at: ["4m", "10m"],
    fires: [],
  },
  {
    alert: "LeafdDown",
    what: "uninstalled from a node whose exporter carried its textfile",
    series: { up: "1x40 0x80", leafd_build_info: "1x4 stale", [DUE]: "30x4 stale" },
    at: ["5m", "15m"],
    fires: [],
  },
  { alert: "LeafdDown", what: "some other program is down", series: { up: "0x80" }, at: ["10m"], fires: [] },
  {
    alert: "LeafdAbsent",
    what: "no target is leafd",
    series: { up: "1x80" },
    at: ["11m"],
    fires: [{ severity: "warning", summary: "This Prometheus has no target that is leafd" }],
    target: false,
  },
  { alert: "LeafdAbsent", what: "one is, though it is down", series: killed(1e9), at: ["30m"], fires: [] },
];

const TICK = "leafd_scheduler_last_tick_timestamp_seconds";

const WORK: readonly AlertCase[] = [
  {
    alert: "LeafdSchedulerStalled",
    what: "the last tick was at the start",
    series: { [TICK]: "0x40" },
    at: ["4m"],
    fires: [{ severity: "critical", summary: "vm-1:9464: leafd has done nothing for 4m 0s" }],
  },
  {
    alert: "LeafdSchedulerStalled",
    what: "a tick every 30 s, seen every minute",
    scrape: "60s",
    series: { [TICK]: "-30+60x40" },
    at: ["4m", "4m45s"],
    fires: [],
  },
  {
    alert: "LeafdConfigRefused",
    what: "a key is wrong",
    series: { leafd_config_last_reload_successful: "1x4 0x40" },
    at: ["4m"],
    fires: [
      {
        severity: "warning",
        summary: "vm-1:9464: the newest configuration is refused, and the one before is in force",
      },
    ],
  },
  {
    alert: "LeafdConfigRefused",
    what: "it was corrected at once",
    series: { leafd_config_last_reload_successful: "1x4 0x4 1x40" },
    at: ["2m", "4m"],
    fires: [],
  },
];

/** A clock that is so many seconds off, with a certificate whose window is so long. */
const off = (skew: number, window: number): AlertCase["series"] => ({
  leafd_clock_skew_seconds: `${skew}x40`,
  [DUE]: "9000x40",
  [END]: `${9000 + window}x40`,
});
const apart = (seconds: string) => ({
  severity: "warning" as const,
  summary: `vm-1:9464: its clock and Vault's are ${seconds} apart`,
});

const CLOCK: readonly AlertCase[] = [
  { alert: "LeafdClockSkewed", what: "Vault is ahead", series: off(40, 1_200), at: ["2m"], fires: [apart("40s")] },
  { alert: "LeafdClockSkewed", what: "Vault is behind", series: off(-40, 1_200), at: ["2m"], fires: [apart("40s")] },
  { alert: "LeafdClockSkewed", what: "less, for ten minutes", series: off(25, 200), at: ["2m"], fires: [apart("25s")] },
  { alert: "LeafdClockSkewed", what: "less, for an hour", series: off(25, 1_200), at: ["2m"], fires: [] },
  {
    alert: "LeafdClockDoubted",
    what: "it jumped once",
    series: { leafd_clock_doubted_total: "0x8 1x60" },
    at: ["5m"],
    fires: [{ severity: "warning", summary: "vm-1:9464: the wall clock jumped, and leafd did not believe it" }],
  },
  {
    alert: "LeafdClockDoubted",
    what: "it jumped long ago",
    series: { leafd_clock_doubted_total: "0x8 1x120" },
    at: ["20m"],
    fires: [],
  },
];

export const PROCESS_CASES: readonly AlertCase[] = [...PRESENCE, ...WORK, ...CLOCK];
