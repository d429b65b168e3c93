import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { httpServer } from "../support/http-server.ts";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { type LeafdEnd, type LeafdOptions, LeafdProcess } from "../support/leafd-process.ts";
import { lyingVault } from "../support/lying-vault.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";
import { waitFor } from "../support/wait-for.ts";

/* How leafd ends: within 5 s of SIGTERM whatever it is doing, at once at a second signal, the pair on disk whole. */

let vault: TestVault;
let pki: TestPki;
before(async () => {
  vault = await startTestVault();
  pki = await setUpPki(vault);
});
after(() => vault.stop());

const LONGEST = 5000;
const FIXTURES = join(import.meta.dirname, "../fixtures");
const never = (): Promise<never> => new Promise(() => undefined);

test("Ctrl-C in the middle of a question is neither a defect nor an answer", async () => {
  const asked = Promise.withResolvers<void>();
  const port = await freePort();
  const silent = createServer(() => asked.resolve()).listen(port, "127.0.0.1");
  await once(silent, "listening");
  await using inspect = new LeafdProcess(["inspect", `127.0.0.1:${port}`]);
  await asked.promise;
  inspect.signal("SIGINT");
  const { code, stdout, stderr } = await inspect.ended;
  silent.close();
  assert.deepEqual([code, stdout, stderr], [1, "", "leafd inspect: stopped before it ended"]);
});

type End = readonly [code: number | null, signal: NodeJS.Signals | null];

/** SIGTERM, and the end it has to come to: by itself unless another is expected, in time, having said so. */
async function endsInTime(leafd: LeafdProcess, expected: End = [0, null]): Promise<void> {
  const since = performance.now();
  const { code, signal } = await leafd.stop();
  const took = performance.now() - since;
  assert.deepEqual([code, signal], expected, leafd.tail());
  assert.ok(took < LONGEST, `it took ${took} ms`);
  assert.equal(leafd.seen("stopped").length, 1);
}

/** The pair is the one with this serial, every file of it; any, when none is named. */
function isWhole(place: LeafdPlace, serial?: string): void {
  const pair = readPair(place.live("web"));
  assert.ok(pair.whole);
  if (serial !== undefined) assert.equal(pair.serial, serial);
}

function isRunning(pid: string): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

/** The pids that a hook of test/fixtures wrote down: its own and its child's. */
async function hookPids(file: string): Promise<string[]> {
  const text = () => (existsSync(file) && readFileSync(file, "utf8").trim()) || undefined;
  return (await waitFor(text, { what: "the hook", within: 30_000 })).split(" ");
}

/** A leafd whose hook never ends, in the middle of it. */
async function reloading(place: LeafdPlace, hook: "hang" | "ignore-sigterm", options: LeafdOptions = {}) {
  const file = place.dir.join("pids");
  await place.configure({ web: { reload: [{ exec: { command: [join(FIXTURES, `${hook}.sh`), file] } }] } });
  const leafd = place.start("run", [], options);
  return { leafd, pids: await hookPids(file) };
}

suite("SIGTERM ends leafd within 5 s", () => {
  test("while there is nothing to do", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    await using leafd = place.start("run");
    const { serial } = await leafd.next("published");
    await endsInTime(leafd);
    isWhole(place, serial);
  });

  test("in the middle of a request that is never answered: the pair before it stays", async () => {
    await using proxy = await lyingVault(vault);
    await using place = await leafdPlace({ vault: proxy, pki });
    await place.configure({ web: {} });
    await using leafd = place.start("run");
    const { serial } = await leafd.next("published");
    const asked = new Promise<void>((resolve) => {
      proxy.lie(() => {
        resolve();
        return never();
      });
    });
    assert.equal((await place.run("renew", ["web"])).code, 0);
    await asked;
    await endsInTime(leafd);
    isWhole(place, serial);
  });

  test("between the signature and the pair: the one or the other", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    await using leafd = place.start("run");
    await leafd.next("issued");
    await endsInTime(leafd);
    if (leafd.seen("published").length > 0) isWhole(place, leafd.seen("published")[0]?.serial);
    await using again = place.start("run");
    await again.next(leafd.seen("published").length > 0 ? "recovered" : "published");
    isWhole(place);
    await endsInTime(again);
  });

  for (const hook of ["hang", "ignore-sigterm"] as const)
    test(`in the middle of a reload, with all that it has started: ${hook}.sh`, async () => {
      await using place = await leafdPlace({ vault, pki });
      const { leafd, pids } = await reloading(place, hook);
      await using _end = leafd;
      const [published] = leafd.seen("published");
      await endsInTime(leafd);
      // Killed already; the kernel may need a moment to take the last of them away.
      await waitFor(() => !pids.some(isRunning), { what: "the end of the hook", within: 1000 });
      isWhole(place, published?.serial);
    });

  test("in the middle of a login that is never answered", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    await using first = place.start("run");
    const { serial } = await first.next("published");
    await first.stop();

    let asked = (): void => undefined;
    const login = new Promise<void>((resolve) => (asked = resolve));
    await using silent = await httpServer(({ url }) => (url?.includes("/login") ? asked() : undefined));
    await using other = await leafdPlace({ vault: silent, pki });
    writeFileSync(place.file, other.text({ web: { output: { directory: place.live("web") } } }));
    await using leafd = place.start("run", ["--takeover"]);
    await login;
    await endsInTime(leafd);
    isWhole(place, serial);
  });

  test("in the middle of a name that no server resolves", async () => {
    await using place = await leafdPlace({ vault: { address: "https://vault.invalid:8200" }, pki });
    await place.configure({ web: {} });
    await using resolver = createSocket("udp4").bind(53, "127.0.0.77");
    await once(resolver, "listening");
    const asked = once(resolver, "message");
    const file = place.dir.join("resolv.conf");
    writeFileSync(file, "nameserver 127.0.0.77\noptions timeout:30 attempts:1\n");
    const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    await using leafd = place.start("run", [], { wrapper: ["unshare", "--mount", "sh", "-c", script, file] });
    await asked;
    // Node waits for the system's resolver, however it is told to exit.
    await endsInTime(leafd, [null, "SIGTERM"]);
  });
});

suite("a second signal ends leafd at once", () => {
  async function endsTwice(leafd: LeafdProcess, second: NodeJS.Signals): Promise<LeafdEnd> {
    leafd.signal("SIGTERM");
    await leafd.next("stopping");
    const end = await leafd.stop(second);
    assert.deepEqual(leafd.seen("stopped"), []);
    return end;
  }

  for (const second of ["SIGTERM", "SIGINT"] as const)
    test(`${second}, by that signal, without waiting for a hook`, async () => {
      await using place = await leafdPlace({ vault, pki });
      const { leafd, pids } = await reloading(place, "ignore-sigterm");
      await using _end = leafd;
      const [published] = leafd.seen("published");
      const { code, signal } = await endsTwice(leafd, second);
      for (const pid of pids) process.kill(Number(pid), "SIGKILL");
      assert.deepEqual([code, signal], [null, second]);
      isWhole(place, published?.serial);
    });

  test("as the first process of a container, which no signal ends, with that code", async () => {
    await using place = await leafdPlace({ vault, pki });
    const container = { wrapper: ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"] };
    const { leafd: wrapper } = await reloading(place, "ignore-sigterm", container);
    await using _end = wrapper;
    const pid = Number(readFileSync(`/proc/${wrapper.pid}/task/${wrapper.pid}/children`, "utf8"));
    process.kill(pid, "SIGTERM");
    await wrapper.next("stopping");
    process.kill(pid, "SIGTERM");
    assert.equal((await wrapper.ended).code, 143);
    assert.deepEqual(wrapper.seen("stopped"), []);
    isWhole(place);
  });
});
