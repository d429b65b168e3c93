import type { Environment } from "../domain/child-environment.ts";
import { LeafdError } from "../domain/errors.ts";
import type { ReloadSignal, ReloadStep, SignalTarget } from "../domain/reload-spec.ts";
import type { Slots } from "../domain/slots.ts";
import { formatDuration, SECOND } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import { readPidFile } from "./pid-file.ts";
import { credentialsOf, findProcess, findProcesses, type Process, startTime } from "./processes.ts";
import { uidOf } from "./users.ts";

type SignalStep = Extract<ReloadStep, { kind: "signal" }>;

interface SignalSurroundings {
  readonly clock: Clock;
  readonly environment: Environment;
  readonly ownPid: number;
  /** Where procfs is mounted. */
  readonly procRoot: string;
  /** For looking a user up; a signal itself needs no child. */
  readonly children: Slots;
}

/** Clocks are adjusted while a process starts; a pid is not used again within this time. */
const START_TOLERANCE = 2 * SECOND;

/** Signals whose default is the end of the process, sent by nobody who wants that end. */
const RELOAD_ONLY: ReadonlySet<ReloadSignal> = new Set(["SIGHUP", "SIGUSR1", "SIGUSR2"]);

/**
 * Signals the process that a pid file names, the masters of a process name (each matching process whose parent does
 * not match), or a pid. Every check is made again right before the signal is sent.
 */
export async function runSignal(
  step: SignalStep,
  surroundings: SignalSurroundings,
  signal: AbortSignal,
): Promise<string> {
  const found = await findTargets(step, surroundings, signal);
  if (typeof found === "string") return found;
  const told: string[] = [];
  const failures: unknown[] = [];
  for (const target of found)
    try {
      if (send(step, target, surroundings)) told.push(`${target.name} (pid ${target.pid})`);
    } catch (error) {
      failures.push(error);
    }
  if (failures.length > 0) throw failures[0];
  if (told.length === 0) return notRunning("it has just ended");
  return `sent ${step.signal} to ${told.join(", ")}`;
}

/** The processes to tell, or the reason why there are none. */
async function findTargets(
  step: SignalStep,
  surroundings: SignalSurroundings,
  signal: AbortSignal,
): Promise<readonly Process[] | string> {
  const { target } = step;
  switch (target.by) {
    case "pidFile":
      return findByPidFile(target.path, step, surroundings);
    case "process": {
      const masters = await findMasters(target, surroundings, signal);
      return masters.length > 0 ? masters : notRunning(`there is no process ${target.name}`);
    }
    case "pid": {
      refuseSpecial(target.pid, step, surroundings);
      const found = findProcess(surroundings.procRoot, target.pid);
      return found ? [found] : notRunning(`there is no process ${target.pid}`);
    }
    default:
      return target satisfies never;
  }
}

function findByPidFile(path: string, step: SignalStep, surroundings: SignalSurroundings): readonly Process[] | string {
  const { procRoot } = surroundings;
  const file = readPidFile(path);
  if (file === undefined) return notRunning(`there is no pid file ${path}`);
  refuseSpecial(file.pid, step, surroundings);
  const found = findProcess(procRoot, file.pid);
  if (found === undefined) return notRunning(`the process ${file.pid} of ${path} has ended`);
  const late = startTime(procRoot, found) - file.writtenAt;
  if (late > START_TOLERANCE)
    throw new LeafdError(
      "reload_target",
      `process ${file.pid} (${found.name}) started ${formatDuration(late)} after ${path} was written: it is another one`,
      { hint: "Remove the stale pid file if the dependent is stopped; restart the dependent if the clock was set." },
    );
  const uids = credentialsOf(procRoot, file.pid)?.uids ?? [];
  if (file.owner !== 0 && !uids.includes(file.owner))
    throw new LeafdError(
      "reload_target",
      `${path} belongs to user ${file.owner} and names a process of user ${uids[0]}: it is not believed`,
      { hint: "Let root own the pid file, or the user that the dependent runs as." },
    );
  return [found];
}

async function findMasters(
  { name, user }: Extract<SignalTarget, { by: "process" }>,
  surroundings: SignalSurroundings,
  signal: AbortSignal,
): Promise<readonly Process[]> {
  const { procRoot, ownPid } = surroundings;
  const uid = user === undefined ? undefined : await uidOf(user, surroundings, signal);
  const matching = findProcesses(procRoot, name).filter(
    ({ pid }) => pid !== ownPid && (uid === undefined || credentialsOf(procRoot, pid)?.uids.includes(uid)),
  );
  const pids = new Set(matching.map(({ pid }) => pid));
  return matching.filter(({ parent }) => !pids.has(parent));
}

/** Answers false when the process ended since it was found. */
function send(step: SignalStep, target: Process, surroundings: SignalSurroundings): boolean {
  refuseSpecial(target.pid, step, surroundings);
  if (findProcess(surroundings.procRoot, target.pid)?.start !== target.start) return false;
  const disposition = credentialsOf(surroundings.procRoot, target.pid)?.disposition(step.signal) ?? "handled";
  if (disposition !== "handled" && RELOAD_ONLY.has(step.signal)) throw unhandled(step.signal, target, disposition);
  try {
    process.kill(target.pid, step.signal);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    if (code === "ESRCH") return false;
    throw new LeafdError("reload_failed", `${target.name} (pid ${target.pid}) may not be signalled (${code})`, {
      hint: "Run leafd as the same user or with CAP_KILL; in Kubernetes also set shareProcessNamespace: true.",
    });
  }
}

function refuseSpecial(pid: number, { allowInit }: SignalStep, { ownPid }: SignalSurroundings): void {
  if (pid === ownPid)
    throw new LeafdError("reload_target", `pid ${pid} is leafd itself`, {
      hint: "Remove the stale pid file, or name the dependent's own.",
    });
  if (pid === 1 && !allowInit)
    throw new LeafdError("reload_target", "pid 1 is not signalled", {
      hint: "Set allowInit: true if the dependent is pid 1 here. In Kubernetes shareProcessNamespace: true gives it a pid of its own.",
    });
}

function unhandled(signal: ReloadSignal, { name, pid }: Process, disposition: "ignored" | "default"): LeafdError {
  const effect = disposition === "ignored" ? "ignores it" : "would end by it";
  return new LeafdError("reload_target", `${name} (pid ${pid}) has no handler for ${signal}: it ${effect}`, {
    hint: "If it is still starting, the next try will find one. Else use a signal that it reloads on, or another method.",
  });
}

function notRunning(why: string): string {
  return `${why}: not running, nothing to reload`;
}
