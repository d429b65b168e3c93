import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { createReloader } from "../../../src/reload/reloader.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures");

function childrenRunning(name: string): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return stat.includes(`(${name})`) && stat.split(") ")[1]?.split(" ")[1] === String(process.pid);
    } catch {
      return false;
    }
  }).length;
}

test("without descriptors a hook fails with what to raise, and leafd lives on", async () => {
  const script = `${FIXTURES}/reload-without-descriptors.ts`;
  const limited = ["--nofile=64:64", process.execPath, script];
  const { stdout } = await promisify(execFile)("prlimit", limited);
  const { reason, message, hint } = JSON.parse(stdout);
  assert.equal(reason, "reload_failed");
  assert.match(message, /\/bin\/true cannot be started \(EMFILE\)/);
  assert.match(hint, /LimitNOFILE/);
});

test("at most sixteen hooks run at once, and all of them run", async () => {
  await using dir = await tempDir();
  const reloader = createReloader({ clock: systemClock, environment: { PATH: "/usr/bin:/bin" }, ownPid: process.pid });
  const services = Array.from({ length: 40 }, (_, index) => `s${index}`);
  let most = 0;
  const script = `sleep 0.2; : > "${dir.path}/$LEAFD_SERVICE"`;
  const runs = services.map((service) =>
    reloader.run(
      { kind: "exec", argv: ["/bin/sh", "-c", script], timeout: 30_000, shared: false },
      { services: [service], directories: [dir.path], cause: "forced" },
      new AbortController().signal,
    ),
  );
  const done = Promise.all(runs);
  void waitFor(() => ((most = Math.max(most, childrenRunning("sh"))), false), { within: 5000 }).catch(() => undefined);
  await done;
  assert.ok(most > 1 && most <= 16, `${most} at once`);
  assert.equal(readdirSync(dir.path).length, services.length);
});

test("a stop ends hooks that ignore the polite signal within two seconds", async () => {
  const reloader = createReloader({ clock: systemClock, environment: { PATH: "/usr/bin:/bin" }, ownPid: process.pid });
  const stop = new AbortController();
  const step = {
    kind: "exec",
    argv: [`${FIXTURES}/ignore-sigterm.sh`, "/dev/null"],
    timeout: 60_000,
    shared: false,
  } as const;
  const runs = Array.from({ length: 10 }, (_, index) =>
    reloader.run(step, { services: [`s${index}`], directories: [], cause: "forced" }, stop.signal),
  );
  await waitFor(() => childrenRunning("ignore-sigterm.") >= 10, { what: "ten hooks" });
  const began = performance.now();
  stop.abort();
  const outcomes = await Promise.allSettled(runs);
  assert.ok(outcomes.every(({ status }) => status === "rejected"));
  assert.ok(performance.now() - began < 2000, `${performance.now() - began} ms`);
});
