import type { AlertCase } from "./case.ts";

/* Alerts about where certificates come from: the ladder, the issuers and their authorities. */

/** One certificate from an issuer on a rung. */
const info = (issuer: string, rung: string, serial: string) =>
  `leafd_certificate_info{service="payments",issuer="${issuer}",rung="${rung}",serial="${serial}",fingerprint="f${serial}"}`;

const failover = { service: "payments", issuer: "dr", rung: "failover" };
const reserve = { service: "payments", issuer: "long", rung: "reserve" };

const inUse = {
  severity: "warning",
  labels: reserve,
  summary: "payments on vm-1:9464: its reserve is in use, since all its issuers had failed",
} as const;
const nothingAfter = {
  severity: "critical",
  labels: reserve,
  summary: "payments on vm-1:9464: its reserve is in use, and nothing comes after it",
} as const;

const LADDER: readonly AlertCase[] = [
  {
    alert: "LeafdOnFailover",
    what: "the second issuer has given two in a row",
    series: { [info("dr", "failover", "a1")]: "1x20 stale", [info("dr", "failover", "b2")]: "_x21 1x40" },
    at: ["4m", "6m"],
    fires: [
      {
        severity: "warning",
        labels: failover,
        summary: "payments on vm-1:9464: its certificate comes from dr, since an issuer before it failed",
      },
    ],
  },
  {
    alert: "LeafdOnFailover",
    what: "the first issuer is back",
    series: { [info("dr", "failover", "a1")]: "1x20 stale", [info("main", "primary", "b2")]: "_x21 1x40" },
    at: ["6m"],
    fires: [],
  },
  {
    alert: "LeafdOnFailover",
    what: "the reserve is published, which is another alert",
    series: { [info("long", "reserve", "c3")]: "1x40" },
    at: ["1m"],
    fires: [],
  },
  {
    alert: "LeafdOnReserve",
    what: "the reserve is published",
    series: { [info("long", "reserve", "c3")]: "1x40" },
    at: ["1m"],
    fires: [inUse, nothingAfter],
  },
  {
    alert: "LeafdOnReserve",
    what: "another reserve is held, and an issuer is away",
    series: {
      [info("long", "reserve", "c3")]: "1x40",
      leafd_services_reserve_missing: "0x40",
      'leafd_issuer_up{issuer="main"}': "0x40",
      'leafd_issuer_up{issuer="long"}': "1x40",
    },
    at: ["1m"],
    fires: [inUse, nothingAfter],
  },
  {
    alert: "LeafdOnReserve",
    what: "the issuers are back, and no other reserve is held yet",
    series: {
      [info("long", "reserve", "c3")]: "1x40",
      leafd_services_reserve_missing: "1x40",
      'leafd_issuer_up{issuer="main"}': "1x40",
    },
    at: ["1m"],
    fires: [inUse, nothingAfter],
  },
  {
    alert: "LeafdOnReserve",
    what: "the issuers are back, and another one is held",
    series: {
      [info("long", "reserve", "c3")]: "1x40",
      leafd_services_reserve_missing: "0x40",
      'leafd_issuer_up{issuer="main"}': "1x40",
    },
    at: ["1m"],
    fires: [inUse],
  },
  {
    alert: "LeafdOnReserve",
    what: "the second issuer helps",
    series: { [info("dr", "failover", "a1")]: "1x40" },
    at: ["1m"],
    fires: [],
  },
  {
    alert: "LeafdReserveMissing",
    what: "two are missing for long",
    series: { leafd_services_reserve_missing: "2x80" },
    at: ["11m"],
    fires: [{ severity: "warning", summary: "vm-1:9464: 2 service(s) lack the reserve that is configured" }],
  },
  {
    alert: "LeafdReserveMissing",
    what: "it comes a little after the certificate",
    series: { leafd_services_reserve_missing: "1x8 0x80" },
    at: ["1m", "11m", "15m"],
    fires: [],
  },
  {
    alert: "LeafdSurviveUnmet",
    what: "the issuer gives less than was asked",
    series: { leafd_services_survive_unmet: "1x80" },
    at: ["1m"],
    fires: [
      {
        severity: "warning",
        summary: "vm-1:9464: 1 service(s) would not outlive the outage that outage.survive names",
      },
    ],
  },
  {
    alert: "LeafdSurviveUnmet",
    what: "all hold",
    series: { leafd_services_survive_unmet: "0x80" },
    at: ["1m"],
    fires: [],
  },
  {
    alert: "LeafdBudgetSpent",
    what: "one is spent",
    series: { leafd_services_budget_spent: "1x80" },
    at: ["1m"],
    fires: [
      {
        severity: "warning",
        summary: "vm-1:9464: 1 service(s) have used up the certificates that they may cost in an hour",
      },
    ],
  },
  {
    alert: "LeafdBudgetSpent",
    what: "none is",
    series: { leafd_services_budget_spent: "0x80" },
    at: ["1m"],
    fires: [],
  },
];

/** A certificate of this many seconds from an issuer whose CA ends at `ca`. */
const issued = (life: number, ca: number): AlertCase["series"] => ({
  [info("main", "primary", "a1")]: "1x20",
  'leafd_certificate_not_before_timestamp_seconds{service="payments"}': "0x20",
  'leafd_certificate_not_after_timestamp_seconds{service="payments"}': `${life}x20`,
  'leafd_issuing_ca_not_after_timestamp_seconds{issuer="main"}': `${ca}x20`,
  leafd_trust_bundle_not_after_timestamp_seconds: `${ca}x20`,
});

const DAY = 86_400;
const main = { issuer: "main" };
const caEnds = (left: string) => `vm-1:9464: the CA of issuer main ends in ${left}`;
const rootEnds = (left: string) => `vm-1:9464: a root in the published trust bundles ends in ${left}`;

const AUTHORITIES: readonly AlertCase[] = [
  {
    alert: "LeafdIssuingCaEnding",
    what: "a month before an hour's certificates are cut short",
    series: issued(3_600, 30 * DAY + 3_000),
    at: ["1m"],
    fires: [{ severity: "warning", labels: main, summary: caEnds("30d 0h 49m 0s") }],
  },
  {
    alert: "LeafdIssuingCaEnding",
    what: "two days before",
    series: issued(3_600, 2 * DAY + 3_000),
    at: ["1m"],
    fires: [
      { severity: "warning", labels: main, summary: caEnds("2d 0h 49m 0s") },
      { severity: "critical", labels: main, summary: caEnds("2d 0h 49m 0s") },
    ],
  },
  {
    alert: "LeafdIssuingCaEnding",
    what: "a month before certificates of 90 days are cut short",
    series: issued(90 * DAY, 119 * DAY),
    at: ["1m"],
    fires: [{ severity: "warning", labels: main, summary: caEnds("118d 23h 59m 0s") }],
  },
  {
    alert: "LeafdIssuingCaEnding",
    what: "the life of its certificates is not known",
    series: { 'leafd_issuing_ca_not_after_timestamp_seconds{issuer="main"}': `${29 * DAY}x20` },
    at: ["1m"],
    fires: [{ severity: "warning", labels: main, summary: caEnds("28d 23h 59m 0s") }],
  },
  {
    alert: "LeafdIssuingCaEnding",
    what: "the target brings a label of its own that is called service",
    series: {
      'leafd_certificate_info{service="m",exported_service="payments",issuer="main",rung="primary",serial="a1",fingerprint="f"}':
        "1x20",
      'leafd_certificate_not_before_timestamp_seconds{service="m",exported_service="payments"}': "0x20",
      'leafd_certificate_not_after_timestamp_seconds{service="m",exported_service="payments"}': `${90 * DAY}x20`,
      'leafd_issuing_ca_not_after_timestamp_seconds{service="m",issuer="main"}': `${119 * DAY}x20`,
    },
    at: ["1m"],
    fires: [{ severity: "warning", labels: main, summary: caEnds("118d 23h 59m 0s") }],
  },
  {
    alert: "LeafdIssuingCaEnding",
    what: "it outlives certificates of 90 days by more than a month",
    series: issued(90 * DAY, 121 * DAY),
    at: ["1m"],
    fires: [],
  },
  {
    alert: "LeafdTrustBundleEnding",
    what: "a root ends within a month and the life of a certificate",
    series: issued(90 * DAY, 119 * DAY),
    at: ["1m"],
    fires: [{ severity: "warning", summary: rootEnds("118d 23h 59m 0s") }],
  },
  {
    alert: "LeafdTrustBundleEnding",
    what: "the first root ends later",
    series: issued(90 * DAY, 121 * DAY),
    at: ["1m"],
    fires: [],
  },
];

export const ISSUING_CASES: readonly AlertCase[] = [...LADDER, ...AUTHORITIES];
