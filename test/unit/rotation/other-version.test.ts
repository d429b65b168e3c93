import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { exampleIssuer } from "../../support/circumstances.ts";
import { inWorld } from "../../support/in-world.ts";
import { readPair } from "../../support/published-pair.ts";
import type { TempDir } from "../../support/temp-dir.ts";

/* What another version of leafd left: read, or made good, and never a reason to issue. */

/** The manifest of the visible generation, as a record of a later leafd: `edit` says what became of its fields. */
function rewriteManifest(live: string, edit: (manifest: Record<string, unknown>) => object): void {
  const path = manifestOf(live);
  writeFileSync(path, JSON.stringify({ ...edit(JSON.parse(readFileSync(path, "utf8"))), version: 2 }));
}

const manifestOf = (live: string): string => join(live, readPair(live).generation, "manifest.json");
const live = (dir: TempDir): string => dir.join("live");

const renamed = ({ files: _f, requestHash: _r, issuer: _i, firstDue: _d, ...rest }: Record<string, unknown>) => rest;
const laterManifests = {
  "has lost fields that this one needs": renamed,
  "says nothing that this one knows": () => ({ pair: {} }),
  "hashes the request and the delivery in another way": (manifest: object) => ({
    ...manifest,
    requestHash: "v2:f00d",
    deliveryHash: "v2:cafe",
  }),
};
for (const [what, edit] of Object.entries(laterManifests))
  inWorld(`a later manifest that ${what} costs no certificate and no reload`, async (world, dir) => {
    const first = world.start();
    await world.settle(first);
    const before = readPair(live(dir));
    rewriteManifest(live(dir), edit);
    world.events.length = 0;

    const second = world.start();
    await world.settle(second);
    assert.deepEqual(readPair(live(dir)), before);
    assert.deepEqual(
      world.kinds().filter((kind) => /^(issued|published|reload|nothing)/.test(kind)),
      [],
    );
    const { current } = second.state;
    assert.ok(current && first.state.current);
    assert.equal(current.serial, first.state.current.serial);
    assert.ok(
      Math.abs(current.due - first.state.current.due) < 10 * MINUTE,
      "due when it was, give or take the jitter",
    );

    const theirs = before.generation;
    await world.next(second);
    assert.equal(world.issuer.asked, 2, "renewed in its time");
    assert.equal(JSON.parse(readFileSync(manifestOf(live(dir)), "utf8")).version, 1);
    assert.ok(existsSync(join(live(dir), theirs)), "it stays as the generation before");
  });

inWorld("that the manifest is of a later leafd is said", async (world, dir) => {
  await world.settle(world.start());
  rewriteManifest(live(dir), renamed);
  await world.settle(world.start());
  const { message } = world.last("pair_warning") ?? {};
  assert.match(message ?? "", /manifest\.json was written by a later leafd \(version 2\); the pair is kept/);
});

const damages = {
  torn: (path: string) => writeFileSync(path, readFileSync(path, "utf8").slice(0, 40)),
  gone: (path: string) => rmSync(path),
};
for (const [what, damage] of Object.entries(damages))
  inWorld(`a manifest that is ${what} is made good from the pair, which is not replaced`, async (world, dir) => {
    const runner = world.start();
    await world.settle(runner);
    await world.next(runner);
    const before = readPair(live(dir));
    damage(manifestOf(live(dir)));
    await world.settle(world.start());
    const after = readPair(live(dir));
    assert.equal(after.serial, before.serial, "the youngest pair, not the one before it");
    assert.notEqual(after.generation, before.generation);
    assert.equal(world.issuer.asked, 2);
    assert.equal(world.last("published")?.cause, "damaged");
  });

const forgeries = {
  "a key that is another one": ({ inside, before }: Forgery) =>
    writeFileSync(join(inside, "tls.key"), readFileSync(join(before, "tls.key"))),
  "no roots": ({ inside }: Forgery) => writeFileSync(join(inside, "ca.crt"), ""),
};
interface Forgery {
  readonly inside: string;
  /** The generation before. */
  readonly before: string;
}
for (const [what, forge] of Object.entries(forgeries))
  inWorld(`a pair with a later manifest and ${what} is not believed`, async (world, dir) => {
    const runner = world.start();
    await world.settle(runner);
    const before = readPair(live(dir));
    await world.next(runner);
    rewriteManifest(live(dir), renamed);
    const inside = join(live(dir), readPair(live(dir)).generation);
    forge({ inside, before: join(live(dir), before.generation) });
    await world.settle(world.start());
    const lost = world.last("nothing_usable");
    assert.equal(lost?.reason, "pair_damaged");
    assert.match(lost?.message ?? "", /by a later leafd \(version 2\), and there is no whole pair beside it/);
    const mended = world.events.find((event) => event.kind === "published" && event.cause === "damaged");
    assert.ok(mended?.kind === "published");
    assert.equal(mended.leaf.serial, before.serial, "the pair before is put back");
  });

inWorld("a reserve that a later leafd kept is kept", async (world, dir) => {
  const issuer = world.addIssuer("main-reserve");
  const reserve = { issuer: exampleIssuer("main-reserve"), ttl: 6 * HOUR };
  const spec = world.spec({ outage: { atExpiry: { kind: "keep" }, reserve } });
  await world.settle(world.start(spec));
  rewriteManifest(dir.join("held/reserve/web"), renamed);
  const second = world.start(spec);
  await world.settle(second);
  assert.equal(second.state.reserve?.serial, readPair(dir.join("held/reserve/web")).serial);
  assert.equal(issuer.asked, 1);
});

inWorld("roots that a later leafd remembers otherwise are asked for again, which is said", async (world, dir) => {
  await world.settle(world.start());
  const before = readPair(live(dir));
  for (const name of readdirSync(dir.join("trust")))
    writeFileSync(dir.join("trust", name), '{"version":2,"anchors":[]}');
  await world.settle(world.start());
  assert.match(world.last("warning")?.message ?? "", /roots that were known of it are damaged/);
  assert.deepEqual(readPair(live(dir)), before);
});
