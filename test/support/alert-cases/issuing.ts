import { type AlertCase, info } from "./case.ts";

/* Alerts about where certificates come from: the ladder and what it lacks. */

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

export const ISSUING_CASES: readonly AlertCase[] = [
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
