import {
  believedTime,
  type ClockGuard,
  type ClockJudgement,
  type ClockReading,
  departureOf,
  guardClock,
  hasStepped,
  hearServer,
  observeClock,
  skewOf,
  suspectClock,
} from "../domain/clock-guard.ts";
import type { ClockStatus } from "../domain/status.ts";
import { type EpochMillis, type Millis, SECOND } from "../domain/units.ts";
import { Interruption } from "./interruption.ts";
import type { Clock, Emit } from "./ports.ts";

/** How often the clocks are compared when nobody asks for the time. */
const WATCH_EVERY: Millis = 30 * SECOND;
/** How often a server is asked while there is a doubt: until then nothing that is over is replaced. */
const ASK_EVERY: Millis = 5 * SECOND;

interface GuardedClockOptions {
  /** The machine's clocks. */
  readonly clock: Clock;
  readonly emit: Emit;
  /** Asks a server for its time; undefined when none says it. A rejection means the same. Ends by itself. */
  readonly serverTime: (signal: AbortSignal) => Promise<EpochMillis | undefined>;
  /** The time is another than before: who waits for a time of day looks at it again. */
  readonly changed?: () => void;
}

/**
 * A clock whose wall time is that of the machine while it can be believed (domain/clock-guard.ts). Each look at it
 * compares the clocks, so a jump is noticed by whoever asks first; `watch` asks the server, and must run for a doubt to
 * end otherwise than by the wall clock coming back.
 */
export class GuardedClock implements Clock {
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #serverTime: GuardedClockOptions["serverTime"];
  readonly #changed: () => void;
  #guard: ClockGuard;
  /** Ends the nap of `watch` when a doubt arises. */
  #alarm: Interruption | undefined;

  constructor({ clock, emit, serverTime, changed = () => undefined }: GuardedClockOptions) {
    this.#clock = clock;
    this.#emit = emit;
    this.#serverTime = serverTime;
    this.#changed = changed;
    const boottime = clock.boottime?.();
    this.#guard = guardClock({ ...this.#read(), ...(boottime === undefined ? {} : { boottime }) });
  }

  now(): EpochMillis {
    const reading = this.#read();
    // Almost free unless something has happened: the boot time is a file to read.
    const boottime = hasStepped(this.#guard, reading) ? this.#clock.boottime?.() : undefined;
    this.#take(observeClock(this.#guard, boottime === undefined ? reading : { ...reading, boottime }));
    return believedTime(this.#guard);
  }

  monotonic(): Millis {
    return this.#clock.monotonic();
  }

  sleep(duration: Millis, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(duration, signal);
  }

  status(): ClockStatus {
    this.now();
    const skew = skewOf(this.#guard);
    return { doubted: this.#guard.doubt !== undefined, ...(skew === undefined ? {} : { skew }) };
  }

  /**
   * At the start, all pairs on disk are over by the wall clock, or have not begun: it is not believed until a server says
   * the same time, and until then the time goes on from `plausible`, such as when the newest of them was received. If
   * the server says another time, it goes on from that. Nothing happens when a server has said the same time already.
   */
  suspect(plausible: EpochMillis): void {
    this.now();
    this.#goOnFrom(suspectClock(this.#guard, plausible));
  }

  /** A server has just said its time, whoever asked for it. */
  heard(serverTime: EpochMillis): void {
    this.now();
    this.#goOnFrom(hearServer(this.#guard, serverTime));
  }

  /** Compares the clocks, and asks the server as long as there is a doubt. Resolves when the signal aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    this.#alarm = new Interruption(signal);
    while (!signal.aborted) {
      const alarm = this.#alarm.signal;
      this.now();
      const asks = this.#guard.doubt !== undefined;
      if (asks) await this.#ask(signal);
      await this.#nap(asks ? signal : alarm);
    }
  }

  #read(): ClockReading {
    return { wall: this.#clock.now(), monotonic: this.#clock.monotonic() };
  }

  #take({ guard, verdict }: ClockJudgement): void {
    this.#guard = guard;
    if (verdict === undefined) return;
    const at = believedTime(guard);
    if (verdict === "doubted") {
      const why = guard.doubt ?? "departed";
      this.#emit({ kind: "clock_doubted", at, why, departure: departureOf(guard), believed: at });
      this.#alarm?.raise();
    } else {
      const skew = skewOf(guard);
      this.#emit({ kind: "clock_trusted", at, how: verdict, ...(skew === undefined ? {} : { skew }) });
      this.#changed();
    }
  }

  /** A doubt that sets the time, which a jump never does: who waits by the time before would wait too long. */
  #goOnFrom(judgement: ClockJudgement): void {
    const before = believedTime(this.#guard);
    this.#take(judgement);
    if (judgement.verdict === "doubted" && believedTime(this.#guard) !== before) this.#changed();
  }

  async #ask(signal: AbortSignal): Promise<void> {
    try {
      const serverTime = await this.#serverTime(signal);
      if (serverTime !== undefined) this.heard(serverTime);
    } catch {
      // A server that is down is told of by whoever works with it; this asks again.
    }
  }

  /** A nap that is cut short is no error. */
  async #nap(signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(this.#guard.doubt === undefined ? WATCH_EVERY : ASK_EVERY, signal);
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    }
  }
}
