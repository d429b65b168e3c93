import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { LeafdError } from "../../src/domain/errors.ts";
import type { Store } from "../../src/rotation/ports.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { createStore, type StoreOptions } from "../../src/store/store.ts";
import { freshDisk } from "../simulation/disk/fresh-disk.ts";
import * as memory from "../simulation/disk/node-fs.ts";
import * as simulated from "../simulation/disk/redirect.ts";
import { Random } from "../simulation/random.ts";
import { exampleFacts, exampleMaterial, exampleOutput } from "../support/example-output.ts";

/*
 * The store on the real file system and on the memory disk of the simulation: the same code, so what is tested here is
 * that the memory disk behaves like the kernel, in everything that the store does with it.
 */

/** A file system as the tests reach into it, and a store on it. */
interface Place {
  readonly root: string;
  readonly fs: {
    readonly mkdirSync: (path: string) => void;
    readonly readdirSync: (path: string) => string[];
    readonly readlinkSync: (path: string) => string;
    readonly symlinkSync: (target: string, path: string) => void;
    readonly unlinkSync: (path: string) => void;
    readonly writeFileSync: (path: string, text: string) => void;
    readonly chmodSync: (path: string, mode: number) => void;
  };
  readonly store: (changes?: Partial<StoreOptions>) => Store;
  readonly remove: () => void;
}

const options = (changes: Partial<StoreOptions>): StoreOptions => ({
  clock: systemClock,
  instance: "11111111-1111-4111-8111-111111111111",
  takeover: false,
  warn: () => undefined,
  ...changes,
});

const PLACES: Readonly<Record<string, () => Place>> = {
  "the real file system": () => {
    const root = mkdtempSync(join(tmpdir(), "leafd-store-"));
    const fs = { mkdirSync, readdirSync, readlinkSync, symlinkSync, unlinkSync, writeFileSync, chmodSync };
    const remove = (): void => rmSync(root, { recursive: true });
    return { root, fs, store: (changes = {}) => createStore(options(changes)), remove };
  },
  "the memory disk": () => {
    freshDisk((label) => new Random(1, label), ["/root"]);
    const store = (changes: Partial<StoreOptions> = {}): Store => simulated.createStore(options(changes));
    return { root: "/root", fs: memory, store, remove: () => undefined };
  },
};

for (const [name, prepare] of Object.entries(PLACES))
  describe(name, () => {
    let place: Place;
    let live: string;
    beforeEach(() => {
      place = prepare();
      live = `${place.root}/live`;
    });
    afterEach(() => place.remove());
    const commit = (tag: string, store = place.store()) =>
      store.commit(exampleOutput(live), exampleMaterial(tag), exampleFacts());
    const inspect = () => place.store().inspect(exampleOutput(live));

    test("what is committed is what another run reads, behind the links that a dependent follows", async () => {
      assert.deepEqual(await inspect(), { kind: "none" });
      const manifest = await commit("one");
      const found = await inspect();
      assert.ok(found.kind === "pair");
      assert.deepEqual(found.manifest, manifest);
      assert.equal(found.material.privateKey.reveal(), exampleMaterial("one").privateKey.reveal());
      assert.equal(place.fs.readlinkSync(`${live}/tls.key`), "..data/tls.key");
      assert.equal(place.fs.readlinkSync(`${live}/..data`), manifest.generation);
    });

    test("a commit replaces what is visible, and a sweep keeps the one before it", async () => {
      const store = place.store();
      const output = exampleOutput(live);
      const generations = [];
      for (const tag of ["one", "two", "three"]) generations.push((await commit(tag, store)).generation);
      place.fs.writeFileSync(`${live}/..tmp-11111111-1111-4111-8111-111111111111`, "left over");
      assert.equal(await store.sweep(output), 1);
      await commit("four", store);
      const left = place.fs.readdirSync(live).filter((entry) => entry.startsWith("..gen-"));
      assert.equal(left.length, 4, "those of a moment ago stay for their readers");
      const found = await inspect();
      assert.ok(found.kind === "pair" && found.material.certificate === exampleMaterial("four").certificate);
    });

    test("deliveries are remembered", async () => {
      const store = place.store();
      const output = exampleOutput(live);
      const { generation } = await commit("one", store);
      assert.equal(await store.delivery(output), undefined);
      await store.recordDelivery(output, { generation, reloadHash: "v1:a", at: 1 });
      assert.deepEqual(await place.store().delivery(output), { version: 1, generation, reloadHash: "v1:a", at: 1 });
    });

    test("an output is one leafd's until that gives it back", async () => {
      const first = place.store();
      const other = place.store({ instance: "22222222-2222-4222-8222-222222222222" });
      const output = exampleOutput(live);
      await first.preflight(output, "payments");
      const isForeign = (thrown: unknown): boolean =>
        thrown instanceof LeafdError && thrown.reason === "target_foreign";
      await assert.rejects(other.preflight(output, "payments"), isForeign);
      await first.release(output);
      await other.preflight(output, "payments");
      await assert.rejects(commit("one", first), isForeign);
    });

    test("an edited file is damage, and the generation before it the rescue", async () => {
      const store = place.store();
      const { generation } = await commit("one", store);
      await commit("two", store);
      place.fs.writeFileSync(`${live}/..data/tls.crt`, "edited");
      const found = await inspect();
      assert.ok(found.kind === "damaged" && found.reason === "pair_damaged", JSON.stringify(found));
      assert.equal(found.rescue?.manifest.generation, generation);
    });

    test("a deleted file, a missing link and another mode are damage", async () => {
      const { generation } = await commit("one");
      place.fs.unlinkSync(`${live}/ca.crt`);
      assert.equal((await inspect()).kind, "damaged");
      place.fs.symlinkSync("..data/ca.crt", `${live}/ca.crt`);
      assert.equal((await inspect()).kind, "pair");
      place.fs.chmodSync(`${live}/${generation}/tls.key`, 0o644);
      assert.equal((await inspect()).kind, "damaged");
      place.fs.chmodSync(`${live}/${generation}/tls.key`, 0o600);
      place.fs.unlinkSync(`${live}/${generation}/tls.key`);
      const found = await inspect();
      assert.ok(found.kind === "damaged" && found.rescue === undefined);
    });

    test("what cannot be an output is refused by its reason", async () => {
      const refused = async (directory: string): Promise<string> => {
        const failure: unknown = await place
          .store()
          .preflight(exampleOutput(directory), "payments")
          .catch((e) => e);
        return failure instanceof LeafdError ? failure.reason : "none";
      };
      place.fs.writeFileSync(`${place.root}/file`, "");
      place.fs.symlinkSync(".", `${place.root}/link`);
      place.fs.mkdirSync(live);
      place.fs.mkdirSync(`${live}/tls.key`);
      const found = [`${place.root}/missing/live`, `${place.root}/file`, `${place.root}/link`, live].map(refused);
      const unsafe = "target_unsafe";
      assert.deepEqual(await Promise.all(found), ["target_missing", unsafe, unsafe, unsafe]);
    });
  });
