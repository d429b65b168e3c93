import { type Millis, SECOND } from "../domain/units.ts";

/** What it takes to be stopped. */
export interface Stoppable {
  readonly pid: number;
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  kill(pid: number, signal: NodeJS.Signals): unknown;
  exit(code: number): unknown;
}

/** From the signal to the end, at most: whoever waits for 5 s finds leafd gone. */
const LONGEST_ENDING: Millis = 4.5 * SECOND;

/** The signals that end leafd, with their numbers. */
const STOPS = { SIGTERM: 15, SIGINT: 2 } as const;
type Stop = keyof typeof STOPS;

const isStop = (signal: NodeJS.Signals): signal is Stop => signal in STOPS;

/**
 * Aborts at the first SIGTERM or SIGINT, with its name as the reason. A second one of either kind ends the process at
 * once, by that signal. So does the first when the process is there still after 4.5 s: a disk or a resolver that hangs
 * cannot be cancelled, and Node waits for both, even in `exit`. The disk is whole at any moment.
 */
export function stopSignal(proc: Stoppable): AbortSignal {
  const stop = new AbortController();
  const take = (signal: NodeJS.Signals): void => {
    if (!isStop(signal)) return;
    if (stop.signal.aborted) return die(signal);
    stop.abort(signal);
    setTimeout(die, LONGEST_ENDING, signal).unref();
  };
  const die = (signal: Stop): void => {
    for (const each of ["SIGTERM", "SIGINT"] as const) proc.off(each, take); // Without a listener, a signal ends it.
    proc.kill(proc.pid, signal);
    proc.exit(128 + STOPS[signal]); // Only the first process of a container comes here: no signal ends that one.
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) proc.on(signal, take);
  return stop.signal;
}
