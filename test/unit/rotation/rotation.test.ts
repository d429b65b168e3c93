import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { parseCertificates } from "../../../src/domain/certificate.ts";
import { LeafdError } from "../../../src/domain/errors.ts";
import { DAY, HOUR, MINUTE } from "../../../src/domain/units.ts";
import { inWorld } from "../../support/in-world.ts";
import type { TempDir } from "../../support/temp-dir.ts";
import { TestCa } from "../../support/test-ca.ts";

const served = async (dir: TempDir) => parseCertificates(await readFile(dir.join("live/tls.crt"), "utf8"));

inWorld("a missing certificate is issued, proved, published and told to the dependent", async (world, dir) => {
  const runner = world.start();
  const next = await world.settle(runner);
  assert.deepEqual(world.kinds(), [
    "nothing_usable",
    "rotation_started",
    "issued",
    "published",
    "reload_started",
    "reloaded",
    "delivered",
  ]);
  const [leaf, issuing, ...rest] = await served(dir);
  assert.deepEqual(leaf?.names.uris, ["spiffe://corp/web"]);
  assert.equal(issuing?.names.commonName, "Issuing");
  assert.deepEqual(rest, [], "the root is not part of tls.crt");
  assert.equal(await readFile(dir.join("live/ca.crt"), "utf8"), world.root.certificate.pem);
  assert.equal(next, runner.state.current?.due);
  assert.deepEqual(world.reloads, [{ services: ["web"], directories: [dir.join("live")], cause: "missing" }]);
});

inWorld("renewals go on for five generations, each with a new key and serial", async (world, dir) => {
  const runner = world.start();
  await world.settle(runner);
  const seen = new Set([`${(await served(dir))[0]?.serial} ${(await served(dir))[0]?.publicKeyHash}`]);
  for (let generation = 2; generation <= 5; generation += 1) {
    await world.next(runner);
    const leaf = (await served(dir))[0];
    seen.add(`${leaf?.serial} ${leaf?.publicKeyHash}`);
  }
  assert.equal(seen.size, 5);
  assert.equal(world.issuer.signed, 5);
  assert.equal(world.reloads.length, 5);
});

inWorld("reuseKey keeps the key across renewals", async (world, dir) => {
  const spec = world.spec();
  const runner = world.start({ ...spec, request: { ...spec.request, reuseKey: true } });
  await world.settle(runner);
  const before = (await served(dir))[0];
  await world.next(runner);
  const after = (await served(dir))[0];
  assert.notEqual(after?.serial, before?.serial);
  assert.equal(after?.publicKeyHash, before?.publicKeyHash);
});

inWorld("a restart issues nothing and reloads nothing", async (world) => {
  await world.settle(world.start());
  const runner = world.start();
  await world.settle(runner);
  assert.equal(world.issuer.asked, 1);
  assert.equal(world.reloads.length, 1);
  assert.equal(world.events.at(-1)?.kind, "recovered");
});

inWorld("a crash between commit and reload is made good by exactly one reload", async (world) => {
  const first = world.start();
  while (!first.state.reloadOwed) {
    const decision = first.decide();
    assert.notEqual(decision.kind, "wait");
    if (decision.kind !== "wait") await first.carryOut(decision, new AbortController().signal);
  }
  await world.settle(world.start());
  await world.settle(world.start());
  assert.equal(world.reloads.length, 1);
  assert.equal(world.reloads[0]?.cause, "reload_owed");
  assert.equal(world.issuer.signed, 1);
});

inWorld("a reload that fails is retried, costs no certificate and stops no renewal", async (world) => {
  const runner = world.start();
  world.reloadFailures.push(...Array.from({ length: 4 }, () => new LeafdError("reload_failed", "exit code 1")));
  await world.settle(runner);
  assert.equal(runner.state.reloadTrouble?.reason, "reload_failed");
  while (runner.state.reloadOwed) await world.next(runner);
  assert.equal(world.reloads.length, 5);
  assert.equal(world.issuer.signed, 1);
});

inWorld("a target that cannot be written is found before the issuer is asked", async (world, dir) => {
  const spec = world.spec();
  const output = { ...spec.output, directory: dir.join("absent/parent/live") };
  const runner = world.start({ ...spec, output });
  await world.settle(runner);
  await world.next(runner);
  assert.equal(world.issuer.asked, 0);
  assert.equal(world.last("rotation_failed")?.reason, "target_missing");
  assert.equal(world.last("rotation_failed")?.stage, "preflight");
});

inWorld(
  "a certificate that could not be stored is stored at the next try, and no other is asked for",
  async (world, dir) => {
    const runner = world.start();
    world.commitFailures.push(new LeafdError("disk_full", "no space"), new LeafdError("io_error", "EIO"));
    await world.settle(runner);
    assert.equal(world.last("rotation_failed")?.stage, "store");
    await world.next(runner);
    await world.next(runner);
    assert.equal(runner.state.rotationTrouble, undefined);
    assert.equal(world.issuer.asked, 1);
    assert.equal((await served(dir))[0]?.serial, world.last("issued")?.serial);
  },
);

inWorld("while the issuer is down the pair stays, and the retries stay within the rule", async (world, dir) => {
  const runner = world.start();
  await world.settle(runner);
  const before = (await served(dir))[0]?.serial;
  world.issuer.next.push(...Array.from({ length: 10 }, () => new LeafdError("sealed", "Vault is sealed")));
  for (let i = 0; i < 10; i += 1) await world.next(runner);
  assert.equal(runner.state.rotationTrouble?.failures, 10);
  assert.equal((await served(dir))[0]?.serial, before);
  await world.next(runner);
  assert.equal(runner.state.rotationTrouble, undefined);
  assert.equal(world.issuer.signed, 2);
});

const otherKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "der" });

const WRONG: readonly (readonly [string, Parameters<TestCa["leaf"]>[0] & object, string])[] = [
  ["a leaf of another key", { publicKey: otherKey }, "key_mismatch"],
  ["a leaf without the SAN", { uris: [] }, "name_missing"],
  ["a leaf with an extra SAN", { dns: ["web.svc", "admin.svc"] }, "name_extra"],
  ["a leaf without the usage", { usages: ["server"] }, "usage_wrong"],
  ["an expired leaf", { notBefore: Date.now() - DAY, notAfter: Date.now() - HOUR }, "expired"],
  ["a leaf of the next hour", { notBefore: Date.now() + HOUR }, "not_yet_valid"],
  ["a CA for a leaf", { isCa: true }, "usage_wrong"],
];

for (const [what, changes, reason] of WRONG) {
  inWorld(`${what} is refused as ${reason}, and the pair before it stays`, async (world, dir) => {
    const runner = world.start();
    await world.settle(runner);
    const before = await served(dir);
    world.issuer.next.push(changes);
    await world.next(runner);
    const failure = world.last("rotation_failed");
    assert.equal(failure?.stage, "verify");
    assert.equal(failure.reason, reason);
    assert.ok(failure.hint !== undefined && failure.message.length > 20, failure.message);
    assert.deepEqual(
      (await served(dir)).map((one) => one.serial),
      before.map((one) => one.serial),
    );
    assert.equal(world.reloads.length, 1);
  });
}

inWorld("refused certificates stop at the budget, which a restart does not reset", async (world) => {
  world.issuer.next.push(...Array.from({ length: 50 }, () => ({ uris: [] })));
  for (let minute = 0; minute < 30; minute += 1) {
    await world.clock.advance(MINUTE);
    await world.settle(world.start());
  }
  assert.equal(world.last("rotation_failed")?.reason, "budget_exhausted");
  assert.equal(world.issuer.asked, 6, "ceil(2 h / 40 min) + 3");
});

inWorld("another request costs one certificate, another delivery or plan costs none", async (world, dir) => {
  const spec = world.spec();
  await world.settle(world.start(spec));
  const [first] = await served(dir);

  await world.settle(world.start({ ...spec, output: { ...spec.output, layout: "bundle" } }));
  assert.equal(world.last("published")?.cause, "delivery_changed");
  assert.match(await readFile(dir.join("live/tls-combined.pem"), "utf8"), /PRIVATE KEY[^]*CERTIFICATE/);

  await world.settle(
    world.start({ ...spec, renewAt: 0.5, required: false, request: { ...spec.request, ttl: 2 * HOUR } }),
  );
  assert.equal((await served(dir))[0]?.serial, first?.serial);
  assert.equal(world.issuer.asked, 1);

  const names = { ...spec.request.names, dns: ["api.svc", "web.svc"] };
  await world.settle(world.start({ ...spec, request: { ...spec.request, names } }));
  assert.equal(world.last("published")?.cause, "request_changed");
  assert.equal(world.issuer.asked, 2);
});

inWorld("a shorter lifetime costs no certificate before it gains something, and comes in time", async (world) => {
  const spec = world.spec();
  await world.settle(world.start(spec));
  const runner = world.start({ ...spec, request: { ...spec.request, ttl: 10 * MINUTE } });
  await world.settle(runner);
  const end = runner.state.current?.notAfter ?? 0;
  await world.clock.advance(end - 11 * MINUTE - world.clock.now());
  await world.settle(runner);
  assert.equal(world.last("rotation_failed")?.reason, "no_gain");
  assert.equal(world.issuer.asked, 1);
  while (world.issuer.asked === 1) await world.next(runner);
  assert.ok(end - world.clock.now() > 8 * MINUTE);
});

inWorld("the same names in another order, and an upgrade of the manifest, cost nothing", async (world) => {
  const spec = world.spec();
  const names = { ...spec.request.names, dns: ["a.svc", "web.svc"] };
  await world.settle(world.start({ ...spec, request: { ...spec.request, names } }));
  const turned = { ...names, dns: ["web.svc", "a.svc"] };
  await world.settle(world.start({ ...spec, request: { ...spec.request, names: turned } }));
  assert.equal(world.issuer.asked, 1);
});

inWorld("a new root is published and told before any leaf chains to it", async (world, dir) => {
  const runner = world.start();
  await world.settle(runner);
  const root = await TestCa.root({ name: "New Root" });
  const issuing = await root.intermediate({ name: "New Issuing" });
  world.issuer.signer = issuing;
  world.issuer.published = [issuing, root, ...world.issuer.published];
  world.events.length = 0;
  await world.next(runner);
  const order = world.kinds().filter((kind) => ["root_added", "published", "reloaded", "issued"].includes(kind));
  assert.deepEqual(order, ["root_added", "published", "reloaded", "issued", "published", "reloaded"]);
  assert.equal((await served(dir))[1]?.names.commonName, "New Issuing");
  const bundle = parseCertificates(await readFile(dir.join("live/ca.crt"), "utf8"));
  assert.deepEqual(
    bundle.map((ca) => ca.names.commonName).toSorted((a = "", b = "") => a.localeCompare(b)),
    ["New Root", "Root"],
  );
});

inWorld("with newRoot: hold a new root is said, not published, and its leaves are refused", async (world, dir) => {
  const roots = dir.join("roots.pem");
  await writeFile(roots, world.root.certificate.pem);
  const runner = world.start(world.spec(), { trust: { roots, include: [], newRoot: "hold" } });
  await world.settle(runner);
  const root = await TestCa.root({ name: "New Root" });
  world.issuer.signer = await root.intermediate({ name: "New Issuing" });
  world.issuer.published = [world.issuer.signer, root];
  await world.next(runner);
  assert.equal(world.last("root_held")?.subject, "CN=New Root");
  assert.equal(world.last("rotation_failed")?.reason, "chain_untrusted");
  assert.equal(await readFile(dir.join("live/ca.crt"), "utf8"), world.root.certificate.pem);
});

inWorld(
  "a mount without a root and no trust.roots: refused with the fix, and no certificate is asked for",
  async (world) => {
    world.issuer.published = [world.issuer.signer];
    const runner = world.start();
    await world.settle(runner);
    const failure = world.last("rotation_failed");
    assert.equal(failure?.reason, "no_trust");
    assert.match(failure.hint ?? "", /trust\.roots/);
    assert.equal(world.issuer.asked, 0);
  },
);

inWorld("a root that is imported into a mount without one serves the next attempt", async (world) => {
  const { published } = world.issuer;
  world.issuer.published = [world.issuer.signer];
  const runner = world.start();
  await world.settle(runner);
  world.issuer.published = published;
  await world.clock.advance((world.last("rotation_failed")?.retryAt ?? 0) - world.clock.now());
  await world.settle(runner);
  assert.deepEqual([world.last("rotation_failed")?.failures, world.last("published")?.cause], [1, "missing"]);
});

inWorld("an outsider's edit is repaired from the generation before it, without a certificate", async (world, dir) => {
  const first = world.start();
  await world.settle(first);
  first.say({ kind: "renewal_requested", by: "operator", force: false });
  await world.settle(first);
  const generation = first.state.current?.generation ?? "";
  await writeFile(dir.join("live", generation, "tls.crt"), "edited");
  await world.settle(world.start());
  assert.equal(world.last("published")?.cause, "damaged");
  assert.equal(world.issuer.asked, 2);
  assert.equal((await served(dir)).length, 2);
});

inWorld("a deleted output is issued again", async (world, dir) => {
  await world.settle(world.start());
  await rm(dir.join("live"), { recursive: true });
  await world.settle(world.start());
  assert.equal(world.issuer.asked, 2);
  assert.equal((await served(dir)).length, 2);
});

inWorld("an operator's wish is served before the due time", async (world) => {
  const runner = world.start();
  await world.settle(runner);
  runner.say({ kind: "renewal_requested", by: "operator", force: false });
  await world.settle(runner);
  assert.equal(world.last("published")?.cause, "forced");
  assert.equal(runner.state.renewalAsked, false);
});

inWorld("an issuer that answers the certificate of before is refused: no gain", async (world) => {
  const runner = world.start();
  await world.settle(runner);
  const end = runner.state.current?.notAfter ?? 0;
  world.issuer.next.push({ notAfter: end });
  await world.next(runner);
  assert.equal(world.last("rotation_failed")?.reason, "no_gain");
});

inWorld("a leased certificate is said, and renewed before the token that carries it ends", async (world) => {
  const runner = world.start();
  world.issuer.tokenEnds = world.clock.now() + 6 * MINUTE;
  const next = await world.settle(runner);
  assert.match(world.last("leased_certificate")?.message ?? "", /generate_lease=true/);
  assert.ok(next < world.clock.now() + 4 * MINUTE, `${next - world.clock.now()}`);
});

inWorld("another request is answered even by a certificate that lives no longer", async (world) => {
  const spec = world.spec();
  const first = world.start(spec);
  await world.settle(first);
  world.issuer.next.push({ notAfter: (first.state.current?.notAfter ?? 0) - MINUTE });
  const names = { ...spec.request.names, dns: ["api.svc", "web.svc"] };
  const second = world.start({ ...spec, request: { ...spec.request, names } });
  await world.settle(second);
  assert.equal(second.state.rotationTrouble, undefined);
  assert.equal(world.last("published")?.cause, "request_changed");
});

inWorld("a TTL that the issuer clips is accepted, planned for, and said", async (world) => {
  const runner = world.start();
  world.issuer.next.push({ notAfter: world.clock.now() + 6 * MINUTE });
  const next = await world.settle(runner);
  const { asked, got } = world.last("ttl_clipped") ?? {};
  assert.equal(asked, HOUR);
  assert.equal(Math.round((got ?? 0) / MINUTE), 6);
  assert.ok(next < world.clock.now() + 4 * MINUTE);
});
