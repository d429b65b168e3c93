import { DAY, SECOND } from "../../src/domain/units.ts";
import { type BrokenPair, evidenceFor, goodLeaf, issuing, NAMES, root } from "./evidence.ts";
import { type CaOptions, TestCa } from "./test-ca.ts";

const now = Date.now();
const stranger = await TestCa.root({ name: "Stranger" });

/** A good leaf of an issuing CA that is not as it should be. */
async function below(options: CaOptions): Promise<BrokenPair["evidence"]> {
  const ca = await root.intermediate({ name: "Odd", ...options });
  return evidenceFor(await ca.leaf(NAMES), { chain: [ca.certificate] });
}

/** A good leaf straight below a root that is not as it should be. */
async function belowRoot(options: CaOptions): Promise<BrokenPair["evidence"]> {
  const odd = await TestCa.root({ name: "Odd Root", ...options });
  return evidenceFor(await odd.leaf(NAMES), { chain: [], roots: [odd.certificate] });
}

async function tooDeep(): Promise<BrokenPair["evidence"]> {
  const upper = await root.intermediate({ name: "Upper", pathLength: 0 });
  const lower = await upper.intermediate({ name: "Lower" });
  return evidenceFor(await lower.leaf(NAMES), { chain: [upper.certificate, lower.certificate] });
}

const namesake = await root.intermediate({ name: "Test Issuing" });
const namesakeRoot = await TestCa.root({ name: "Test Root" });
const fullChain = [issuing.certificate, root.certificate];

/** Pairs whose leaf is as asked and whose chain breaks one rule. */
export const BROKEN_CHAINS: readonly BrokenPair[] = [
  {
    title: "no issuing CA",
    reason: "chain_broken",
    says: /signed "CN=payments.svc"; it names "CN=Test Issuing" as its issuer, and it is not there/,
    evidence: evidenceFor(goodLeaf, { chain: [] }),
  },
  {
    title: "only strangers",
    reason: "chain_broken",
    says: /it is not there/,
    evidence: evidenceFor(goodLeaf, { chain: [stranger.certificate] }),
  },
  {
    title: "a CA of the right name with another key",
    reason: "chain_broken",
    says: /the CA of that name has another key/,
    evidence: evidenceFor(goodLeaf, { chain: [namesake.certificate] }),
  },
  {
    title: "an unknown root",
    reason: "chain_untrusted",
    says: /ends at "CN=Test Root" \(SHA-256 [0-9a-f]{16}…\), which is not in the trust bundle/,
    evidence: evidenceFor(goodLeaf, { chain: fullChain, roots: [stranger.certificate] }),
  },
  {
    title: "a root of the right name with another key",
    reason: "chain_untrusted",
    says: /ends at "CN=Test Root"/,
    evidence: evidenceFor(goodLeaf, { chain: fullChain, roots: [namesakeRoot.certificate] }),
  },
  {
    title: "an issuer that is no CA",
    reason: "ca_invalid",
    says: /"CN=Odd" is no CA/,
    evidence: await below({ isCa: false }),
  },
  {
    title: "a CA that may not sign",
    reason: "ca_invalid",
    says: /"CN=Odd" is a CA that may not sign certificates/,
    evidence: await below({ keyUsages: ["cRLSign"] }),
  },
  {
    title: "a CA that ended",
    reason: "ca_invalid",
    says: /"CN=Odd" ended at 20.*; it is 20.* here/,
    evidence: await below({ notAfter: now - SECOND }),
  },
  {
    title: "a CA of tomorrow",
    reason: "ca_invalid",
    says: /"CN=Odd" is valid from 20.*; it is 20.* here/,
    evidence: await below({ notBefore: now + DAY }),
  },
  {
    title: "a root that ended",
    reason: "ca_invalid",
    says: /"CN=Odd Root" ended at/,
    evidence: await belowRoot({ notAfter: now - SECOND }),
  },
  {
    title: "more CAs than a path length allows",
    reason: "ca_invalid",
    says: /"CN=Upper" allows 0 CAs between itself and a leaf; there are 1/,
    evidence: await tooDeep(),
  },
  {
    title: "a CA signed with SHA-1",
    reason: "weak_signature",
    says: /"CN=Odd" is signed with ecdsa-with-SHA1; expected SHA-256 or better/,
    evidence: await below({ digest: "SHA-1" }),
  },
  {
    title: "a root of RSA 1024",
    reason: "weak_signature",
    says: /"CN=Odd Root" has an RSA key of 1024 bits; expected 2048 or more/,
    evidence: await belowRoot({ key: "rsa-1024" }),
  },
];
