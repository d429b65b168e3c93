import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { acquireStateLock } from "../../../src/store/lock.ts";
import { tempDir } from "../../support/temp-dir.ts";

const HOLDER = resolve(import.meta.dirname, "../../fixtures/hold-state-lock.ts");

/** A process that holds the lock; resolves when it does, with the instance id it found. */
async function holder(stateDir: string): Promise<{ child: ChildProcess; instance: string }> {
  const child = spawn(process.execPath, [HOLDER, stateDir], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface(child.stdout), "line");
  return { child, instance: String(line) };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

test("a second daemon is told who holds the state directory; a holder that is killed gives it back at once", async () => {
  await using dir = await tempDir();
  const { child, instance } = await holder(dir.path);
  try {
    assert.throws(() => acquireStateLock(dir.path), {
      reason: "state_locked",
      message: `another leafd (pid ${child.pid}) holds ${dir.path}`,
      hint: /Stop that one/,
    });
  } finally {
    await kill(child);
  }
  await using lock = acquireStateLock(dir.path);
  assert.equal(lock.instance, instance, "the id of an installation stays");
  assert.throws(() => acquireStateLock(dir.path), { reason: "state_locked" }, "nor twice in one process");
});

test("of many that start in one instant exactly one gets it", async () => {
  await using dir = await tempDir();
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, [HOLDER, dir.path], { stdio: ["ignore", "pipe", "pipe"] }),
  );
  const losers = await Promise.all(
    children.map((child) =>
      Promise.race([once(child.stdout, "data").then(() => 0), once(child, "exit").then(() => 1)]),
    ),
  );
  const lost = losers.reduce<number>((sum, each) => sum + each, 0);
  await Promise.all(children.filter((_, index) => losers[index] === 0).map(kill));
  assert.equal(lost, 5);
});

test("disposing gives the lock back, and the state directory is private", async () => {
  await using dir = await tempDir();
  const stateDir = dir.join("state");
  const lock = acquireStateLock(stateDir);
  assert.equal((await stat(stateDir)).mode & 0o777, 0o711);
  assert.equal((await stat(`${stateDir}/lock`)).mode & 0o777, 0o600);
  await lock[Symbol.asyncDispose]();
  await using _again = acquireStateLock(stateDir);
});

test("a state directory may be reached through a link, as systemd's DynamicUser makes it", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("private"));
  await symlink("private", dir.join("state"));
  await using _lock = acquireStateLock(dir.join("state"));
  assert.throws(() => acquireStateLock(dir.join("private")), { reason: "state_locked" });
});

test("an instance id that is damaged is made anew", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("instance"), "");
  await using lock = acquireStateLock(dir.path);
  assert.equal((await readFile(dir.join("instance"), "utf8")).trim(), lock.instance);
  assert.match(lock.instance, /^[0-9a-f-]{36}$/);
});

test("a state directory that cannot be had is a clear error", async () => {
  await using dir = await tempDir();
  assert.throws(() => acquireStateLock(dir.join("no", "state")), { reason: "target_missing" });
  await writeFile(dir.join("file"), "");
  assert.throws(() => acquireStateLock(dir.join("file")), { reason: "target_unsafe", message: /file is a file$/ });
  await mkdir(dir.join("odd"));
  await writeFile(dir.join("odd", "lock"), "this is not a database, and long enough to be seen as none ".repeat(20));
  assert.throws(() => acquireStateLock(dir.join("odd")), { reason: "io_error", hint: /may be removed/ });
});

test("a state directory that everybody may write to is refused", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("state"));
  await chmod(dir.join("state"), 0o777);
  assert.throws(() => acquireStateLock(dir.join("state")), {
    reason: "target_unsafe",
    message: /^everybody may write to the state directory/,
  });
});
