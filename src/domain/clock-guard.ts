import { type EpochMillis, MINUTE, type Millis, SECOND } from "./units.ts";

/*
 * Whether the wall clock is to be believed. It is held against a reckoning: the time that was believed before, plus what
 * the monotonic clock says has passed. A wall clock that leaves the reckoning by more than a minute has been set, by NTP
 * or by an operator, rightly or not: leafd goes on by the reckoning until a server says the same time as the wall clock,
 * or the wall clock comes back. While a machine is suspended its monotonic clock stands still; CLOCK_BOOTTIME does not,
 * so a step that both took is the time that has passed.
 */

/** What the clocks of this machine show at one moment. */
export interface ClockReading {
  readonly wall: EpochMillis;
  readonly monotonic: Millis;
  /** As `monotonic`, and goes on while the machine is suspended; absent: not looked at, or there is none. */
  readonly boottime?: Millis;
}

/** `departed`: the wall clock has left the reckoning. `implausible`: what leafd knows of does not fit to its time. */
export type ClockDoubt = "departed" | "implausible";

/** Why the wall clock is believed (again). */
export type ClockTrust = "server" | "suspend" | "returned";

export interface ClockGuard {
  /** The newest reading. */
  readonly wall: EpochMillis;
  readonly monotonic: Millis;
  /** How long the machine has been suspended since its start, when last looked at. */
  readonly asleep?: Millis;
  /** What the wall clock should show at that reading. */
  readonly reckoned: EpochMillis;
  /** What the server's clock shows at that reading, reckoned from when it last said it. */
  readonly server?: EpochMillis;
  /** Undefined: the wall clock is believed. */
  readonly doubt: ClockDoubt | undefined;
}

/** The guard afterwards, and what has changed, if anything has. */
export interface ClockJudgement {
  readonly guard: ClockGuard;
  readonly verdict?: "doubted" | ClockTrust;
}

/** How far two clocks may be apart and still say the same time. */
const TOLERANCE: Millis = MINUTE;

/** Shorter ones are left to the tolerance: the boot time has a resolution of 10 ms. */
const SHORTEST_SUSPENSION: Millis = SECOND;

/** The reckoning follows a believed wall clock by this part of the time that passes: small steps in a row add up to a jump. */
const SLEW = 1 / 1000;

/** Begins by believing the wall clock. */
export function guardClock({ wall, monotonic, boottime }: ClockReading): ClockGuard {
  return { wall, monotonic, ...asleepAt(monotonic, boottime), reckoned: wall, doubt: undefined };
}

/** The time to go by. */
export function believedTime({ doubt, reckoned, wall }: ClockGuard): EpochMillis {
  return doubt === undefined ? wall : Math.round(reckoned);
}

/** How far the wall clock is ahead of the reckoning. */
export function departureOf({ wall, reckoned }: ClockGuard): Millis {
  return Math.round(wall - reckoned);
}

/** How far the server's clock is ahead of the wall clock; undefined while no server has said its time. */
export function skewOf({ server, wall }: ClockGuard): Millis | undefined {
  return server === undefined ? undefined : Math.round(server - wall);
}

/** Whether the wall clock has stepped since the last reading: then the boot time is needed to judge the step. */
export function hasStepped(guard: ClockGuard, { wall, monotonic }: ClockReading): boolean {
  return Math.abs(wall - guard.wall - (monotonic - guard.monotonic)) > SHORTEST_SUSPENSION;
}

/**
 * The guard after a newer reading: believes a wall clock that moved as the reckoning did, a suspension that the boot time
 * saw too included; doubts one that has left the reckoning, and believes it again when it is back.
 */
export function observeClock(before: ClockGuard, reading: ClockReading): ClockJudgement {
  const { wall, monotonic, boottime } = reading;
  // Everybody who decides at one moment asks: nothing has passed since the first of them did.
  if (wall === before.wall && monotonic === before.monotonic && boottime === undefined) return { guard: before };
  const suspended = suspension(before, reading);
  const passed = monotonic - before.monotonic + suspended;
  const guard: ClockGuard = {
    ...before,
    wall,
    monotonic,
    ...asleepAt(monotonic, boottime),
    reckoned: before.reckoned + passed,
    ...(before.server === undefined ? {} : { server: before.server + passed }),
  };
  const departure = wall - guard.reckoned;
  if (Math.abs(departure) > TOLERANCE)
    return guard.doubt === undefined ? { guard: { ...guard, doubt: "departed" }, verdict: "doubted" } : { guard };
  if (guard.doubt === "departed") return { guard: believing(guard), verdict: "returned" };
  if (guard.doubt === "implausible") return { guard };
  const slewed = Math.min(Math.max(departure, -passed * SLEW), passed * SLEW);
  return {
    guard: { ...guard, reckoned: guard.reckoned + slewed },
    ...(suspended > TOLERANCE ? { verdict: "suspend" } : {}),
  };
}

/**
 * Everything that leafd knows of is over by the wall clock, or has not begun. Goes on from `plausible`, a time at which
 * that was not so; unless a server has said the same time as the wall clock, because then it is the truth.
 */
export function suspectClock(guard: ClockGuard, plausible: EpochMillis): ClockJudgement {
  const skew = skewOf(guard);
  if (skew !== undefined && Math.abs(skew) <= TOLERANCE) return { guard };
  return {
    guard: { ...guard, reckoned: plausible, doubt: "implausible" },
    ...(guard.doubt === undefined ? { verdict: "doubted" } : {}),
  };
}

/**
 * A server has said its time, at the moment of the newest reading. It decides whether the wall clock is right; of what
 * the time is instead, it knows more than a clock that was implausible, and less than one that was right until it jumped.
 */
export function hearServer(before: ClockGuard, server: EpochMillis): ClockJudgement {
  const guard = { ...before, server };
  if (guard.doubt === undefined) return { guard };
  if (Math.abs(server - guard.wall) <= TOLERANCE) return { guard: believing(guard), verdict: "server" };
  if (guard.doubt === "departed") return { guard };
  return { guard: { ...guard, reckoned: server, doubt: "departed" }, verdict: "doubted" };
}

function believing(guard: ClockGuard): ClockGuard {
  return { ...guard, reckoned: guard.wall, doubt: undefined };
}

/** How long the machine was suspended between the two, as far as wall clock and boot time agree that it was. */
function suspension(before: ClockGuard, { wall, monotonic, boottime }: ClockReading): Millis {
  if (boottime === undefined || before.asleep === undefined) return 0;
  const suspended = boottime - monotonic - before.asleep;
  const stepped = wall - before.wall - (monotonic - before.monotonic);
  return suspended > SHORTEST_SUSPENSION && Math.abs(stepped - suspended) <= TOLERANCE ? suspended : 0;
}

function asleepAt(monotonic: Millis, boottime: Millis | undefined): { readonly asleep?: Millis } {
  return boottime === undefined ? {} : { asleep: boottime - monotonic };
}
