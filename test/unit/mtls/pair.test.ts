import assert from "node:assert/strict";
import { rm, symlink, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { readPair } from "../../../src/mtls/pair.ts";
import { filesOf, publish } from "../../support/output-directory.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { TestCa } from "../../support/test-ca.ts";

const authority = await TestCa.root();
const [leaf, other] = [await authority.leaf({ dns: ["a"] }), await authority.leaf({ dns: ["b"] })];
const good = filesOf(leaf, authority.certificate.pem);
const otherKey = other.privateKey.reveal();

describe("reading the pair of an output directory", () => {
  it("answers the three files of the generation behind ..data", async () => {
    await using directory = await tempDir();
    const generation = await publish(directory.path, good);
    const pair = await readPair(directory.path);
    assert.equal(pair.generation, generation);
    assert.equal(pair.privateKey.reveal(), leaf.privateKey.reveal());
    assert.equal(pair.certificate, leaf.certificate.pem);
    assert.equal(pair.trust, authority.certificate.pem);
    assert.equal(pair.serial, leaf.certificate.serial);
    assert.equal(pair.notAfter, leaf.certificate.notAfter);
  });

  it("never mixes generations while they are swapped and removed under it", async () => {
    await using directory = await tempDir();
    let previous = await publish(directory.path, good);
    const publishing = new AbortController();
    const swaps = (async () => {
      for (let round = 0; round < 60; round += 1) {
        const next = await publish(directory.path, filesOf(round % 2 === 0 ? other : leaf, authority.certificate.pem));
        await rm(previous, { recursive: true });
        previous = next;
      }
      publishing.abort();
    })();
    const seen = new Set<string>();
    while (!publishing.signal.aborted) {
      const { generation, privateKey, certificate } = await readPair(directory.path);
      assert.equal(certificate, privateKey.reveal() === otherKey ? other.certificate.pem : leaf.certificate.pem);
      seen.add(generation);
    }
    await swaps;
    assert.ok(seen.size > 10, `the reader saw ${seen.size} generations`);
  });

  const damaged: readonly [what: string, files: Parameters<typeof publish>[1], message: RegExp][] = [
    ["a key of another certificate", { ...good, "tls.key": otherKey }, /no usable pair: .*key values mismatch/],
    ["a missing ca.crt", { "tls.key": good["tls.key"], "tls.crt": good["tls.crt"] }, /is incomplete: .*ca\.crt/],
    // Node takes these two without a word: an empty bundle is every public authority.
    ["an empty ca.crt", { ...good, "ca.crt": "" }, /ca\.crt holds no certificate/],
    ["a ca.crt of something else", { ...good, "ca.crt": "garbage\n" }, /ca\.crt holds no certificate/],
    [
      "a ca.crt that is cut off",
      { ...good, "ca.crt": authority.certificate.pem.slice(0, 200) },
      /ca\.crt does not parse/,
    ],
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
