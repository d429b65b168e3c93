import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, chown, mkdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import type { ReloadStep, SignalTarget } from "../../../src/domain/reload-spec.ts";
import { runStep } from "../../support/reloader.ts";
import { type SignalListener, startListener } from "../../support/signal-listener.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

type SignalStep = Extract<ReloadStep, { kind: "signal" }>;

const NOBODY = 65_534;
const SIGNAL_PID = resolve(import.meta.dirname, "../../fixtures/signal-pid.mjs");

function hup(target: SignalTarget, allowInit = false): SignalStep {
  return { kind: "signal", signal: "SIGHUP", target, allowInit };
}

function hupFile(path: string): SignalStep {
  return hup({ by: "pidFile", path });
}

/** A name that no other process of this machine has. */
function uniqueName(): string {
  return `dep-${process.pid}-${Math.random().toString(36).slice(2, 6)}`;
}

async function pidFile(dir: TempDir, content: string | number): Promise<string> {
  const path = dir.join("dependent.pid");
  await writeFile(path, `${content}\n`);
  return path;
}

async function assertGotHup(listener: SignalListener): Promise<void> {
  assert.equal(await listener.line(), `SIGHUP ${listener.pid}`);
}

suite("signal by pid file", () => {
  test("the process named in the file gets the signal", async () => {
    await using dir = await tempDir();
    const name = uniqueName();
    await using dependent = await startListener({ name });
    const path = await pidFile(dir, dependent.pid);
    assert.equal(await runStep(hupFile(path)), `sent SIGHUP to ${name.slice(0, 15)} (pid ${dependent.pid})`);
    await assertGotHup(dependent);
  });

  test("more lines below the pid are allowed, as PostgreSQL writes them", async () => {
    await using dir = await tempDir();
    await using dependent = await startListener();
    await runStep(hupFile(await pidFile(dir, `${dependent.pid}\n/var/lib/postgresql\n5432`)));
    await assertGotHup(dependent);
  });

  test("without a pid file, or when its process has ended, there is nothing to reload", async () => {
    await using dir = await tempDir();
    const absent = dir.join("absent.pid");
    assert.equal(await runStep(hupFile(absent)), `there is no pid file ${absent}: not running, nothing to reload`);
    const dependent = await startListener();
    const path = await pidFile(dir, dependent.pid);
    await dependent.stop();
    const detail = `the process ${dependent.pid} of ${path} has ended: not running, nothing to reload`;
    assert.equal(await runStep(hupFile(path)), detail);
  });

  test("a process that started after the file was written is another one: it gets no signal", async () => {
    await using dir = await tempDir();
    await using dependent = await startListener();
    const path = await pidFile(dir, dependent.pid);
    const written = Date.now() / 1000 - 60;
    await utimes(path, written, written);
    const message = new RegExp(
      `^process ${dependent.pid} \\(test-dependent\\) started \\S+( \\S+)? after ${path} was written`,
    );
    await assert.rejects(runStep(hupFile(path)), { reason: "reload_target", message });
    await utimes(path, new Date(), new Date());
    await runStep(hupFile(path));
    await assertGotHup(dependent);
  });

  for (const content of ["", "0", "-1", "007", "0x10", "1e3", "12 34", "4194305", "99999999999", "nginx"])
    test(`a file that holds "${content}" is refused`, async () => {
      await using dir = await tempDir();
      const path = await pidFile(dir, content);
      const message = `the pid file ${path} does not hold a pid on its first line`;
      await assert.rejects(runStep(hupFile(path)), { reason: "reload_target", message });
    });

  test("a symlink, a directory, a large file and one that everybody may write are refused", async () => {
    await using dir = await tempDir();
    await using dependent = await startListener();
    const path = await pidFile(dir, dependent.pid);
    await symlink(path, dir.join("link"));
    await mkdir(dir.join("directory"));
    await writeFile(dir.join("large"), `${dependent.pid}\n${" ".repeat(5000)}`);
    await chmod(path, 0o666);
    for (const [name, why] of [
      ["link", "is a symbolic link"],
      ["directory", "is not a regular file"],
      ["large", "is too large for a pid file"],
      ["dependent.pid", "can be written by every user"],
    ] as const) {
      const message = `the pid file ${dir.join(name)} ${why}`;
      await assert.rejects(runStep(hupFile(dir.join(name))), { reason: "reload_target", message });
    }
  });

  test("leafd itself and pid 1 are never signalled by a pid file", async () => {
    await using dir = await tempDir();
    const own = `pid ${process.pid} is leafd itself`;
    await assert.rejects(runStep(hupFile(await pidFile(dir, process.pid))), { reason: "reload_target", message: own });
    const init = { reason: "reload_target", message: "pid 1 is not signalled" };
    await assert.rejects(runStep(hupFile(await pidFile(dir, 1))), init);
  });

  test("a user who owns the pid file cannot have another user's process signalled", async () => {
    assert.equal(process.getuid?.(), 0, "this test gives a file away: run it as root");
    await using dir = await tempDir();
    await using dependent = await startListener();
    const path = await pidFile(dir, dependent.pid);
    await chown(path, NOBODY, NOBODY);
    const message = `${path} belongs to user ${NOBODY} and names a process of user 0: it is not believed`;
    await assert.rejects(runStep(hupFile(path)), { reason: "reload_target", message });
  });
});

suite("signal by process name", () => {
  test("the master gets the signal, its workers of the same name do not", async () => {
    const name = uniqueName();
    await using dependent = await startListener({ name, workers: 2 });
    assert.equal(dependent.workers.length, 2);
    const detail = `sent SIGHUP to ${name.slice(0, 15)} (pid ${dependent.pid})`;
    assert.equal(await runStep(hup({ by: "process", name })), detail);
    await assertGotHup(dependent);
  });

  test("several masters all get it, and user chooses among them", async () => {
    const name = uniqueName();
    await using first = await startListener({ name });
    await using second = await startListener({ name });
    await runStep(hup({ by: "process", name, user: String(process.getuid?.()) }));
    await Promise.all([assertGotHup(first), assertGotHup(second)]);
    const detail = `there is no process ${name}: not running, nothing to reload`;
    assert.equal(await runStep(hup({ by: "process", name, user: "nobody" })), detail);
  });

  test("nobody of that name: there is nothing to reload", async () => {
    const detail = "there is no process no-such-thing: not running, nothing to reload";
    assert.equal(await runStep(hup({ by: "process", name: "no-such-thing" })), detail);
  });

  test("an unknown user is an error", async () => {
    const step = hup({ by: "process", name: "no-such-thing", user: "no-such-user" });
    const message = "there is no user no-such-user here";
    await assert.rejects(runStep(step), { reason: "reload_target", message });
  });

  test("a /proc that hides processes makes it an error, not a dependent that is not running", async () => {
    await using dir = await tempDir();
    const hidden = { reason: "reload_target", message: "/proc does not show the processes of other users" };
    await assert.rejects(runStep(hup({ by: "process", name: "nginx" }), { procRoot: dir.path }), hidden);
    const living = hup({ by: "pid", pid: process.ppid });
    await assert.rejects(runStep(living, { procRoot: dir.path }), hidden);
  });
});

suite("signal by pid", () => {
  test("a process without a handler would end by the signal: it is spared", async () => {
    await using dependent = await startListener({ handles: "none" });
    await assert.rejects(runStep(hup({ by: "pid", pid: dependent.pid })), {
      reason: "reload_target",
      message: `test-dependent (pid ${dependent.pid}) has no handler for SIGHUP: it would end by it`,
    });
    process.kill(dependent.pid, 0);
  });

  test("SIGTERM is sent without a handler too: ending may be what the operator wants", async () => {
    await using dependent = await startListener({ handles: "none" });
    const step: SignalStep = { ...hup({ by: "pid", pid: dependent.pid }), signal: "SIGTERM" };
    assert.equal(await runStep(step), `sent SIGTERM to test-dependent (pid ${dependent.pid})`);
    await assert.rejects(dependent.line(), { message: "test-dependent ended" });
  });

  test("a process that leafd may not signal is a failure with a hint", async () => {
    const name = (await readFile("/proc/1/comm", "utf8")).trim();
    const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const { stdout } = await promisify(execFile)(process.execPath, [SIGNAL_PID, "1"], asNobody);
    assert.deepEqual(JSON.parse(stdout), {
      reason: "reload_failed",
      message: `${name} (pid 1) may not be signalled (EPERM)`,
      hint: "Run leafd as the same user or with CAP_KILL; in Kubernetes also set shareProcessNamespace: true.",
    });
  });
});
