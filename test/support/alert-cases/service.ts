import type { AlertCase } from "./case.ts";

/* Alerts about one service: its certificate, and who serves it. */

const DUE = 'leafd_certificate_renewal_due_timestamp_seconds{service="payments"}';
const END = 'leafd_certificate_not_after_timestamp_seconds{service="payments"}';
const VALID = 'leafd_certificate_valid{service="payments"}';
/** Of an hour: renewal is due after ten minutes, and twenty later it ends. */
const HOUR = { [DUE]: "600x200", [END]: "1800x200" };
const payments = { service: "payments" };

const used = (share: string) =>
  `payments on vm-1:9464: ${share} of the time between due renewal and the end of its certificate is used up`;

const RENEWAL: readonly AlertCase[] = [
  {
    alert: "LeafdRenewalLate",
    what: "a quarter of the window is used up",
    series: HOUR,
    at: ["16m"],
    fires: [{ severity: "warning", labels: payments, summary: used("23.75%") }],
  },
  {
    alert: "LeafdRenewalLate",
    what: "half of the window is used up",
    series: HOUR,
    at: ["20m"],
    fires: [
      { severity: "warning", labels: payments, summary: used("43.75%") },
      { severity: "critical", labels: payments, summary: used("43.75%") },
    ],
  },
  { alert: "LeafdRenewalLate", what: "renewal is under way", series: HOUR, at: ["9m", "13m"], fires: [] },
  {
    alert: "LeafdRenewalLate",
    what: "the target brings a label of its own that is called service",
    series: {
      'leafd_certificate_renewal_due_timestamp_seconds{service="metrics",exported_service="payments"}': "600x200",
      'leafd_certificate_not_after_timestamp_seconds{service="metrics",exported_service="payments"}': "1800x200",
    },
    at: ["16m"],
    fires: [
      { severity: "warning", labels: { service: "metrics", exported_service: "payments" }, summary: used("23.75%") },
    ],
  },
  {
    alert: "LeafdRenewalLate",
    what: "the service was removed in the middle of its trouble",
    series: { [DUE]: "600x79 stale", [END]: "1800x79 stale" },
    at: ["20m30s", "25m"],
    fires: [],
  },
  {
    alert: "LeafdRenewalLate",
    what: "the host was off, and leafd renews right after its first scrape",
    scrape: "60s",
    series: { [DUE]: "_x28 600 5000x20", [END]: "_x28 1800 6200x20" },
    at: ["28m", "28m15s", "28m30s", "28m45s", "29m", "29m15s", "31m"],
    fires: [],
  },
];

const expired = "payments on vm-1:9464: the certificate on disk is not in force";

const VALIDITY: readonly AlertCase[] = [
  {
    alert: "LeafdCertificateExpired",
    what: "it ended after ten minutes",
    series: { [VALID]: "1x40 0x40", [END]: "600x80" },
    at: ["12m"],
    fires: [{ severity: "critical", labels: payments, summary: expired }],
  },
  {
    alert: "LeafdCertificateExpired",
    what: "the host was off, and leafd renews as it starts",
    series: { [VALID]: "0x2 1x40", [END]: "0x2 9000x40" },
    at: ["30s", "1m", "2m"],
    fires: [],
  },
  {
    alert: "LeafdCertificateExpired",
    what: "there has never been one",
    series: { [VALID]: "0x40" },
    at: ["5m"],
    fires: [],
  },
  {
    alert: "LeafdCertificateMissing",
    what: "no issuer gives one",
    series: { [VALID]: "0x40" },
    at: ["3m"],
    fires: [
      { severity: "critical", labels: payments, summary: "payments on vm-1:9464: there is no certificate on disk" },
    ],
  },
  {
    alert: "LeafdCertificateMissing",
    what: "the service has just been added",
    series: { [VALID]: "0x6 1x40", [END]: "_x7 9000x40" },
    at: ["1m30s", "3m", "5m"],
    fires: [],
  },
  {
    alert: "LeafdCertificateMissing",
    what: "a service without one was removed",
    series: { [VALID]: "0x20 stale" },
    at: ["6m"],
    fires: [],
  },
];

interface Delivery {
  readonly knownBy: "probe" | "reload";
  /** Failed tries to deliver. */
  readonly failures: string;
  readonly served: string;
  /** False: leafd has restarted, and does not remember when it stored the pair. */
  readonly remembers?: false;
}

/** A certificate stored at 0 s; the one before had 1,200 s left then. */
function stored({ knownBy, failures, served, remembers }: Delivery): AlertCase["series"] {
  return {
    [DUE]: "10000x80",
    [END]: "11200x80",
    'leafd_certificate_not_before_timestamp_seconds{service="payments"}': "-30x80",
    ...(remembers === false
      ? {}
      : { 'leafd_last_success_timestamp_seconds{service="payments",stage="store"}': "0x80" }),
    'leafd_last_success_timestamp_seconds{service="payments",stage="issue"}': "0x80",
    'leafd_consecutive_failures{service="payments"}': failures,
    [`leafd_served_matches_disk{service="payments",known_by="${knownBy}"}`]: served,
  };
}

function delivery(alert: string, knownBy: Delivery["knownBy"], [warning, critical]: readonly [string, string]) {
  const labels = { ...payments, known_by: knownBy };
  const warned = { severity: "warning", labels, summary: `payments on vm-1:9464: ${warning}` } as const;
  const both = [warned, { severity: "critical", labels, summary: `payments on vm-1:9464: ${critical}` }] as const;
  const failing = stored({ knownBy, failures: "3x80", served: "0x80" });
  const held = stored({ knownBy, failures: "0x80", served: "0x80" });
  const late = stored({ knownBy, failures: "3x9 0x70", served: "0x9 1x70" });
  const forgot = stored({ knownBy, failures: "3x80", served: "0x80", remembers: false });
  const cases: readonly AlertCase[] = [
    { alert, what: "it fails for long", series: failing, at: ["5m"], fires: [warned] },
    { alert, what: "it fails until little is left", series: failing, at: ["9m"], fires: both },
    { alert, what: "it fails, across a restart", series: forgot, at: ["9m"], fires: both },
    { alert, what: "it has failed, with time to spare", series: failing, at: ["1m", "4m"], fires: [] },
    { alert, what: "it waits for a window", series: held, at: ["5m", "15m"], fires: [] },
    { alert, what: "it succeeds at the fourth try", series: late, at: ["1m", "5m", "15m"], fires: [] },
  ];
  return cases;
}

const ANOTHER = "another certificate is served than the one on disk";
const UNTOLD = "its dependents have not been told of the new certificate";

export const SERVICE_CASES: readonly AlertCase[] = [
  ...RENEWAL,
  ...VALIDITY,
  ...delivery("LeafdServedOutdated", "probe", [ANOTHER, `${ANOTHER}, and it ends soon`]),
  ...delivery("LeafdReloadOwed", "reload", [UNTOLD, `${UNTOLD}, and the one before ends soon`]),
];
