import type { Rung } from "../../src/domain/rungs.ts";
import type { Names } from "../../src/domain/spec.ts";
import { type DaemonStatus, type ServiceStatus, STANDINGS, type Standing } from "../../src/domain/status.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/domain/units.ts";
import { daemonStatus, missingService, NOW, serviceStatus } from "./status.ts";

const WORDS = ["payments", "ledger", "search", "mail", "orders", "stock", "login", "media", "quotes", "relay"];

/** Tells the services of a fleet apart: most are in order, and every state that there is occurs. */
function standingOf(index: number): Standing {
  if (index < STANDINGS.length) return STANDINGS[index] ?? "ok";
  return index % 50 === 0 ? "retrying" : index % 33 === 0 ? "due" : "ok";
}

const WHAT_WENT_WRONG: Readonly<Partial<Record<Standing, Partial<ServiceStatus>>>> = {
  expired: { reason: "sealed", message: "https://vault-a.internal:8200 is sealed (503)", failures: 41 },
  not_live: {
    failedStage: "confirm",
    reason: "not_live",
    message: "10.0.4.7:8443 serves 5d:03:91… and not the published certificate",
    live: false,
    served: false,
    failures: 1,
    nextAction: "confirm",
  },
  reload_owed: {
    failedStage: "reload",
    reason: "reload_failed",
    message: "nginx.service: systemctl reload ended with 1: nginx: [emerg] host not found in upstream",
    delivered: false,
    served: false,
    failures: 3,
    nextAction: "reload",
  },
  retrying: { reason: "timeout", message: "https://vault-a.internal:8200 gave no answer within 10s", failures: 2 },
};

function member(index: number, now: number): ServiceStatus {
  const state = standingOf(index);
  const name = `${WORDS[index % WORDS.length]}-${index}`;
  const names = {
    commonName: `${name}.prod.svc`,
    dns: [`${name}.prod.svc`, `${name}.internal`],
    ips: [],
    uris: [`spiffe://corp.example/ns/prod/sa/${name}`],
    emails: [],
  };
  if (state === "pending") return { ...absent(name, names, now), state, nextAction: "recover" };
  if (state === "missing")
    return missingService({ name, names, nextAt: now + 5 * SECOND, failedStage: "issue", failedAt: now - 3 * SECOND });
  const age = ((index * 37) % 960) * MINUTE;
  const ends = {
    expired: now - 12 * MINUTE,
    retrying: now + 3 * HOUR,
    due: now + 7 * HOUR,
    not_live: now + 9 * HOUR,
    reload_owed: now + 23 * HOUR,
    ok: now + DAY - age,
  }[state];
  const due = ends - 8 * HOUR;
  const began = { issue: ends - DAY, store: ends - DAY, reload: ends - DAY + SECOND };
  const serial = (0x3f2a91b07c44d5e6n + BigInt(index) * 0x1f3d5b79n).toString(16);
  return serviceStatus({
    name,
    names,
    state,
    serial,
    issuer: index % 40 === 0 ? "backup" : "main",
    rung: index % 40 === 0 ? "failover" : "primary",
    notBefore: ends - DAY,
    notAfter: ends,
    due,
    nextAt: Math.max(due, now + 30 * SECOND),
    live: true,
    lastSuccess: { ...began, confirm: began.reload + SECOND },
    ladder: ladder(ends, due),
    ...(WHAT_WENT_WRONG[state] && {
      failedStage: "issue",
      failedAt: now - 20 * SECOND,
      nextAt: now + 30 * SECOND,
      ...WHAT_WENT_WRONG[state],
    }),
  });
}

/** A service of which nothing is known yet. */
function absent(name: string, names: Names, now: number): ServiceStatus {
  const service: { -readonly [Key in keyof ServiceStatus]: ServiceStatus[Key] } = missingService({ name, names });
  delete service.reason;
  delete service.message;
  return { ...service, nextAt: now, failures: 0 };
}

function ladder(ends: number, due: number): readonly Rung[] {
  return [
    { kind: "keep", inUse: true, available: true },
    { kind: "issuer", name: "main", inUse: true, available: true, from: due },
    { kind: "issuer", name: "backup", inUse: false, available: true, why: "not_its_turn", from: due + HOUR },
    { kind: "reserve", inUse: false, available: true, why: "issuers_answer", from: ends - HOUR },
    { kind: "expiry", name: "keep", inUse: false, available: true, from: ends },
  ];
}

/** A fleet of made-up services at `now`, with one issuer away: what a page has to show on a bad night. */
export function syntheticFleet(size: number, now = NOW): DaemonStatus {
  const services = Array.from({ length: size }, (_, index) => member(index, now));
  return daemonStatus(services, {
    startedAt: now - 3 * DAY,
    configLoadedAt: now - 3 * DAY,
    trustNotAfter: now + 800 * DAY,
    clusters: [
      { name: "a", address: "https://vault-a.internal:8200", up: false, reason: "sealed", tokenExpires: now + HOUR },
      { name: "b", address: "https://vault-b.internal:8200", up: true, tokenExpires: now + 3 * HOUR },
    ],
    issuers: [
      {
        name: "main",
        cluster: "a",
        circuit: "open",
        since: now - 20 * MINUTE,
        reason: "sealed",
        probeAt: now + 20 * SECOND,
      },
      { name: "backup", cluster: "b", circuit: "closed", caNotAfter: now + 400 * DAY },
    ],
  });
}
