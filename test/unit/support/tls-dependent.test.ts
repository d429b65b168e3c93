import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { ReloadSignal } from "../../../src/domain/reload-spec.ts";
import { filesOf, publish } from "../../support/output-directory.ts";
import { look, materialOf } from "../../support/probe.ts";
import { runStep } from "../../support/reloader.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { TestCa } from "../../support/test-ca.ts";
import { startTlsDependent, type TlsDependent } from "../../support/tls-dependent.ts";

const ca = await TestCa.root();

/** Publishes a pair as leafd does, where the dependents below read it; answers its serial. */
async function publishPair(dir: TempDir): Promise<string> {
  const leaf = await ca.leaf({ dns: ["payments.svc"] });
  await publish(dir.path, filesOf(leaf, ca.certificate.pem));
  return leaf.certificate.serial;
}

async function servedBy({ port }: TlsDependent): Promise<string> {
  const { serial } = await look({ port }, { own: materialOf(await ca.leaf()) });
  return serial;
}

function signal({ pidFile }: TlsDependent, name: ReloadSignal = "SIGHUP"): Promise<string> {
  const target = { by: "pidFile", path: pidFile } as const;
  return runStep({ kind: "signal", signal: name, target, allowInit: false });
}

function check({ check: argv }: TlsDependent): Promise<string> {
  return runStep({ kind: "exec", argv, timeout: 10_000, shared: false });
}

async function started(options: Omit<Parameters<typeof startTlsDependent>[0], "directory"> = {}) {
  await using cleanUp = new AsyncDisposableStack();
  const dir = cleanUp.use(await tempDir());
  const first = await publishPair(dir);
  const dependent = cleanUp.use(await startTlsDependent({ ...options, directory: dir.join("..data") }));
  const disposables = cleanUp.move();
  return { dir, dependent, first, [Symbol.asyncDispose]: () => disposables.disposeAsync() };
}

test("the dependent serves a new pair after a SIGHUP, and says so", async () => {
  await using world = await started();
  const { dependent, first, dir } = world;
  assert.equal(await servedBy(dependent), first);
  assert.equal(await dependent.said("served"), `served ${first}`);
  const second = await publishPair(dir);
  assert.equal(await servedBy(dependent), first, "new files alone change nothing");
  await signal(dependent);
  assert.equal(await dependent.said("reloaded"), `reloaded ${second}`);
  assert.equal(await servedBy(dependent), second);
});

test("the dependent that ignores SIGHUP is brought round by what stands for a restart", async () => {
  await using world = await started({ ignoreHup: true });
  const { dependent, first, dir } = world;
  const second = await publishPair(dir);
  await signal(dependent);
  await dependent.said("ignored SIGHUP");
  assert.equal(await servedBy(dependent), first);
  await signal(dependent, "SIGUSR2");
  assert.equal(await dependent.said("restarted"), `restarted ${second}`);
  assert.equal(await servedBy(dependent), second);
});

test("the dependent that drains answers every second connection with the old pair", async () => {
  await using world = await started({ drain: 600_000 });
  const { dependent, first, dir } = world;
  const second = await publishPair(dir);
  await signal(dependent);
  await dependent.said("reloaded");
  const seen: string[] = [];
  for (let i = 0; i < 4; i++) seen.push(await servedBy(dependent));
  assert.deepEqual(seen, [first, second, first, second]);
});

test("the dependent that has drained serves the new pair only", async () => {
  await using world = await started({ drain: 50 });
  const { dependent, dir } = world;
  const second = await publishPair(dir);
  await signal(dependent);
  await dependent.said("drained");
  assert.deepEqual([await servedBy(dependent), await servedBy(dependent)], [second, second]);
});

test("the dependent keeps its pair when the new one does not load, and its check says so", async () => {
  await using world = await started();
  const { dependent, first, dir } = world;
  await writeFile(dir.join("..data", "tls.key"), "no key");
  await signal(dependent);
  assert.match(await dependent.said("kept"), new RegExp(`^kept ${first} ERR_OSSL_`));
  assert.equal(await servedBy(dependent), first);
  await assert.rejects(check(dependent), { reason: "reload_failed" });
});

test("the dependent's check refuses what it is told to", async () => {
  await using world = await started();
  const { dependent, first, dir } = world;
  await check(dependent);
  await dependent.refuse("everything");
  await assert.rejects(check(dependent), {
    reason: "reload_failed",
    message: new RegExp(`test of the certificate ${first} failed`),
  });
  await dependent.refuse({ but: first });
  await check(dependent);
  await publishPair(dir);
  await assert.rejects(check(dependent), { reason: "reload_failed" });
  await dependent.refuse("nothing");
  await check(dependent);
});
