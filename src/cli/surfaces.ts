import type { EventSource } from "../control/event-stream.ts";
import { startControl } from "../control/server.ts";
import type { Daemon } from "../daemon.ts";
import { toLeafdError } from "../domain/errors.ts";
import { withClusters } from "../domain/explain.ts";
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

/** Resolves when it is closed. */
interface Surface {
  readonly closed: Promise<void>;
}

/**
 * Opens what others see leafd through: the two control sockets, and the listener for Prometheus and probes. One that
 * cannot be had is a warning: a taken port is no reason to let certificates expire. Resolves when the others accept,
 * with a promise that resolves when they are closed, which the signal brings about.
 */
export async function openSurfaces(options: SurfaceOptions, signal: AbortSignal): Promise<Surface> {
  const opened = await Promise.all([
    warnInstead(options, "control", () => openControl(options, signal)),
    warnInstead(options, "observe", () => openObserve(options, signal)),
  ]);
  const closed = opened.flatMap((surface) => (surface === undefined ? [] : [surface.closed]));
  return { closed: Promise.all(closed).then(() => undefined) };
}

async function openControl({ daemon, settings, events }: SurfaceOptions, signal: AbortSignal): Promise<Surface> {
  const { directory, group } = settings.control;
  const { gid } = group === undefined ? {} : await new Accounts().resolve({ group });
  return startControl(
    {
      directory,
      ...(gid === undefined ? {} : { gid }),
      status: () => daemon.status(),
      explain: (service) => withClusters(daemon.supervisor.runner(service)?.explain(), daemon.status().clusters),
      events,
      operator: daemon.operator,
    },
    signal,
  );
}

async function openObserve(options: SurfaceOptions, signal: AbortSignal): Promise<Surface | undefined> {
  const { daemon, settings, tally, clock } = options;
  const { listen, hosts } = settings.observe;
  if (listen === undefined) return undefined;
  const status = () => daemon.status();
  const metrics = createMetrics({ tally, status, clock });
  const lastTick = () => daemon.supervisor.agenda.lastTick;
  return startObserve({ listen, hosts, clock, status, metrics, lastTick }, signal);
}

async function warnInstead(
  { clock, emit }: SurfaceOptions,
  subject: string,
  open: () => Promise<Surface | undefined>,
): Promise<Surface | undefined> {
  try {
    return await open();
  } catch (thrown) {
    const { reason, message, hint } = toLeafdError(thrown);
    emit({ kind: "warning", at: clock.now(), subject, reason, message, ...(hint === undefined ? {} : { hint }) });
    return undefined;
  }
}
