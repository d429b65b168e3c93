import { existsSync, readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { LeafdError } from "../domain/errors.ts";
import type { EpochMillis } from "../domain/units.ts";

/*
 * What Linux tells about processes, by proc_pid_stat(5) and proc_pid_status(5). Read synchronously: it never waits
 * for a disk, and little time may pass between looking at a process and signalling it.
 */

/** Start times are in clock ticks of USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** The kernel cuts the name in /proc/PID/comm here. */
const COMM_BYTES = 15;

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** As in /proc/PID/comm: at most 15 bytes. */
  readonly name: string;
  /** Ticks since boot. A pid with another start is another process. */
  readonly start: number;
}

/** How a process takes a signal. `default` is the kernel's own reaction, which for most signals is its end. */
export type Disposition = "handled" | "ignored" | "default";

export interface Credentials {
  /** Real and effective user. */
  readonly uids: readonly number[];
  disposition(signal: NodeJS.Signals): Disposition;
}

/** The process with this pid, or undefined when there is none or it is a zombie. */
export function findProcess(procRoot: string, pid: number): Process | undefined {
  const text = readProcFile(`${procRoot}/${pid}/stat`);
  if (text === undefined) {
    if (isAlive(pid)) throw hidden();
    return undefined;
  }
  // The name may hold spaces and brackets: it ends at the last bracket.
  const nameEnd = text.lastIndexOf(")");
  const name = text.slice(text.indexOf("(") + 1, nameEnd);
  // Fields 3 (state), 4 (parent) and 22 (start) of proc_pid_stat(5).
  const fields = text.slice(nameEnd + 2).split(" ");
  const state = fields[0] ?? "X";
  if ("ZXx".includes(state)) return undefined;
  return { pid, name, parent: Number(fields[1]), start: Number(fields[19]) };
}

/** All running processes of this name. Refuses to answer when /proc hides other users' processes. */
export function findProcesses(procRoot: string, name: string): readonly Process[] {
  const wanted = Buffer.from(name).subarray(0, COMM_BYTES).toString();
  return listPids(procRoot).flatMap((pid) => {
    const found = findProcess(procRoot, pid);
    return found?.name === wanted ? [found] : [];
  });
}

function listPids(procRoot: string): readonly number[] {
  // Pid 1 is always there. Not to see it (hidepid) would make every search end in "not running".
  if (!existsSync(`${procRoot}/1`)) throw hidden();
  return readdirSync(procRoot)
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/** Who the process is and how it takes signals; undefined when it has gone. */
export function credentialsOf(procRoot: string, pid: number): Credentials | undefined {
  const text = readProcFile(`${procRoot}/${pid}/status`);
  if (text === undefined) return undefined;
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1];
  const has = (mask: string, signal: NodeJS.Signals): boolean => {
    const bits = BigInt(`0x${field(mask) ?? "0"}`);
    return ((bits >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
  };
  return {
    uids: (field("Uid") ?? "").split(/\s+/).slice(0, 2).map(Number),
    disposition(signal) {
      // A sandbox such as gVisor does not show the masks. A blocked signal is one that signalfd or sigwait takes.
      if (field("SigCgt") === undefined || has("SigCgt", signal) || has("SigBlk", signal)) return "handled";
      return has("SigIgn", signal) ? "ignored" : "default";
    },
  };
}

/** When the process started, by the wall clock; up to a second too early, as the boot time has whole seconds only. */
export function startTime(procRoot: string, process: Process): EpochMillis {
  const boot = /^btime (\d+)$/m.exec(readProcFile(`${procRoot}/stat`) ?? "")?.[1];
  if (boot === undefined) throw new LeafdError("reload_target", `${procRoot}/stat does not tell the time of boot`);
  return (Number(boot) + process.start / TICKS_PER_SECOND) * 1000;
}

function readProcFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw hidden();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function hidden(): LeafdError {
  return new LeafdError("reload_target", "/proc does not show the processes of other users", {
    hint: "Mount /proc without hidepid; in a systemd unit, without ProtectProc=. Or reload by another method.",
  });
}
