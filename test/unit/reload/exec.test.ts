import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { suite, test } from "node:test";
import type { ReloadStep } from "../../../src/domain/reload-spec.ts";
import type { Clock } from "../../../src/rotation/ports.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { hurried, runStep } from "../../support/reloader.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures");

function exec(argv: readonly [string, ...string[]], timeout = 10_000): ReloadStep {
  return { kind: "exec", argv, timeout, shared: false };
}

function fixture(name: string, ...args: string[]): ReloadStep {
  return exec([`${FIXTURES}/${name}.sh`, ...args]);
}

function isRunning(pid: string): boolean {
  return existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
}

/** Children of this process that have ended and were not waited for. */
function zombies(): string[] {
  const ours = `) Z ${process.pid} `;
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/stat`, "utf8").includes(ours);
    } catch {
      return false;
    }
  });
}

async function pidsIn(file: string): Promise<string[]> {
  return (await waitFor(() => existsSync(file) && readFileSync(file, "utf8").trim(), { what: file })).split(" ");
}

/** A clock in a process that is so busy that a short wait is over before the event loop looks at anything else. */
const busy: Clock = {
  ...systemClock,
  sleep(duration, signal) {
    if (duration > 100) return systemClock.sleep(duration, signal);
    const over = systemClock.sleep(1, signal);
    const until = performance.now() + 5;
    while (performance.now() < until);
    return over;
  },
};

suite("exec", () => {
  test("a command that ends with 0 is a success and its last line is in the detail", async () => {
    assert.equal(await runStep(exec(["echo", "reloaded 3 sites"])), "echo exited with code 0: reloaded 3 sites");
  });

  test("arguments reach the command as they are: no shell looks at them", async () => {
    assert.equal(await runStep(exec(["echo", "$HOME; a  b", "`id`"])), "echo exited with code 0: $HOME; a  b `id`");
  });

  test("another exit code is a failure that quotes the end of the output, errors last", async () => {
    await assert.rejects(runStep(exec(["sh", "-c", "echo line 12: bad >&2; echo checking; exit 7"])), {
      name: "LeafdError",
      reason: "reload_failed",
      message: "sh exited with code 7: checking | line 12: bad",
    });
  });

  test("a command that was ended by a signal is a failure", async () => {
    const message = "sh was ended by SIGKILL";
    await assert.rejects(runStep(exec(["sh", "-c", "kill -KILL $$"])), { reason: "reload_failed", message });
  });

  for (const [name, code] of [
    ["no-such-command", "ENOENT"],
    ["/etc/passwd", "EACCES"],
  ] as const)
    test(`a command that cannot be started is no target: ${code}`, async () => {
      const message = `${name} cannot be started (${code})`;
      await assert.rejects(runStep(exec([name])), { reason: "reload_target", message });
    });

  test("the child sees PATH, LANG, TZ, HOME and what leafd tells it, and nothing else of our environment", async () => {
    await using dir = await tempDir();
    const kept = { PATH: process.env["PATH"], LANG: "C.UTF-8", TZ: "Europe/Berlin", HOME: "/nowhere" };
    const secret = {
      VAULT_TOKEN: "hvs.canary",
      NOTIFY_SOCKET: "/run/canary",
      LEAFD_PASSWORD: "canary",
      LD_PRELOAD: "",
    };
    const context = { services: ["api", "web"], directories: ["/certs/api", "/certs/web"], cause: "renewal_due" };
    const step = fixture("print-environment", dir.join("environment"));
    await runStep(step, { environment: { ...kept, ...secret }, context });
    const seen = readFileSync(dir.join("environment"), "utf8").trim().split("\n");
    const told = ["LEAFD_SERVICE=api web", "LEAFD_DIRECTORY=/certs/api:/certs/web", "LEAFD_REASON=renewal_due"];
    const inherited = Object.entries(kept).map(([name, value]) => `${name}=${value}`);
    // The shell adds PWD (and dash, bash their own underscore) by itself.
    const byShell = /^(PWD|OLDPWD|SHLVL|_)=/;
    assert.deepEqual(seen.filter((line) => !byShell.test(line)).sort(), [...told, ...inherited].sort());
  });

  test("it ends with the command, although a process that it left behind holds its output open", async () => {
    const begun = performance.now();
    const detail = await runStep(fixture("hold-stdout"));
    assert.ok(performance.now() - begun < 5000);
    const pid = /left (\d+) behind/.exec(detail)?.[1] ?? "";
    assert.ok(isRunning(pid), "what a successful command leaves behind is not ours to end");
    process.kill(Number(pid));
  });

  test("the last words of a command are heard also when its end is noticed before they are read", async () => {
    await using dir = await tempDir();
    const script = 'echo $$ > "$1"; until [ -e "$2" ]; do :; done; echo "last words"';
    const files = [dir.join("pid"), dir.join("go")] as const;
    const running = runStep(exec(["sh", "-c", script, "sh", ...files]), { clock: busy });
    const [pid = ""] = await pidsIn(files[0]);
    // Its output and its end are seen in one look of the event loop, output first; the ends of all children with it.
    const other = spawn("echo", ["done"]);
    other.stdout.on("data", () => {
      writeFileSync(files[1], "");
      while (isRunning(pid));
    });
    while (isRunning(String(other.pid)));
    assert.equal(await running, "sh exited with code 0: last words");
  });

  test("100 MB of output are not kept, and control characters do not reach the log", async () => {
    const used = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    const before = used();
    const message = /^\S+flood\.sh exited with code 3: x+ \| the last words$/;
    await assert.rejects(runStep(fixture("flood")), (error: Error) => {
      assert.match(error.message, message);
      assert.ok(error.message.length < 700);
      return true;
    });
    // What is left are chunks that wait for the garbage collector.
    assert.ok(used() - before < 80 * 2 ** 20);
  });

  test("a timeout ends the command with all that it started, and says what it said last", async () => {
    await using dir = await tempDir();
    const step = { ...fixture("hang", dir.join("pids")), timeout: 20_000 };
    await assert.rejects(runStep(step, { clock: hurried(40) }), {
      reason: "reload_timeout",
      message: `${FIXTURES}/hang.sh did not end within 20s: waiting for a lock`,
    });
    for (const pid of await pidsIn(dir.join("pids")))
      await waitFor(() => !isRunning(pid), { what: `the end of ${pid}` });
    assert.deepEqual(zombies(), []);
  });

  test("a command that ignores SIGTERM is killed after the grace, with all that it started", async () => {
    await using dir = await tempDir();
    const step = { ...fixture("ignore-sigterm", dir.join("pids")), timeout: 2000 };
    await assert.rejects(runStep(step, { clock: hurried(4) }), { reason: "reload_timeout" });
    for (const pid of await pidsIn(dir.join("pids")))
      await waitFor(() => !isRunning(pid), { what: `the end of ${pid}` });
    assert.deepEqual(zombies(), []);
  });

  test("an abort ends the command with all that it started before it rejects", async () => {
    await using dir = await tempDir();
    const stop = new AbortController();
    const running = runStep(fixture("hang", dir.join("pids")), { clock: systemClock, signal: stop.signal });
    const pids = await pidsIn(dir.join("pids"));
    stop.abort();
    await assert.rejects(running, { reason: "cancelled" });
    const [leader = "", started = ""] = pids;
    assert.ok(!isRunning(leader));
    // It has got its SIGKILL; it is not our child, whose end could be waited for.
    await waitFor(() => !isRunning(started), { what: `the end of ${started}` });
  });

  test("an abort that came before starts nothing", async () => {
    await using dir = await tempDir();
    const step = fixture("print-environment", dir.join("environment"));
    await assert.rejects(runStep(step, { signal: AbortSignal.abort() }), { reason: "cancelled" });
    assert.ok(!existsSync(dir.join("environment")));
  });
});
