import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { errnoOf } from "./disk-error.ts";

/** One process, told apart from every other on any host, before and after a reboot. */
export interface ProcessIdentity {
  /** The installation it belongs to: the id kept in its state directory. */
  readonly instance: string;
  readonly host: string;
  readonly pid: number;
  /** `<boot id>/<start time in clock ticks>`: a pid is used again, the pair is not. */
  readonly pidStart: string;
  /** As the kernel writes it: `pid:[4026531836]`. A pid means something only inside its namespace. */
  readonly pidNamespace: string;
}

/** The process that asks. Where /proc hides something it says `unknown`, which equals no other process. */
export function identifySelf(instance: string): ProcessIdentity {
  const { pid } = process;
  return {
    instance,
    host: hostname(),
    pid,
    pidStart: startOf(pid) ?? "unknown",
    pidNamespace: readable(() => readlinkSync("/proc/self/ns/pid")) ?? "unknown",
  };
}

/** True unless it is certain that the process is gone: no such pid, or one that started at another time. */
export function isRunning(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    return errnoOf(thrown) !== "ESRCH"; // EPERM: it lives and is another user's.
  }
  const now = startOf(pid);
  return now === undefined || now === start;
}

function startOf(pid: number): string | undefined {
  const boot = readable(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const stat = readable(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // proc(5): field 22 is the start time; the name in field 2 may hold blanks and brackets, so count from its end.
  const ticks = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return boot === undefined || ticks === undefined ? undefined : `${boot}/${ticks}`;
}

function readable(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
