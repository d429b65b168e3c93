import {
  admits,
  afterProbe,
  afterRequest,
  type Circuit,
  CLOSED,
  mayReturn,
  type Outcome,
  probeDelay,
  withoutFuture,
} from "../domain/circuit.ts";
import { type Reason, toLeafdError } from "../domain/errors.ts";
import type { EpochMillis, Millis } from "../domain/units.ts";
import type { Clock, Emit, Issuer } from "./ports.ts";

interface CircuitsOptions {
  readonly clock: Clock;
  readonly emit: Emit;
  /** How long the most urgent pair of this issuer (its configured name) lives yet. */
  readonly remaining: (issuer: string) => Millis;
  /** Something about this issuer is other than before: those who wait for it decide again, the most urgent first. */
  readonly changed: (issuer: string) => void;
}

/**
 * The circuits of all issuers. What requests meet is reported here; while an issuer is away its health is looked at,
 * one look at a time, and everybody else waits.
 */
export class Circuits {
  readonly #options: CircuitsOptions;
  readonly #circuits = new Map<string, Circuit>();
  /** Ends the looks at this issuer. */
  readonly #watches = new Map<string, AbortController>();

  constructor(options: CircuitsOptions) {
    this.#options = options;
  }

  of(issuer: string): Circuit {
    return this.#circuits.get(issuer) ?? CLOSED;
  }

  /** Lets the service ask the issuer, or says no: another one is trying it. */
  enter(issuer: string, service: string): boolean {
    const circuit = this.of(issuer);
    if (!admits(circuit, service)) return false;
    if (circuit.kind === "half_open") this.#circuits.set(issuer, { ...circuit, trial: service });
    return true;
  }

  /** What came of asking the issuer. */
  report(issuer: Issuer, outcome: Outcome): void {
    const { clock } = this.#options;
    const before = this.of(issuer.name);
    const now = clock.now();
    // Whose pair ends first is asked of all services, and matters only when the issuer is away.
    const when = { at: now, probeAt: outcome.kind === "away" ? now + this.#delay(issuer.name, before) : now };
    this.#set(issuer.name, afterRequest(before, outcome, when));
    if (!isSound(this.of(issuer.name)) && !this.#watches.has(issuer.name)) void this.#watch(issuer);
  }

  /** The service is done with the issuer, whether or not it asked. */
  leave(issuer: string, service: string): void {
    const circuit = this.of(issuer);
    if (circuit.kind !== "half_open" || circuit.trial !== service) return;
    const { trial: _, ...open } = circuit;
    this.#circuits.set(issuer, open);
    this.#options.changed(issuer);
  }

  /** Another issuer has this name now: what is known of the one before means nothing. */
  forget(issuer: string): void {
    this.#watches.get(issuer)?.abort();
    this.#watches.delete(issuer);
    this.#circuits.delete(issuer);
  }

  /** The clock is another than before: who is away is looked at no later than the look that is waited for already. */
  reconsider(): void {
    const now = this.#options.clock.now();
    for (const [issuer, circuit] of this.#circuits) this.#circuits.set(issuer, withoutFuture(circuit, now));
  }

  /** Ends the looks at the health. */
  close(): void {
    for (const watch of this.#watches.values()) watch.abort();
  }

  #delay(issuer: string, circuit: Circuit): Millis {
    const trips = circuit.kind === "half_open" ? circuit.trips + 1 : circuit.kind === "open" ? circuit.trips : 0;
    return probeDelay(this.#options.remaining(issuer), trips);
  }

  /** Looks at the health until nothing stands against the issuer any more. */
  async #watch(issuer: Issuer): Promise<void> {
    const { clock } = this.#options;
    const watch = new AbortController();
    const { signal } = watch;
    this.#watches.set(issuer.name, watch);
    try {
      for (let is = this.of(issuer.name); !isSound(is); is = this.of(issuer.name)) {
        const wait = is.kind === "closed" ? this.#delay(issuer.name, is) : is.probeAt - clock.now();
        if (wait > 0) await clock.sleep(wait, signal);
        if (!isDue(this.of(issuer.name), clock.now())) continue;
        const reason = await this.#ask(issuer, signal);
        const after = this.of(issuer.name);
        this.#set(issuer.name, afterProbe(after, reason, clock.now() + this.#delay(issuer.name, after)));
      }
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    } finally {
      if (this.#watches.get(issuer.name) === watch) this.#watches.delete(issuer.name);
    }
  }

  async #ask(issuer: Issuer, signal: AbortSignal): Promise<Reason | undefined> {
    const answer = await issuer.health(signal).then(
      () => undefined,
      (thrown: unknown) => toLeafdError(thrown).reason,
    );
    signal.throwIfAborted();
    return answer;
  }

  #set(issuer: string, next: Circuit): void {
    const before = this.of(issuer);
    this.#circuits.set(issuer, next);
    if (before.kind === next.kind && mayReturn(before) === mayReturn(next)) return;
    const { emit, clock, changed } = this.#options;
    const reason = next.kind === "closed" ? {} : { reason: next.reason };
    if (before.kind !== next.kind)
      emit({ kind: "issuer_circuit", at: clock.now(), issuer, state: next.kind, ...reason });
    changed(issuer);
  }
}

/** What was asked meanwhile may have put the look off, or made it needless. */
function isDue(circuit: Circuit, now: EpochMillis): boolean {
  return circuit.kind === "closed" ? !isSound(circuit) : circuit.probeAt <= now;
}

/** Whoever was left after a failure is looked at until services may go back, also when the circuit never opened. */
function isSound(circuit: Circuit): boolean {
  return circuit.kind === "closed" && mayReturn(circuit);
}
