import { reloadRetryDelay } from "../domain/backoff.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Said } from "../domain/events.ts";
import type { PairMaterial } from "../domain/inspection.ts";
import type { LeafFacts } from "../domain/leaf-facts.ts";
import type { ProbeSpec } from "../domain/outage-spec.ts";
import { type EpochMillis, formatTime, MINUTE, type Millis, SECOND } from "../domain/units.ts";
import type { Work } from "./job.ts";

/*
 * The proof that a rotation is live: every endpoint of the service serves the published leaf. Another leaf is `not_live`,
 * once old workers had time to go; what cannot be seen is `unknown`, and no reason to restart anything.
 */

/** Looks once at every endpoint and says what it means. */
export async function confirm(work: Work, signal: AbortSignal): Promise<void> {
  const { spec, state, ports, say } = work;
  const { current } = state;
  if (current === undefined) return;
  const { proofOwed } = state;
  const found = await ports.store.inspect(spec.output);
  // A pair that is damaged by now is the audit's business; without a key nobody can be asked.
  const seen = found.kind === "pair" ? await look(work, { current, own: found.material }, signal) : DAMAGED;
  const now = ports.clock.now();
  const took = Math.max(0, now - (proofOwed?.since ?? now));
  const { generation, serial } = current;
  if (seen === undefined && proofOwed === undefined) return say({ kind: "still_live", generation });
  if (seen === undefined) {
    const endpoints = spec.probes.length;
    return say({ kind: "confirmed", generation, serial, took, endpoints });
  }
  const settle = Math.max(...spec.probes.map((probe) => probe.settle));
  const looks = proofOwed?.looks ?? 0;
  say(took < settle ? pending(seen, now + nextLook(looks, settle - took)) : failed(work, seen));
}

/** What keeps the proof from being had. */
interface Seen {
  readonly outcome: "not_live" | "unknown";
  readonly error: LeafdError;
  /** When the first of the other leaves ends. */
  readonly servedUntil?: EpochMillis;
}

interface Wanted {
  readonly current: LeafFacts;
  readonly own: PairMaterial;
}

/** One look at all endpoints; undefined when all serve the current leaf. One that serves another outweighs those unseen. */
async function look({ spec, ports }: Work, { current, own }: Wanted, signal: AbortSignal): Promise<Seen | undefined> {
  let servedUntil = Number.POSITIVE_INFINITY;
  const seen = await Promise.all(
    spec.probes.map(async (probe): Promise<Seen | undefined> => {
      try {
        const { fingerprint, serial, notAfter } = await ports.probe.served(probe, own, signal);
        if (fingerprint === current.fingerprint) return undefined;
        servedUntil = Math.min(servedUntil, notAfter);
        const message = `${place(probe)} serves the certificate ${serial}, valid until ${formatTime(notAfter)}, and not ${current.serial}`;
        return { outcome: "not_live", error: new LeafdError("not_live", message, { hint: NOT_LIVE }) };
      } catch (thrown) {
        signal.throwIfAborted();
        return { outcome: "unknown", error: toLeafdError(thrown) };
      }
    }),
  );
  const other = seen.find((each) => each?.outcome === "not_live");
  return other === undefined ? seen.find((each) => each !== undefined) : { ...other, servedUntil };
}

const DAMAGED: Seen = {
  outcome: "unknown",
  error: new LeafdError("pair_damaged", "the published pair is not whole, so there is nothing to compare with"),
};

const NOT_LIVE =
  "Look whether the dependent reads these files, took the reload (its log says why not), and is asked with the right serverName.";

function place({ host, port, serverName }: ProbeSpec): string {
  const at = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return serverName === undefined ? at : `${at} (as ${serverName})`;
}

/** Quickly at first: most reloads take no longer. */
function nextLook(looks: number, left: Millis): Millis {
  return Math.min(0.25 * SECOND * 2 ** Math.min(looks, 3), Math.max(left, 0.05 * SECOND));
}

function pending({ outcome, error }: Seen, nextAt: number): Said {
  const { reason, message } = error;
  return { kind: "proof_pending", outcome, reason, message, nextAt: Math.ceil(nextAt) };
}

function failed({ state, ports, chance }: Work, { outcome, error, servedUntil }: Seen): Said {
  const { reason, message, hint } = error;
  const failures = (state.reloadTrouble?.stage === "confirm" ? state.reloadTrouble.failures : 0) + 1;
  const retryAt = ports.clock.now() + Math.min(reloadRetryDelay(failures, chance("confirm", failures)), MINUTE);
  const until = servedUntil === undefined ? {} : { servedUntil };
  return { kind: "proof_failed", outcome, reason, message, ...(hint && { hint }), failures, retryAt, ...until };
}
