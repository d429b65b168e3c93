import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { childEnvironment, type Environment } from "../domain/child-environment.ts";
import type { Millis } from "../domain/units.ts";

/** What systemd is told of this process: sd_notify(3). */
export interface Systemd {
  /** How long systemd goes without hearing `WATCHDOG=1` before it ends the process; absent: it does not watch. */
  readonly watchdog?: Millis;
  /** Sends assignments such as `READY=1`; rejects when they cannot be sent. */
  notify(...assignments: readonly string[]): Promise<void>;
}

/** systemd answers at once; one that does not must not hold up whoever tells it. */
const LONGEST: Millis = 5000;

/**
 * The systemd that started this process and waits to hear from it (`Type=notify`), or undefined. Node has no datagram
 * sockets in the file system, so `systemd-notify`, which every systemd brings, sends the message: the unit has to say
 * `NotifyAccess=all`, since it comes from a child.
 */
export function findSystemd(environment: Environment, pid: number): Systemd | undefined {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment;
  if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === "") return undefined;
  const options = { env: childEnvironment(environment, { NOTIFY_SOCKET }), timeout: LONGEST };
  const watchdog = Number(WATCHDOG_USEC) / 1000;
  const isOurs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(pid);
  return {
    ...(watchdog > 0 && isOurs && { watchdog }),
    async notify(...assignments) {
      await promisify(execFile)("systemd-notify", assignments, options);
    },
  };
}
