import type { EventSource } from "../control/event-stream.ts";
import { startControl } from "../control/server.ts";
import type { Daemon } from "../daemon.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { Settings } from "../domain/spec.ts";
import { startObserve } from "../observe/http-server.ts";
import { createMetrics } from "../observe/metrics.ts";
import type { Tally } from "../observe/tally.ts";
import type { Clock, Emit } from "../rotation/ports.ts";
import { Accounts } from "../store/accounts.ts";

interface SurfaceOptions {
  readonly daemon: Daemon;
  readonly settings: Settings;
  readonly tally: Tally;
  readonly events: EventSource;
  readonly clock: Clock;
  readonly emit: Emit;
}

/**
 * Opens what others see leafd through: the two control sockets, and the listener for Prometheus and probes. One that
 * cannot be had is a warning: a taken port is no reason to let certificates expire. Resolves when all are closed,
 * which the signal brings about.
 */
export async function serveSurfaces(options: SurfaceOptions, signal: AbortSignal): Promise<void> {
  await Promise.all([
    warnInstead(options, "control", () => serveControl(options, signal)),
    warnInstead(options, "observe", () => serveObserve(options, signal)),
  ]);
}

async function serveControl({ daemon, settings, events }: SurfaceOptions, signal: AbortSignal): Promise<void> {
  const { directory, group } = settings.control;
  const { gid } = group === undefined ? {} : await new Accounts().resolve({ group });
  const control = await startControl(
    {
      directory,
      ...(gid === undefined ? {} : { gid }),
      status: () => daemon.status(),
      explain: (service) => daemon.supervisor.runner(service)?.explain(),
      events,
      operator: daemon.operator,
    },
    signal,
  );
  await control.closed;
}

async function serveObserve({ daemon, settings, tally, clock }: SurfaceOptions, signal: AbortSignal): Promise<void> {
  const { listen, hosts } = settings.observe;
  if (listen === undefined) return;
  const status = () => daemon.status();
  const metrics = createMetrics({ tally, status, clock });
  const lastTick = () => daemon.supervisor.agenda.lastTick;
  const observer = await startObserve({ listen, hosts, clock, status, metrics, lastTick }, signal);
  await observer.closed;
}

async function warnInstead(
  { clock, emit }: SurfaceOptions,
  subject: string,
  serve: () => Promise<void>,
): Promise<void> {
  try {
    await serve();
  } catch (thrown) {
    const { reason, message, hint } = toLeafdError(thrown);
    emit({ kind: "warning", at: clock.now(), subject, reason, message, ...(hint === undefined ? {} : { hint }) });
  }
}
