import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { leafdPlace } from "../support/leafd-place.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";
import { waitFor } from "../support/wait-for.ts";

/* `leafd status` on a real terminal, and as a monitoring plugin. */

let vault: TestVault;
let pki: TestPki;
before(async () => {
  vault = await startTestVault();
  pki = await setUpPki(vault);
});
after(() => vault.stop());

/** A command on a terminal of its own (script of util-linux), with what it writes there. */
function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = [process.execPath, "src/main.ts", ...args].map((each) => `'${each}'`).join(" ");
  const sized = `stty rows 24 columns 120; exec ${command}`;
  const child = spawn("script", ["--quiet", "--return", "--command", sized, "/dev/null"], {
    env: { PATH: process.env["PATH"], TERM: "xterm", ...env },
  });
  let screen = "";
  child.stdout.on("data", (chunk) => {
    screen += String(chunk);
  });
  return {
    ended: once(child, "close"),
    screen: () => screen,
    shows: (pattern: RegExp) => waitFor(() => pattern.test(screen), { what: `${pattern}`, within: 30_000 }),
    press: (key: string) => child.stdin.write(key),
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

const CTRL_C = "\u0003";

suite("status --watch", () => {
  test("draws in place at a change, survives leafd's end, gives the terminal back at Ctrl-C", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    await using leafd = place.start("run");
    await leafd.each("published", "web");
    using watch = onTerminal(["status", "--watch", "--config", place.file]);
    await watch.shows(/\u001b\[\?1049h\u001b\[\?25l[^]*web +\u001b\[32mok\u001b\[0m/);
    const frames = () => watch.screen().split("\u001b[H").length;
    const drawn = frames();
    const serial = leafd.seen("published")[0]?.serial ?? "";
    assert.equal((await place.run("renew", ["web"])).code, 0);
    const renewed = await leafd.next("published", (line) => line.serial !== serial);
    await watch.shows(new RegExp(`ok.*${renewed.serial?.slice(0, 8)}`));
    assert.ok(frames() > drawn);
    await leafd.stop();
    await watch.shows(/leafd is not running; this is what is on disk:/);
    watch.press(CTRL_C);
    assert.deepEqual(await watch.ended, [0, null]);
    const [, left = ""] = watch.screen().split("\u001b[?7h\u001b[?25h\u001b[?1049l");
    assert.match(left, /^leafd status, \S+Z; Ctrl-C ends it\r\n[^]*SERVICE[^]*web /, "the last one stays");
    assert.doesNotMatch(left, /\u001b\[(\?|H|J|K)/);
  });

  test("of more services than lines: the worst, and NO_COLOR", async () => {
    await using place = await leafdPlace({ vault, pki });
    const names = Array.from({ length: 60 }, (_, index) => `s${String(index).padStart(2, "0")}`);
    await place.configure(Object.fromEntries(names.map((name) => [name, {}])));
    assert.equal((await place.run("once")).code, 0);
    await place.configure(Object.fromEntries([...names, "zz"].map((name) => [name, {}])));
    using watch = onTerminal(["status", "-w", "-c", place.file], { NO_COLOR: "1" });
    await watch.shows(/zz +missing[^]*… and \d+ more services, none of them in a worse state/);
    watch.press(CTRL_C);
    assert.deepEqual(await watch.ended, [0, null]);
    assert.doesNotMatch(watch.screen(), /\u001b\[3[123]m/);
  });

  test("without a terminal it is refused, with what to take instead", async () => {
    await using place = await leafdPlace({ vault, pki });
    const { code, stderr } = await place.run("status", ["--watch"]);
    assert.equal(code, 2);
    assert.match(stderr, /^leafd status: --watch needs a terminal; `leafd events --follow` goes on line by line\n/);
  });
});

test("status --nagios: from the running leafd, from disk, and when neither can be had", async () => {
  await using place = await leafdPlace({ vault, pki });
  await place.configure({ api: {}, web: {} });
  const missing = await place.run("status", ["--nagios"]);
  assert.deepEqual([missing.code, missing.stderr], [2, ""]);
  assert.match(missing.stdout, /^LEAFD CRITICAL - 2 services \(leafd is not running; read from disk\); api: missing/);
  await using leafd = place.start("run");
  await leafd.each("published", "api", "web");
  const good = await place.run("status", ["--nagios"]);
  assert.match(good.stdout, /^LEAFD OK - 2 services \| services=2;;;0 .* next_end=86\d+s;;;0\n$/);
  assert.equal(good.code, 0);
  await leafd.stop();
  for (const wrong of [["nope"], ["--bogus"], ["--watch"]]) {
    const { code, stdout } = await place.run("status", ["--nagios", ...wrong]);
    assert.equal(code, 3);
    assert.match(stdout, /^LEAFD UNKNOWN - [^\n|]+\n$/);
  }
  await writeFile(place.file, "services: [");
  const unreadable = await place.run("status", ["--nagios"]);
  assert.equal(unreadable.code, 3);
  assert.match(unreadable.stdout, /^LEAFD UNKNOWN - [^\n|]+\n$/);
});
