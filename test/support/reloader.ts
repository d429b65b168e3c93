import type { ReloadStep } from "../../src/domain/reload-spec.ts";
import { createReloader, type ReloaderOptions } from "../../src/reload/reloader.ts";
import type { Clock, ReloadContext } from "../../src/rotation/ports.ts";
import { systemClock } from "../../src/runtime/clock.ts";

const CONTEXT: ReloadContext = { services: ["web"], directories: ["/certs/web"], cause: "forced" };

interface RunOptions extends Partial<ReloaderOptions> {
  readonly context?: ReloadContext;
  readonly signal?: AbortSignal;
}

/** Carries out one step with real processes and sockets, in the test's own PATH. */
export function runStep(step: ReloadStep, { context = CONTEXT, signal, ...options }: RunOptions = {}): Promise<string> {
  const defaults = { clock: systemClock, environment: { PATH: process.env["PATH"] }, ownPid: process.pid };
  return createReloader({ ...defaults, ...options }).run(step, context, signal ?? new AbortController().signal);
}

/** The machine's clock, whose waits are shorter by this factor: for timeouts and graces that a test must sit out. */
export function hurried(factor: number): Clock {
  return { ...systemClock, sleep: (duration, signal) => systemClock.sleep(duration / factor, signal) };
}
