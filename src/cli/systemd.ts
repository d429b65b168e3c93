import type { Daemon } from "../daemon.ts";
import { orAborted } from "../domain/abort.ts";
import { toLeafdError } from "../domain/errors.ts";
import { statusLine } from "../domain/status/line.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import type { Clock, Emit } from "../rotation/ports.ts";
import { findSystemd } from "../runtime/systemd-notify.ts";
import type { Terminal } from "./command.ts";

interface ReportOptions {
  readonly daemon: Daemon;
  /** Settles when whoever asks how leafd is gets an answer. */
  readonly surfaces: Promise<unknown>;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly terminal: Pick<Terminal, "env" | "pid">;
}

/** How old the line in `systemctl status` may be. */
const LINE_EVERY: Millis = 30 * SECOND;
/** Two messages may get lost before the watchdog bites. */
const PINGS_A_WATCH = 3;
/** Where it waits in the agenda: no service has such a name. */
const PLACE = "(systemd)";

/**
 * Tells the systemd that started leafd how it is: READY when the configuration is in force, all disks have been read,
 * the scheduler runs and the sockets answer (Vault is not waited for: an outage at boot must not become a loop of
 * restarts), then a line and a sign of life at each turn. It waits in the scheduler's own agenda: when that stalls,
 * systemd hears nothing more. Resolves at once without a systemd, otherwise when the signal aborts and that has been said.
 */
export async function reportToSystemd(options: ReportOptions, signal: AbortSignal): Promise<void> {
  const { daemon, surfaces, clock, terminal } = options;
  const systemd = findSystemd(terminal.env, terminal.pid);
  if (systemd === undefined) return;
  let complained = false;
  const say = async (...assignments: string[]): Promise<void> => {
    try {
      await systemd.notify(...assignments);
    } catch (thrown) {
      if (!complained) complain(options, thrown);
      complained = true;
    }
  };
  const line = (): string => `STATUS=${statusLine(daemon.status())}`;
  const every = Math.min(LINE_EVERY, (systemd.watchdog ?? Number.POSITIVE_INFINITY) / PINGS_A_WATCH);
  const { looked, agenda } = daemon.supervisor;
  await orAborted(Promise.all([looked, surfaces]), signal).catch(() => undefined);
  if (!signal.aborted) await say("READY=1", line());
  while (!signal.aborted) {
    await agenda.wait(PLACE, clock.now() + every, signal);
    if (!signal.aborted) await say("WATCHDOG=1", line());
  }
  await say("STOPPING=1", "STATUS=stopping; the certificates stay");
}

function complain({ emit, clock }: ReportOptions, thrown: unknown): void {
  const message = `systemd cannot be told how leafd is: ${toLeafdError(thrown).message}`;
  const hint = "Put systemd-notify in PATH and NotifyAccess=all in the unit, or let its Type be exec.";
  emit({ kind: "warning", at: clock.now(), subject: "systemd", reason: "listen_failed", message, hint });
}
