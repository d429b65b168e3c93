import { type AlertCase, info } from "./case.ts";

/* Alerts about the authorities that sign, and those that are trusted. */

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

export const AUTHORITY_CASES: readonly AlertCase[] = [
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
