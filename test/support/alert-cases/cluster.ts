import type { AlertCase } from "./case.ts";

/* Alerts about Vault as leafd sees it: issuers, clusters, tokens. */

const ISSUER = 'leafd_issuer_up{issuer="main"}';
const CLUSTER = 'leafd_cluster_up{cluster="vault"}';
const TOKEN = 'leafd_token_expiry_timestamp_seconds{cluster="vault"}';
/** Not `leafd once`. */
const RUNS = { leafd_scheduler_last_tick_timestamp_seconds: "0+15x400" };
const vault = { cluster: "vault" };

const REACHING: readonly AlertCase[] = [
  {
    alert: "LeafdIssuerDown",
    what: "its circuit is open",
    series: { [ISSUER]: "1x4 0x20" },
    at: ["4m"],
    fires: [{ severity: "warning", labels: { issuer: "main" }, summary: "vm-1:9464: issuer main is away" }],
  },
  {
    alert: "LeafdIssuerDown",
    what: "a minute's restart",
    series: { [ISSUER]: "1x4 0x4 1x20" },
    at: ["2m", "5m"],
    fires: [],
  },
  {
    alert: "LeafdClusterDown",
    what: "it is sealed",
    series: { [CLUSTER]: "1x4 0x20" },
    at: ["4m"],
    fires: [{ severity: "warning", labels: vault, summary: "vm-1:9464: Vault vault does not answer" }],
  },
  {
    alert: "LeafdClusterDown",
    what: "the target brings a label of its own that is called cluster",
    series: { 'leafd_cluster_up{cluster="eu-1",exported_cluster="vault"}': "0x20" },
    at: ["4m"],
    fires: [
      {
        severity: "warning",
        labels: { cluster: "eu-1", exported_cluster: "vault" },
        summary: "vm-1:9464: Vault vault does not answer",
      },
    ],
  },
  {
    alert: "LeafdClusterDown",
    what: "a minute's restart",
    series: { [CLUSTER]: "1x4 0x4 1x20" },
    at: ["2m", "5m"],
    fires: [],
  },
];

const ends = (left: string) => `vm-1:9464: the token for Vault vault ends in ${left} and has not been renewed`;

const TOKENS: readonly AlertCase[] = [
  {
    alert: "LeafdTokenEnding",
    what: "a token of an hour that nobody could renew",
    series: { [TOKEN]: "3600x400", ...RUNS },
    at: ["55m"],
    fires: [{ severity: "warning", labels: vault, summary: ends("5m 0s") }],
  },
  {
    alert: "LeafdTokenEnding",
    what: "it is renewed when two thirds of its life are over",
    scrape: "60s",
    series: { [TOKEN]: "3600x40 6060x40 8520x40", ...RUNS },
    at: ["30m", "40m", "41m", "80m", "82m"],
    fires: [],
  },
  {
    alert: "LeafdTokenEnding",
    what: "it lives no longer than the scrapes are apart",
    scrape: "60s",
    series: { [TOKEN]: "45+60x40", ...RUNS },
    at: ["10m", "10m45s", "20m"],
    fires: [],
  },
  {
    alert: "LeafdTokenEnding",
    what: "it was revoked, and nobody is let in",
    series: { [TOKEN]: "3600x40 stale", [CLUSTER]: "1x400", ...RUNS },
    at: ["14m", "60m"],
    fires: [{ severity: "warning", labels: vault, summary: ends("0s") }],
  },
  {
    alert: "LeafdTokenEnding",
    what: "it went with Vault, which is another alert, or with a restart that took a minute to log in",
    series: { [TOKEN]: "3600x40 stale _x4 6000x100", [CLUSTER]: "1x40 0x2 1x100", ...RUNS },
    at: ["10m30s", "11m", "14m"],
    fires: [],
  },
  {
    alert: "LeafdTokenEnding",
    what: "the cluster was taken out of the configuration",
    series: { [TOKEN]: "3600x40 stale", [CLUSTER]: "1x40 stale", ...RUNS },
    at: ["14m"],
    fires: [],
  },
  {
    alert: "LeafdTokenEnding",
    what: "once has left it in a textfile",
    series: { [TOKEN]: "3600x400" },
    at: ["55m"],
    fires: [],
  },
  {
    alert: "LeafdWrappingTokenTaken",
    what: "somebody has used it",
    series: { 'leafd_login_failures_total{cluster="vault",reason="wrap_consumed"}': "0x8 1x40" },
    at: ["5m"],
    fires: [
      {
        severity: "critical",
        labels: { ...vault, reason: "wrap_consumed" },
        summary: "vm-1:9464: a wrapping token for Vault vault was used or made by somebody else",
      },
    ],
  },
  {
    alert: "LeafdWrappingTokenTaken",
    what: "logins fail for another reason",
    series: {
      'leafd_login_failures_total{cluster="vault",reason="wrap_consumed"}': "0x40",
      'leafd_login_failures_total{cluster="vault",reason="timeout"}': "0x8 1x40",
    },
    at: ["5m"],
    fires: [],
  },
];

export const CLUSTER_CASES: readonly AlertCase[] = [...REACHING, ...TOKENS];
