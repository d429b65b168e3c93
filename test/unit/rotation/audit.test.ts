import assert from "node:assert/strict";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { parseCertificates } from "../../../src/domain/certificate.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { inWorld } from "../../support/in-world.ts";
import { TestCa } from "../../support/test-ca.ts";

/* What happens to the published pair between two renewals. */

const never = new AbortController().signal;

inWorld("a link that somebody deletes is put back at the next look, from what is there", async (world, dir) => {
  const runner = world.start();
  await world.settle(runner);
  await rm(dir.join("live/tls.key"));
  await runner.audit(never);
  await world.settle(runner);
  assert.ok((await stat(dir.join("live/tls.key"))).isFile());
  assert.equal(world.last("published")?.cause, "damaged");
  assert.equal(world.issuer.asked, 1);
});

inWorld("a directory that somebody removes is issued anew at the next look", async (world, dir) => {
  const runner = world.start();
  await world.settle(runner);
  await rm(dir.join("live"), { recursive: true });
  await runner.audit(never);
  await world.settle(runner);
  assert.equal(world.issuer.asked, 2);
  assert.equal((await readFile(dir.join("live/ca.crt"), "utf8")).length > 0, true);
});

inWorld("a look at what is whole says and does nothing", async (world) => {
  const runner = world.start();
  await world.settle(runner);
  world.events.length = 0;
  await runner.audit(never);
  assert.deepEqual(world.kinds(), []);
});

inWorld("an anchor that is added to trust.roots is published within a look, with the same pair", async (world, dir) => {
  const roots = dir.join("roots.pem");
  await writeFile(roots, world.root.certificate.pem);
  const runner = world.start(world.spec(), { trust: { roots, include: [], newRoot: "hold" } });
  await world.settle(runner);
  const other = await TestCa.root({ name: "Other" });
  await writeFile(roots, world.root.certificate.pem + other.certificate.pem);
  await runner.audit(never);
  await world.settle(runner);
  assert.equal(world.last("published")?.cause, "trust_changed");
  assert.equal(world.issuer.asked, 1);
  const bundle = parseCertificates(await readFile(dir.join("live/ca.crt"), "utf8"));
  assert.deepEqual(new Set(bundle.map(({ subject }) => subject)), new Set(["CN=Root", "CN=Other"]));
});

inWorld("with trust.roots only those are anchors, whatever the mount showed before", async (world, dir) => {
  await world.settle(world.start());
  const other = await TestCa.root({ name: "Other" });
  const roots = dir.join("roots.pem");
  await writeFile(roots, other.certificate.pem);
  const runner = world.start(world.spec(), { trust: { roots, include: [], newRoot: "hold" } });
  await world.settle(runner);
  assert.equal(world.last("recovered")?.outdated, "issuer_removed");
  assert.equal(world.last("rotation_failed")?.reason, "chain_untrusted");
  assert.notEqual(runner.state.current, undefined, "the pair serves until there is a better one");
});

inWorld("trust.roots that cannot be read at a restart cost no certificate and hide no pair", async (world, dir) => {
  const roots = dir.join("roots.pem");
  await writeFile(roots, world.root.certificate.pem);
  const trust = { roots, include: [], newRoot: "hold" } as const;
  await world.settle(world.start(world.spec(), { trust }));
  await rename(roots, `${roots}.away`);
  const runner = world.start(world.spec(), { trust });
  await world.settle(runner);
  assert.match(world.last("pair_warning")?.message ?? "", /cannot read the trust anchors/);
  assert.equal(runner.state.current?.serial, world.last("issued")?.serial);
  await rename(`${roots}.away`, roots);
  await runner.audit(never);
  assert.equal(world.issuer.asked, 1);
});

inWorld("an output that moves takes its pair along", async (world, dir) => {
  const spec = world.spec();
  await world.settle(world.start(spec));
  const output = { ...spec.output, directory: dir.join("elsewhere") };
  const runner = world.start({ ...spec, output }, { movedFrom: spec.output });
  await world.settle(runner);
  assert.equal(world.last("published")?.cause, "delivery_changed");
  assert.equal(world.issuer.asked, 1);
  assert.equal(await readFile(dir.join("elsewhere/tls.crt"), "utf8"), await readFile(dir.join("live/tls.crt"), "utf8"));
});

inWorld("a clock that is set back does not make a good pair a bad one", async (world) => {
  await world.settle(world.start());
  world.clock.jump(-24 * HOUR);
  await world.settle(world.start());
  assert.equal(world.issuer.asked, 1);
});

inWorld("a certificate that the issuer has taken back is replaced, and said", async (world) => {
  const runner = world.start();
  await world.settle(runner);
  world.issuer.takenBack.add(runner.state.current?.serial ?? "");
  await runner.audit(never);
  assert.equal(world.issuer.revocationsAsked, 0, "not before a twentieth of its life");
  await world.clock.advance(3 * MINUTE);
  await runner.audit(never);
  await world.settle(runner);
  assert.equal(world.last("published")?.cause, "revoked");
  assert.match(world.last("pair_warning")?.message ?? "", /main has revoked the certificate/);
  await world.clock.advance(2 * MINUTE);
  await runner.audit(never);
  assert.deepEqual([world.issuer.asked, world.issuer.revocationsAsked], [2, 1]);
});

inWorld(
  "an issuer that does not say whether it has taken a certificate back is waited for two seconds",
  async (world) => {
    const runner = world.start();
    await world.settle(runner);
    world.events.length = 0;
    world.issuer.isRevoked = () => new Promise(() => undefined);
    await world.clock.advance(3 * MINUTE);
    const looked = runner.audit(never);
    await world.clock.advance(2_000);
    await looked;
    world.issuer.isRevoked = () => Promise.reject(new Error("away"));
    await world.clock.advance(3 * MINUTE);
    await runner.audit(never);
    assert.deepEqual(world.kinds(), []);
  },
);
