import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { startControl } from "../../src/control/server.ts";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { createEventFeed } from "../../src/observe/event-feed.ts";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { daemonStatus } from "../support/status.ts";
import { tempDir } from "../support/temp-dir.ts";
import { leafd } from "../support/terminal.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";
import { waitFor } from "../support/wait-for.ts";

/* What the engine of a container and a probe of a pod are told. */

let vault: TestVault;
let pki: TestPki;
before(async () => {
  vault = await startTestVault();
  pki = await setUpPki(vault);
});
after(() => vault.stop());

/** The option that names its sockets, once they answer. */
async function answering(place: LeafdPlace): Promise<readonly string[]> {
  const control = ["--control", place.dir.join("state/control")];
  const works = async () => (await leafd("healthcheck", ...control)).out === "ok\n";
  await waitFor(works, { what: "its socket to answer" });
  return control;
}

suite("healthcheck", () => {
  test("of a leafd whose Vault is away: it works, and is not ready", async () => {
    await using place = await leafdPlace({ vault: { address: `http://127.0.0.1:${await freePort()}` }, pki });
    await place.configure({ web: {} });
    await using running = place.start("run");
    await running.next("rotation_failed");
    const control = await answering(place);
    const { exitCode, out } = await leafd("healthcheck", "--ready", ...control);
    assert.equal(exitCode, EXIT.failed);
    assert.match(out, /^\[-\]web no certificate yet: connect\nreadyz check failed\n$/);
  });

  test("of one that has its certificates, whatever has become of its file, until it is stopped", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    await using running = place.start("run");
    await running.next("published");
    await place.configure({ web: { nonsense: true } });
    const control = await answering(place);
    for (const args of [control, ["--ready", ...control]])
      assert.deepEqual(await leafd("healthcheck", ...args), { exitCode: EXIT.ok, out: "ok\n", err: "" });
    await running.stop();
    const { exitCode, err } = await leafd("healthcheck", ...control);
    assert.equal(exitCode, EXIT.unavailable);
    assert.match(err, /no leafd is running that listens at.*\n.*--control/);
  });

  for (const [what, doubted, exitCode, out] of [
    ["of one whose scheduler hangs says so", false, EXIT.failed, /^the scheduler has not run for 2m/],
    ["does not judge by a clock that leafd itself doubts", true, EXIT.ok, /^ok$/m],
  ] as const)
    test(what, async () => {
      await using dir = await tempDir();
      const status = daemonStatus([], { lastTick: Date.now() - 121_000, clock: { doubted } });
      const stop = new AbortController();
      const operator = { renew: () => [], pause: () => [], resume: () => [] };
      const options = {
        directory: dir.path,
        status: () => status,
        explain: () => undefined,
        events: createEventFeed(),
      };
      const { closed } = await startControl({ ...options, operator }, stop.signal);
      const answer = await leafd("healthcheck", "--control", dir.path);
      assert.equal(answer.exitCode, exitCode);
      assert.match(answer.out, out);
      stop.abort();
      await closed;
    });
});
