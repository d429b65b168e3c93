/** @import { DaemonStatus, IssuerStatus, NextAction, ServiceStatus } from "../../domain/status.ts" */
/** @import { ClusterStatus } from "../../domain/cluster-status.ts" */
/** @import { Rung } from "../../domain/rungs.ts" */
import { STATES } from "./states.js";
import { duration, relative, stamp } from "./times.js";

/**
 * What leafd does next: src/domain/act.ts.
 * @type {Readonly<Record<NextAction, string>>}
 */
const ACTIONS = {
  recover: "read the disk",
  issue: "issue",
  republish: "publish again",
  use_reserve: "publish the reserve",
  reload: "reload",
  confirm: "probe",
  reserve: "issue a reserve",
  revoke: "revoke the one before",
  expire: "act on the expiry",
};

/** @param {ServiceStatus} service */
export function nextOf({ nextAction }) {
  return ACTIONS[nextAction] ?? nextAction;
}

/**
 * Whether the dependents know the pair on disk, and what that is worth.
 * @param {ServiceStatus} service
 * @returns {{ text: string, tone: "bad" | "warn" | "calm" | "good", means: string }}
 */
export function dependentsOf({ serial, delivered, live, served }) {
  if (serial === undefined) return { text: "–", tone: "calm", means: "nothing is published" };
  if (served === false && delivered)
    return { text: "serve another", tone: "bad", means: "the probe sees another certificate" };
  if (!delivered) return { text: "reload owed", tone: "warn", means: "they have not all been told" };
  if (live) return { text: "serve it", tone: "good", means: "the probe has seen it" };
  if (live === false) return { text: "not seen yet", tone: "calm", means: "the probe has yet to see what they serve" };
  if (served) return { text: "told", tone: "good", means: "reloaded; no probe looks at what they serve" };
  return { text: "not told", tone: "calm", means: "no reload, no probe: they look at the files by themselves" };
}

/**
 * One sentence about all of them.
 * @param {ReadonlyMap<string, number>} counts
 * @returns {{ text: string, tone: "bad" | "warn" | "good" }}
 */
export function headline(counts) {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const parts = (/** @type {string} */ tone) =>
    STATES.filter((one) => one.tone === tone && counts.has(one.state)).map(({ state, label }) => {
      return { count: counts.get(state) ?? 0, text: `${number(counts.get(state) ?? 0)} ${label}` };
    });
  const bad = parts("bad");
  const warn = parts("warn");
  const sum = (/** @type {{ count: number }[]} */ list) => list.reduce((total, { count }) => total + count, 0);
  const join = (/** @type {{ text: string }[]} */ list) => list.map(({ text }) => text).join(", ");
  if (all === 0) return { text: "No service is configured", tone: "warn" };
  if (bad.length > 0) {
    const also = warn.length > 0 ? `; also ${join(warn)}` : "";
    const need = sum(bad) === 1 ? "needs" : "need";
    return { text: `${number(sum(bad))} of ${number(all)} ${need} somebody: ${join(bad)}${also}`, tone: "bad" };
  }
  const have = all === 1 ? "The one service has" : `All ${number(all)} have`;
  if (warn.length > 0) return { text: `${have} a valid certificate; ${join(warn)}`, tone: "warn" };
  return { text: all === 1 ? "The one service is in order" : `All ${number(all)} services are in order`, tone: "good" };
}

/** @param {number} count */
export function number(count) {
  return count.toLocaleString("en");
}

/**
 * Why a rung cannot help now: src/cli/status/ladder.ts says the same. Reasons of failures stand for themselves.
 * @type {Readonly<Record<string, string>>}
 */
const WHY = {
  no_pair: "there is no valid pair",
  circuit_open: "away: only its health is asked for",
  not_its_turn: "waits for its turn",
  not_issued: "none has been issued yet",
  ended: "the one that is held has ended",
  in_use: "the one that is held is in use",
  no_gain: "the one that is held ends no later than the pair in use",
  issuers_answer: "not needed while an issuer answers",
};

/**
 * @param {Rung} rung
 * @param {number} now
 */
export function rungWords({ kind, name, inUse, available, why, from }, now) {
  const titles = {
    keep: "keep the pair",
    issuer: `issuer ${name}`,
    reserve: "the reserve",
    expiry: `at the end: ${name}`,
  };
  const can = kind === "keep" || kind === "expiry" ? "" : available ? "available" : "unavailable";
  const because = why === undefined ? "" : (WHY[why] ?? why);
  const when = from === undefined || from <= now ? "" : `from ${stamp(from)} (${relative(from, now)})`;
  return {
    title: titles[kind],
    text: [inUse ? "in use" : can, because, when].filter((part) => part !== "").join(", "),
  };
}

/** @typedef {{ words: string, more: string, tone: "bad" | "warn" | "calm" | "good" }} Line The state, and what else there is. */

/**
 * @param {IssuerStatus} issuer
 * @param {number} now
 * @returns {Line}
 */
export function issuerWords({ circuit, looksWell, since, reason, probeAt, caNotAfter }, now) {
  const authority = caNotAfter === undefined ? "" : `its CA ends ${relative(caNotAfter, now)}`;
  if (circuit === "closed") return { words: "circuit closed", more: authority, tone: "good" };
  const why = reason === undefined ? "" : ` (${reason})`;
  if (looksWell) {
    const more = `away since ${stamp(since ?? now)}${why}; the next service that needs it tries it`;
    return { words: "its health is good again", more, tone: "good" };
  }
  const words = `circuit ${circuit === "open" ? "open" : "half open"}: away for ${duration(Math.max(0, now - (since ?? now)))}${why}`;
  if (circuit === "half_open") return { words, more: "its health is good again: one service tries it", tone: "warn" };
  return { words, more: `its health is looked at ${relative(Math.max(now, probeAt ?? now), now)}`, tone: "bad" };
}

/**
 * @param {ClusterStatus} cluster
 * @param {number} now
 * @returns {Line}
 */
export function clusterWords({ up, reason, since, tokenExpires, login }, now) {
  const token = tokenExpires === undefined ? [] : [`token ends ${relative(tokenExpires, now)}`];
  const denied = login === undefined ? [] : [`no login since ${stamp(login.since)} (${login.reason})`];
  const down = since === undefined ? [] : [`since ${stamp(since)}`];
  const more = [...down, ...denied, ...token].join(", ");
  if (up === undefined) return { words: "not asked yet", more, tone: "calm" };
  if (up) return { words: "up", more, tone: login === undefined ? "good" : "warn" };
  return { words: `down${reason === undefined ? "" : ` (${reason})`}`, more, tone: "bad" };
}

/** From here on a clock is worth a word: as in `leafd status`. */
const MUCH_SKEW = 60_000;

/**
 * @param {NonNullable<DaemonStatus["clock"]>} clock
 * @returns {string | undefined} Nothing while the clock is in order.
 */
export function clockWords({ doubted, skew = 0 }) {
  if (!doubted && Math.abs(skew) < MUCH_SKEW) return undefined;
  const apart =
    skew === 0 ? "" : ` A server’s clock is ${duration(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"} it.`;
  return `${doubted ? "The clock of this machine has jumped and is not believed until a server says the same time." : "The clock of this machine is off."}${apart}`;
}

/** As long as /livez is patient: src/observe/health.ts. */
const STALLED_AFTER = 90_000;

/**
 * @param {Pick<DaemonStatus, "lastTick">} daemon
 * @param {number} now
 * @returns {string | undefined} Nothing while the scheduler runs.
 */
export function schedulerWords({ lastTick }, now) {
  if (lastTick === undefined || now - lastTick <= STALLED_AFTER) return undefined;
  return `The scheduler has not run for ${Math.floor((now - lastTick) / 60_000)} min: leafd hangs. Restart it; that costs no certificate.`;
}
