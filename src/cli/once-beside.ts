import { fetchStatus } from "../control/client.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { Settings } from "../domain/spec.ts";
import { describeValidity, isReady } from "../domain/status.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Terminal } from "./command.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";

/**
 * What `leafd once` says when it could not begin because of another leafd: how the services of that one are, since
 * nothing else is left to do. Any other error, and one while asking, is thrown on.
 */
export async function onceBesideRunning(thrown: unknown, settings: Settings, terminal: Terminal): Promise<ExitCode> {
  if (toLeafdError(thrown).reason !== "state_locked") throw thrown;
  const status = await fetchStatus(settings.control.directory, terminal.stopped);
  const now = systemClock.now();
  for (const service of status.services)
    terminal.out(`${service.name}: ${describeValidity(service, now)}, kept by the running leafd (pid ${status.pid})\n`);
  return isReady(status, now) ? EXIT.ok : EXIT.failed;
}
