import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, suite, test } from "node:test";
import { leafdPlace } from "../support/leafd-place.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";

/* What happened and what happens, asked of the running leafd. */

let vault: TestVault;
let pki: TestPki;
before(async () => {
  vault = await startTestVault();
  pki = await setUpPki(vault);
});
after(() => vault.stop());

/** `leafd events`, line by line as it prints them. */
function eventsOf(file: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, ["src/main.ts", "events", "--config", file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const notes = createInterface(child.stderr)[Symbol.asyncIterator]();
  const find = async (from: AsyncIterator<string>, pattern: RegExp): Promise<string> => {
    for (;;) {
      const { value, done = false } = await from.next();
      if (done) throw new Error(`ended without ${pattern}`);
      if (pattern.test(value)) return value;
    }
  };
  return {
    child,
    ended: once(child, "exit"),
    line: (pattern: RegExp) => find(lines, pattern),
    note: (pattern: RegExp) => find(notes, pattern),
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

suite("events", () => {
  test("those that are kept, as the log has them, of a service or all", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ api: {}, web: {} });
    await using leafd = place.start("run");
    await leafd.each("published", "api", "web");
    const all = await place.run("events", ["--json"]);
    assert.equal(all.code, 0);
    const lines = all.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(lines, leafd.log.slice(0, lines.length), "the same fields, all levels");
    assert.equal(lines[0]?.event, "started");
    const one = await place.run("events", ["--service", "web"]);
    assert.match(one.stdout, /^\S+Z info {2}web: .*published/m);
    assert.doesNotMatch(one.stdout, /api|started/);
    for (const name of ["wob", "a\u001b[2Jb&follow=true", "x".repeat(100_000)]) {
      const unknown = await place.run("events", ["--service", name]);
      assert.deepEqual([unknown.code, unknown.stdout], [1, ""]);
      assert.match(
        unknown.stderr,
        /^leafd events: there is no service "[^\u001b]{1,80}"\n {2}(Did you mean "web"\?|The services are: api, web\.)$/,
      );
    }
    assert.equal((await leafd.stop()).code, 0);
    const none = await place.run("events", ["--follow"]);
    assert.deepEqual([none.code, none.stdout], [69, ""]);
    assert.match(none.stderr, /^leafd events: no leafd is running that listens at /);
  });

  test("followed across a restart and a crash, said, none twice; Ctrl-C ends it", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    await using first = place.start("run");
    await first.each("published", "web");
    using events = eventsOf(place.file, "--follow");
    await events.line(/leafd \S+ started with 1 service\b/);
    await events.line(/web: published/);
    assert.equal((await place.run("renew", ["web"])).code, 0);
    await events.line(/web: renewal requested/);
    await first.stop();
    await events.line(/stopping on SIGTERM/);
    await events.note(/^leafd is not there any more; waiting for it$/);
    await using second = place.start("run");
    await events.note(/^leafd is back$/);
    await events.line(/started with 1 service\b/);
    await second.each("recovered", "web");
    await second.stop("SIGKILL");
    await events.note(/^leafd is not there any more; waiting for it$/);
    await using third = place.start("run");
    await third.each("recovered", "web");
    await events.note(/^leafd is back$/);
    await events.line(/started with 1 service\b/);
    events.child.kill("SIGINT");
    assert.deepEqual(await events.ended, [0, null]);
    assert.equal((await third.stop()).code, 0);
  });

  test("into a pipe that is closed: a silent end", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    await using leafd = place.start("run");
    await leafd.each("published", "web");
    using events = eventsOf(place.file, "--follow", "--json");
    await events.line(/"event":"published"/);
    events.child.stdout.destroy();
    await place.run("renew", ["web"]);
    await leafd.next("published");
    assert.deepEqual(await events.ended, [0, null]);
    const noted = await events.note(/./).catch((thrown: Error) => thrown.message);
    assert.equal(noted, "ended without /./");
  });

  test("a stop of leafd does not wait for those who follow", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    await using leafd = place.start("run");
    await leafd.each("published", "web");
    using events = eventsOf(place.file, "--follow");
    await events.line(/web: published/);
    events.child.kill("SIGSTOP");
    const { code } = await leafd.stop();
    assert.equal(code, 0);
    assert.ok(Number(leafd.seen("stopped")[0]?.["tookMs"]) < 2000);
  });
});
