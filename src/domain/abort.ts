import { LeafdError } from "./errors.ts";

/** Why a signal aborted, as the error that crosses the port: `cancelled`, or `timeout` for an AbortSignal.timeout. */
export function abortError(signal: AbortSignal): LeafdError {
  const { reason } = signal;
  if (reason instanceof LeafdError) return reason;
  if (reason instanceof Error && reason.name === "TimeoutError") return new LeafdError("timeout", "no answer in time");
  return new LeafdError("cancelled", "stopped before it ended");
}

/**
 * A controller that aborts with `signal` too, until it is disposed of: then nothing of it is left there, however much
 * longer that signal lives. AbortSignal.any costs more, and what listens to its signals is kept until they abort.
 */
export function follow(signal: AbortSignal): AbortController & Disposable {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return Object.assign(controller, { [Symbol.dispose]: () => signal.removeEventListener("abort", abort) });
}

/** Waits for work that others wait for as well: the signal ends this wait and not the work. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortError(signal));
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
