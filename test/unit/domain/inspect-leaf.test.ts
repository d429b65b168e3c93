import assert from "node:assert/strict";
import test, { describe } from "node:test";
import type { Certificate } from "../../../src/domain/certificate.ts";
import { inspectLeaf, type LeafEvidence } from "../../../src/domain/inspect/leaf.ts";
import { DAY, HOUR, MINUTE } from "../../../src/domain/units.ts";
import type { Evidence } from "../../../src/domain/verify.ts";
import { BROKEN_CHAINS } from "../../support/broken-chains.ts";
import { BROKEN_LEAVES } from "../../support/broken-leaves.ts";
import { goodLeaf, issuing, NAMES, root } from "../../support/evidence.ts";
import { TestCa } from "../../support/test-ca.ts";

const now = Date.now();
const leaf = goodLeaf.certificate;
const anchors = { roots: [root.certificate], source: "ca.crt" };

/** Certificates of a file, all well unless the changes say otherwise. */
function shown(certificates: readonly Certificate[], changes: Partial<LeafEvidence> = {}) {
  const rest = { nearby: [], trust: anchors, served: false, names: [], now, byClock: true };
  return inspectLeaf({ certificates, ...rest, ...changes });
}

const said = (certificates: readonly Certificate[], changes: Partial<LeafEvidence> = {}) =>
  shown(certificates, changes).findings.map(({ severity, code }) => `${severity} ${code}`);

test("a good chain is shown leaf first with its anchor, and nothing is wrong with it", () => {
  const { certificates, anchor, findings } = shown([leaf, issuing.certificate], { publicKeyHash: leaf.publicKeyHash });
  assert.deepEqual(findings, []);
  assert.equal(anchor?.fingerprint, root.certificate.fingerprint);
  assert.deepEqual(
    certificates.map((each) => [each.role, each.shown, each.certificate.subject]),
    [
      ["leaf", true, "CN=payments.svc"],
      ["intermediate", true, "CN=Test Issuing"],
      ["root", false, "CN=Test Root"],
    ],
  );
});

describe("what verification refuses is found", () => {
  /** Rules that compare a new leaf with the one before, or with what the issuer was asked for. */
  const others = new Set(["lifetime_short", "serial_reused", "no_gain"]);
  const findingsOf = (evidence: Evidence) =>
    shown([evidence.leaf, ...evidence.chain], {
      trust: { roots: evidence.roots, source: "ca.crt" },
      request: evidence.request,
      publicKeyHash: evidence.privateKeyHash,
      now: evidence.now,
    }).findings;
  const rows = [...BROKEN_CHAINS, ...BROKEN_LEAVES].filter((row) => !others.has(row.reason));
  for (const { title, reason, evidence, says } of rows)
    test(`${reason}: ${title}`, () => {
      const code = evidence.leaf.isCa ? "ca_as_leaf" : reason;
      const found = findingsOf(evidence).filter((finding) => finding.code === code);
      assert.equal(found.length, 1, `one finding ${code}`);
      assert.equal(found[0]?.severity, reason === "name_extra" ? "warning" : "error");
      if (reason !== "chain_broken" && reason !== "chain_untrusted") assert.match(found[0]?.message ?? "", says);
    });
});

test("a missing intermediate names its signer, and says when it lies beside", () => {
  const [broken] = shown([leaf]).findings;
  assert.equal(
    broken?.message,
    '"CN=payments.svc" is signed by "CN=Test Issuing": it is not among the certificates here and ca.crt',
  );
  assert.deepEqual(said([leaf]), ["error chain_broken"]);
  assert.deepEqual(said([leaf], { nearby: [issuing.certificate] }), ["warning chain_broken"]);
});

test("certificates in the wrong place are found", async () => {
  const lower = await issuing.intermediate({ name: "Lower" });
  const deep = (await lower.leaf(NAMES)).certificate;
  const stranger = (await TestCa.root({ name: "Stranger" })).certificate;
  const [middle, bottom] = [issuing.certificate, lower.certificate];
  assert.deepEqual(said([deep, bottom, middle]), []);
  assert.deepEqual(said([deep, middle, bottom]), ["warning chain_disordered"]);
  assert.deepEqual(said([middle, leaf]), ["error chain_disordered"]);
  assert.deepEqual(said([leaf, middle, root.certificate]), ["warning root_sent"]);
  assert.deepEqual(said([leaf, middle, bottom]), ["warning certificate_unneeded"]);
  assert.deepEqual(said([leaf, middle, middle]), ["warning certificate_unneeded"]);
  assert.deepEqual(said([leaf, middle, leaf]), ["warning certificate_unneeded"]);
  assert.deepEqual(said([leaf, middle, stranger]), ["warning root_sent"]);
});

test("the leaf is the certificate of the key, wherever it stands, and a server's first in any case", async () => {
  const other = await issuing.leaf(NAMES);
  const pair = [other.certificate, leaf, issuing.certificate];
  assert.equal(shown(pair, { publicKeyHash: leaf.publicKeyHash }).leaf, leaf);
  assert.equal(shown([issuing.certificate, leaf], { served: true }).leaf, issuing.certificate);
  assert.ok(said([issuing.certificate], { served: true }).includes("error ca_as_leaf"));
});

test("CAs alone are a bundle, of which only ended ones are worth a word", async () => {
  const over = (await TestCa.root({ name: "Over", notAfter: now - HOUR })).certificate;
  const bundle = shown([root.certificate, issuing.certificate, over]);
  assert.equal(bundle.leaf, undefined);
  assert.deepEqual(
    bundle.certificates.map(({ role }) => role),
    ["root", "intermediate", "root"],
  );
  assert.deepEqual(
    bundle.findings.map(({ severity, code }) => [severity, code]),
    [["warning", "ca_invalid"]],
  );
});

test("a self-signed leaf is told from an unknown authority", async () => {
  const own = await TestCa.root({
    name: "localhost",
    isCa: false,
    keyUsages: ["digitalSignature"],
    dns: ["localhost"],
  });
  assert.deepEqual(said([own.certificate]), ["error self_signed"]);
});

test("the last quarter of a life is late, and a CA that ends first is told", async () => {
  const late = await issuing.leaf({ ...NAMES, notBefore: now - 46 * MINUTE, notAfter: now + 14 * MINUTE });
  assert.deepEqual(said([late.certificate, issuing.certificate]), ["warning ends_soon"]);
  const intime = await issuing.leaf({ ...NAMES, notBefore: now - 44 * MINUTE, notAfter: now + 16 * MINUTE });
  assert.deepEqual(said([intime.certificate, issuing.certificate]), []);
  const brief = await root.intermediate({ name: "Brief", notAfter: now + 30 * MINUTE });
  assert.deepEqual(said([(await brief.leaf(NAMES)).certificate, brief.certificate]), ["warning outlives_ca"]);
});

test("dates that a wrong clock explains raise doubts about the clock, unless the moment was named", () => {
  const chain = [leaf, issuing.certificate];
  const before = { now: now - 30 * DAY };
  assert.deepEqual(said(chain, before), ["error ca_invalid", "error not_yet_valid", "warning clock_suspected"]);
  assert.deepEqual(said(chain, { ...before, byClock: false }), ["error ca_invalid", "error not_yet_valid"]);
  assert.deepEqual(said(chain, { now: now + 2 * DAY }), ["error expired"]);
  assert.deepEqual(said(chain, { now: now + 20 * 365 * DAY }), [
    "error ca_invalid",
    "error expired",
    "warning clock_suspected",
  ]);
});

test("a chain longer than any peer takes is refused before it costs signatures", () => {
  const { certificates, findings } = shown([leaf, ...Array.from({ length: 40 }, () => issuing.certificate)]);
  assert.deepEqual([certificates.length, findings.map(({ code }) => code)], [0, ["unreadable"]]);
});
