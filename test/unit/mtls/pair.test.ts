import assert from "node:assert/strict";
import { rm, symlink, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { readPair } from "../../../src/mtls/pair.ts";
import { publish } from "../../support/output-directory.ts";
import { svidAuthority } from "../../support/svid-authority.ts";
import { tempDir } from "../../support/temp-dir.ts";

const authority = svidAuthority();
const leaf = authority.leaf({ uris: ["spiffe://demo/orders"] });
const other = authority.leaf({ uris: ["spiffe://demo/orders"] });
const good = { "tls.key": leaf.key, "tls.crt": leaf.certificate, "ca.crt": authority.root };

describe("reading the pair of an output directory", () => {
  it("answers the three files of the generation behind ..data", async () => {
    await using directory = await tempDir();
    const generation = await publish(directory.path, good);
    const pair = await readPair(directory.path);
    assert.equal(pair.generation, generation);
    assert.equal(pair.privateKey.reveal(), leaf.key);
    assert.equal(pair.certificate, leaf.certificate);
    assert.equal(pair.trust, authority.root);
    assert.match(pair.serial, /^[0-9a-f]{20}$/);
    assert.ok(pair.notAfter > 0);
  });

  it("never mixes generations while they are swapped and removed under it", async () => {
    await using directory = await tempDir();
    let previous = await publish(directory.path, good);
    const publishing = new AbortController();
    const swaps = (async () => {
      for (let round = 0; round < 60; round += 1) {
        const { key, certificate } = round % 2 === 0 ? other : leaf;
        const next = await publish(directory.path, { ...good, "tls.key": key, "tls.crt": certificate });
        await rm(previous, { recursive: true });
        previous = next;
      }
      publishing.abort();
    })();
    const seen = new Set<string>();
    while (!publishing.signal.aborted) {
      const { generation, privateKey, certificate } = await readPair(directory.path);
      assert.equal(certificate, privateKey.reveal() === leaf.key ? leaf.certificate : other.certificate);
      seen.add(generation);
    }
    await swaps;
    assert.ok(seen.size > 10, `the reader saw ${seen.size} generations`);
  });

  const damaged: readonly [what: string, files: Parameters<typeof publish>[1], message: RegExp][] = [
    ["a key of another certificate", { ...good, "tls.key": other.key }, /no usable pair: .*key values mismatch/],
    ["a missing ca.crt", { "tls.key": leaf.key, "tls.crt": leaf.certificate }, /is incomplete: .*ca\.crt/],
    // Node takes these two without a word: an empty bundle is every public authority.
    ["an empty ca.crt", { ...good, "ca.crt": "" }, /ca\.crt holds no certificate/],
    ["a ca.crt of something else", { ...good, "ca.crt": "garbage\n" }, /ca\.crt holds no certificate/],
    ["a ca.crt that is cut off", { ...good, "ca.crt": authority.root.slice(0, 200) }, /ca\.crt does not parse/],
    ["an empty tls.crt", { ...good, "tls.crt": "" }, /tls\.crt holds no certificate/],
    ["an empty key", { ...good, "tls.key": "" }, /no usable pair/],
    ["a key that is none", { ...good, "tls.key": "garbage\n" }, /no usable pair/],
  ];
  for (const [what, files, message] of damaged)
    it(`refuses ${what}`, async () => {
      await using directory = await tempDir();
      await publish(directory.path, files);
      await assert.rejects(readPair(directory.path), { reason: "pair_damaged", message });
    });

  it("says that nothing is published: no directory, an empty one, a dangling ..data", async () => {
    await using directory = await tempDir();
    const missing = { reason: "target_missing", message: /holds no published certificate/ };
    await assert.rejects(readPair(directory.join("nowhere")), missing);
    await assert.rejects(readPair(directory.path), missing);
    await symlink("..gen-gone", directory.join("..data"));
    await assert.rejects(readPair(directory.path), missing);
    await writeFile(directory.join("file"), "");
    await assert.rejects(readPair(directory.join("file")), missing);
  });

  it("keeps the key out of what is printed", async () => {
    await using directory = await tempDir();
    await publish(directory.path, good);
    assert.doesNotMatch(JSON.stringify(await readPair(directory.path)), /PRIVATE KEY/);
  });
});
