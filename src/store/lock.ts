import { chmodSync, mkdirSync, readFileSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LeafdError, type Reason } from "../domain/errors.ts";
import { diskError, unless } from "./disk-error.ts";
import { readInstance } from "./instance.ts";

/*
 * One daemon per state directory. Node has no flock, and a pid file outlives its process; SQLite's exclusive
 * transaction is a POSIX lock on the file, which the kernel gives back when the holder dies, however it dies, and which
 * holds across PID namespaces. Nothing is ever written to that database.
 *
 * Nobody else may open the lock file in this process: closing any descriptor of a file drops its POSIX locks.
 */

/** How long two that start in the same instant, and each hold half of the lock, may take to sort it out. */
const PATIENCE_MS = 250;

/** statfs(2) magic numbers of file systems whose locks outlive their holder, or are none. */
const REMOTE: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0xff534d42: "CIFS",
  0xfe534d42: "SMB",
  0x517b: "SMB",
};

/** The lock on a state directory; disposing of it, or the end of the process, gives it back. */
export interface StateLock extends AsyncDisposable {
  /** The id of this installation, the same after each restart. Names the owner of an output (owner.ts). */
  readonly instance: string;
}

/**
 * Makes the state directory (0700, when its parent exists) and locks it. `state_locked` names the pid of the holder;
 * other failures have the reasons of "the disk", or `config_invalid` on a network file system.
 */
export function acquireStateLock(stateDir: string): StateLock {
  try {
    prepareStateDir(stateDir);
    const database = lock(stateDir);
    try {
      writeFileSync(join(stateDir, "lock.pid"), `${process.pid}\n`, { mode: 0o600 });
      const instance = readInstance(stateDir);
      return { instance, [Symbol.asyncDispose]: async () => database.close() };
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  } catch (thrown) {
    throw diskError(thrown, `use the state directory ${stateDir}`);
  }
}

/** Says when root is about to work in the state directory of another user; undefined when all is as it should be. */
export function rootInPlaceOfOwner(stateDir: string): LeafdError | undefined {
  const { uid } = statSync(stateDir, { throwIfNoEntry: false }) ?? { uid: 0 };
  if (process.geteuid?.() !== 0 || uid === 0) return undefined;
  return new LeafdError("target_denied", `${stateDir} belongs to uid ${uid}, who cannot use what root makes there`, {
    hint: "Run leafd as that user (runuser -u leafd -- leafd …); chown -R gives it what was made as root.",
  });
}

function prepareStateDir(stateDir: string): void {
  // Others may pass, not look: outputs that a group reads often lie below. What is private in here is so by itself.
  if (makeDirectory(stateDir)) chmodSync(stateDir, 0o711);
  if (!statSync(stateDir).isDirectory())
    throw new LeafdError("target_unsafe", `the state directory ${stateDir} is a file`, {
      hint: "Remove it, or set stateDir to another path.",
    });
  if ((statSync(stateDir).mode & 0o002) !== 0)
    throw new LeafdError("target_unsafe", `everybody may write to the state directory ${stateDir}`, {
      hint: `Run chmod o-w ${stateDir}, or set stateDir to a directory of its own: who writes there chooses whom leafd trusts.`,
    });
  const remote = REMOTE[statfsSync(stateDir).type];
  if (remote !== undefined)
    throw new LeafdError(
      "config_invalid",
      `the state directory ${stateDir} is on ${remote}, where locks are not safe`,
      {
        hint: "Set stateDir to a directory on a local file system.",
      },
    );
}

/** Answers whether it was missing. */
function makeDirectory(path: string): boolean {
  return unless(["EEXIST"], () => (mkdirSync(path, 0o700), true)) ?? false;
}

function lock(stateDir: string): DatabaseSync {
  const path = join(stateDir, "lock");
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: PATIENCE_MS });
    // Who can open it can lock it.
    chmodSync(path, 0o600);
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (thrown) {
    database?.close();
    throw lockError(thrown, stateDir);
  }
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that mean something to an operator. */
const BUSY = 5;
const RESULTS: Readonly<Record<number, Reason>> = { 8: "target_denied", 13: "disk_full", 14: "target_denied" };

function lockError(thrown: unknown, stateDir: string): unknown {
  if (!(thrown instanceof Error) || !("errcode" in thrown) || typeof thrown.errcode !== "number") return thrown;
  if (thrown.errcode !== BUSY) {
    const reason = RESULTS[thrown.errcode] ?? "io_error";
    const hint =
      reason === "target_denied"
        ? `Let leafd's user write to ${stateDir} and what is in it; this was tried as uid ${process.geteuid?.()}.`
        : "Let leafd's user write to its state directory; the file `lock` in it may be removed.";
    return new LeafdError(reason, `cannot lock ${stateDir}/lock: ${thrown.message}`, { hint });
  }
  const holder = unless(["ENOENT", "EACCES"], () => readFileSync(join(stateDir, "lock.pid"), "utf8").trim());
  return new LeafdError("state_locked", `another leafd (pid ${holder ?? "unknown"}) holds ${stateDir}`, {
    hint: "Stop that one, or give this one a stateDir and output directories of its own.",
  });
}
