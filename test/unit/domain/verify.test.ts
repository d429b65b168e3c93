import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import * as fc from "fast-check";
import type { Certificate } from "../../../src/domain/certificate.ts";
import type { Names } from "../../../src/domain/spec.ts";
import { DAY, HOUR, SECOND } from "../../../src/domain/units.ts";
import { verifyPair, verifyStored } from "../../../src/domain/verify.ts";
import { currentLeaf, evidenceFor, goodLeaf, issuing, NAMES, REQUEST, root } from "../../support/evidence.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { TestCa } from "../../support/test-ca.ts";

const run = promisify(execFile);
const now = Date.now();

const { certificate: leaf } = goodLeaf;
const stranger = await TestCa.root({ name: "Stranger" });
/** A CA that two roots vouch for, the old one and its successor. */
const nextRoot = await TestCa.root({ name: "Next Root" });
const bridge = await root.crossSign(nextRoot);
const issuingAgain = await nextRoot.crossSign(issuing);

const pemOf = (...certificates: readonly Certificate[]): string => certificates.map(({ pem }) => pem).join("");
const subjects = (certificates: readonly Certificate[]): string[] => certificates.map(({ subject }) => subject);

describe("a chain", () => {
  it("comes out as the leaf and the CAs in the order of their signatures, without roots and strangers", async () => {
    const upper = await root.intermediate({ name: "Upper" });
    const lower = await upper.intermediate({ name: "Lower" });
    const deep = await lower.leaf(NAMES);
    const reply = [root, stranger, upper, lower].map((ca) => ca.certificate);
    const expected = pemOf(deep.certificate, lower.certificate, upper.certificate);
    fc.assert(
      fc.property(fc.shuffledSubarray(reply, { minLength: reply.length }), (chain) => {
        assert.equal(verifyPair(evidenceFor(deep, { chain })).certificatePem, expected);
      }),
    );
  });

  it("is one that OpenSSL builds too", async () => {
    await using dir = await tempDir();
    const { certificatePem, anchor } = verifyPair(evidenceFor(goodLeaf));
    await writeFile(dir.join("tls.crt"), certificatePem);
    await writeFile(dir.join("ca.crt"), anchor.pem);
    const args = ["-CAfile", "ca.crt", "-untrusted", "tls.crt", "-purpose", "sslserver", "tls.crt"];
    const { stdout } = await run("openssl", ["verify", ...args], { cwd: dir.path });
    assert.equal(stdout.trim(), "tls.crt: OK");
  });

  it("may hold the leaf itself again", () => {
    assert.equal(verifyPair(evidenceFor(goodLeaf, { chain: [leaf, issuing.certificate] })).chain.length, 1);
  });

  it("needs no CA between a leaf and the root that signed it", async () => {
    const direct = await root.leaf(NAMES);
    const { certificatePem, anchor } = verifyPair(evidenceFor(direct, { chain: [] }));
    assert.equal(certificatePem, direct.certificate.pem);
    assert.equal(anchor, root.certificate);
  });

  it("keeps cross-signed CAs for peers that know another root", () => {
    const chain = [bridge, issuingAgain, issuing, nextRoot].map((ca) => ca.certificate);
    const { anchor, ...verified } = verifyPair(evidenceFor(goodLeaf, { chain, roots: [nextRoot.certificate] }));
    assert.equal(anchor, nextRoot.certificate);
    assert.deepEqual(verified.chain[0], issuingAgain.certificate, "the way to the root that we trust comes first");
    assert.deepEqual(new Set(verified.chain), new Set([issuingAgain, issuing, bridge].map((ca) => ca.certificate)));
  });

  it("goes round a CA that ended when another certificate of its key is good", async () => {
    const ended = await root.crossSign(issuing, { notAfter: now - SECOND });
    const chain = [ended.certificate, issuing.certificate];
    assert.deepEqual(verifyPair(evidenceFor(goodLeaf, { chain })).chain, [issuing.certificate]);
  });

  it("may end at an intermediate that the operator named, with a warning", () => {
    const { anchor, chain, warnings } = verifyPair(evidenceFor(goodLeaf, { chain: [], roots: [issuing.certificate] }));
    assert.equal(anchor, issuing.certificate);
    assert.deepEqual(chain, [issuing.certificate], "peers that know only its root need it");
    assert.match(warnings.join(), /"CN=Test Issuing" is an intermediate CA.*partial_chain/);
  });

  it("ends at a root rather than at an intermediate when both are known", () => {
    const { anchor, warnings } = verifyPair(evidenceFor(goodLeaf, { roots: [issuing.certificate, root.certificate] }));
    assert.equal(anchor, root.certificate);
    assert.deepEqual(warnings, []);
  });

  it("that ends before the leaf is worth a warning", async () => {
    const short = await root.intermediate({ name: "Short", notAfter: now + HOUR });
    const long = await short.leaf({ ...NAMES, notAfter: now + DAY });
    const { warnings } = verifyPair(evidenceFor(long, { chain: [short.certificate] }));
    assert.match(warnings.join(), /^the leaf outlives "CN=Short", which ends at 20/);
  });

  it("may hold a CA's change of key, which no path length counts", async () => {
    const before = await root.intermediate({ name: "Same", pathLength: 0 });
    const after = await before.intermediate({ name: "Same" });
    const chain = [before.certificate, after.certificate];
    assert.equal(verifyPair(evidenceFor(await after.leaf(NAMES), { chain })).chain.length, 2);
  });

  it("may end at an old root that signed itself with SHA-1: nobody checks that", async () => {
    const old = await TestCa.root({ name: "Old", digest: "SHA-1" });
    const { anchor } = verifyPair(evidenceFor(await old.leaf(NAMES), { chain: [], roots: [old.certificate] }));
    assert.equal(anchor, old.certificate);
  });

  it("of more CAs than anybody has is refused", () => {
    const chain = Array.from({ length: 33 }, () => stranger.certificate);
    assert.throws(() => verifyPair(evidenceFor(goodLeaf, { chain })), { reason: "bad_certificate" });
  });
});

describe("names", () => {
  const asked = async (names: Partial<Names>, got: Partial<Names>): Promise<void> => {
    const none = { dns: [], ips: [], uris: [], emails: [] };
    verifyPair(evidenceFor(await issuing.leaf(got), { request: { ...REQUEST, names: { ...none, ...names } } }));
  };

  it("may come in any order and spelling", () =>
    asked(
      { dns: ["a.svc", "b.svc"], ips: ["2001:db8::1"] },
      { dns: ["B.svc", "a.SVC"], ips: ["2001:DB8:0:0:0:0:0:1"] },
    ));
  it("may hold a host-like common name as a DNS name: the issuer adds it unless told not to", () =>
    asked({ commonName: "a.svc" }, { commonName: "a.svc", dns: ["a.svc"] }));
  it("may leave that one out", () => asked({ commonName: "a.svc" }, { commonName: "a.svc" }));
  it("may hold an e-mail address of the common name", () =>
    asked({ commonName: "a@b.c" }, { commonName: "a@b.c", emails: ["a@b.c"] }));
  it("may hold a common name in other letters as a DNS name", () =>
    asked({ commonName: "bücher" }, { commonName: "bücher", dns: ["xn--bcher-kva"] }));
  it("may repeat an asked name as common name", () =>
    asked({ dns: ["a.svc"] }, { commonName: "a.svc", dns: ["a.svc"] }));
});

describe("time", () => {
  it("may be off by the skew, a minute unless said otherwise", async () => {
    const soon = await issuing.leaf({ ...NAMES, notBefore: now + 50 * SECOND });
    assert.equal(verifyPair(evidenceFor(soon, { now })).leaf, soon.certificate);
    assert.throws(() => verifyPair(evidenceFor(soon, { now, skew: 10 * SECOND })), { reason: "not_yet_valid" });
  });

  it("is counted from the arrival, not from a backdated beginning", async () => {
    const backdated = await issuing.leaf({ ...NAMES, notBefore: now - HOUR, notAfter: now + 10 * SECOND });
    assert.throws(() => verifyPair(evidenceFor(backdated, { now, minimumLifetime: 20 * SECOND })), {
      reason: "lifetime_short",
    });
  });
});

describe("a leaf that replaces another", () => {
  const { notAfter } = leaf;

  it("may end earlier when it answers another request", () => {
    const current = currentLeaf({ notAfter: notAfter + DAY });
    assert.equal(verifyPair(evidenceFor(goodLeaf, { current, mustGain: false })).leaf, leaf);
  });

  it("must end later when it answers the same one", () => {
    verifyPair(evidenceFor(goodLeaf, { current: currentLeaf({ notAfter: notAfter - SECOND }) }));
    assert.throws(() => verifyPair(evidenceFor(goodLeaf, { current: currentLeaf({ notAfter }) })), {
      reason: "no_gain",
    });
  });
});

describe("a stored pair", () => {
  it("verifies from the text of its files", () => {
    const { certificatePem } = verifyPair(evidenceFor(goodLeaf));
    const { chain } = verifyStored(evidenceFor(goodLeaf));
    assert.equal(certificatePem, pemOf(leaf, issuing.certificate));
    assert.deepEqual(subjects(chain), ["CN=Test Issuing"]);
  });

  it("is judged without what it may have replaced", () => {
    const {
      current: _,
      mustGain: __,
      ...stored
    } = evidenceFor(goodLeaf, { current: currentLeaf({ notAfter: now + DAY }) });
    assert.equal(verifyStored(stored).leaf, leaf);
  });

  it("is refused when it has ended", () => {
    assert.throws(() => verifyStored(evidenceFor(goodLeaf, { now: leaf.notAfter })), { reason: "expired" });
  });
});
