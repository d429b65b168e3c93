import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { createReloader } from "../../../src/reload/reloader.ts";
import type { Reloader } from "../../../src/rotation/ports.ts";
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

const CONTEXT = { services: ["web"], directories: ["/certs/web"], cause: "forced" };

function newReloader(path = "/usr/bin:/bin"): Reloader {
  return createReloader({ clock: systemClock, environment: { PATH: path }, ownPid: process.pid });
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
  const reloader = newReloader();
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

test("at most sixteen systemctl and sixteen getent run at once", async () => {
  const steps = [
    { kind: "systemd", unit: "web.service", action: "reload", timeout: 30_000 },
    {
      kind: "signal",
      target: { by: "process", name: "web", user: "far" },
      signal: "SIGHUP",
      allowInit: false,
    },
  ] as const;
  for (const step of steps) {
    await using dir = await tempDir();
    const script = `#!/bin/sh
echo begin >> ${dir.join("log")}
sleep 0.3
echo end >> ${dir.join("log")}
echo LoadState=loaded
echo ActiveState=inactive
echo far:x:54321:54321::/:
`;
    for (const name of ["systemctl", "getent"]) writeFileSync(dir.join(name), script, { mode: 0o755 });
    const reloader = newReloader(`${dir.path}:/usr/bin:/bin`);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 40 }, () => reloader.run(step, CONTEXT, signal)));
    const log = readFileSync(dir.join("log"), "utf8").trim().split("\n");
    let running = 0;
    const most = Math.max(...log.map((line) => (line === "begin" ? ++running : --running)));
    assert.equal(log.length, 80);
    assert.ok(most > 1 && most <= 16, `${step.kind}: ${most} at once`);
  }
});

test("the wait for a turn is no part of the timeout", async () => {
  const reloader = newReloader();
  const { signal } = new AbortController();
  // Three turns of a second each, and a timeout that two of them would exceed.
  const step = { kind: "exec", argv: ["/bin/sleep", "1"], timeout: 1900, shared: false } as const;
  await Promise.all(Array.from({ length: 33 }, () => reloader.run(step, CONTEXT, signal)));
});

test("a stop ends a hundred hooks that ignore the polite signal, also those that wait, within two seconds", async () => {
  const reloader = newReloader();
  const stop = new AbortController();
  const step = {
    kind: "exec",
    argv: [`${FIXTURES}/ignore-sigterm.sh`, "/dev/null"],
    timeout: 60_000,
    shared: false,
  } as const;
  const runs = Array.from({ length: 100 }, (_, index) =>
    reloader.run(step, { services: [`s${index}`], directories: [], cause: "forced" }, stop.signal),
  );
  await waitFor(() => childrenRunning("ignore-sigterm.") >= 16, { what: "sixteen hooks" });
  const began = performance.now();
  stop.abort();
  const outcomes = await Promise.allSettled(runs);
  for (const outcome of outcomes) {
    assert.ok(outcome.status === "rejected");
    assert.equal(outcome.reason.reason, "cancelled");
  }
  assert.ok(performance.now() - began < 2000, `${performance.now() - began} ms`);
});
