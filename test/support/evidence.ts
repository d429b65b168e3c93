import type { Reason } from "../../src/domain/errors.ts";
import type { LeafFacts } from "../../src/domain/leaf-facts.ts";
import type { CertificateRequest } from "../../src/domain/spec.ts";
import type { Evidence } from "../../src/domain/verify.ts";
import { TestCa, type TestLeaf } from "./test-ca.ts";

/** Evidence that breaks one rule, and what the message must tell about it. */
export interface BrokenPair {
  readonly title: string;
  readonly reason: Reason;
  readonly says: RegExp;
  readonly evidence: Evidence;
}

/** A root and an issuing CA, shared by the tests of one file. */
export const root = await TestCa.root({ name: "Test Root" });
export const issuing = await root.intermediate({ name: "Test Issuing" });

export const NAMES = {
  commonName: "payments.svc",
  dns: ["payments.internal", "payments.svc"],
  ips: ["10.0.0.7"],
  uris: ["spiffe://corp/payments"],
  emails: ["ops@example.com"],
};

export const REQUEST: CertificateRequest = {
  names: NAMES,
  key: "ec-p256",
  reuseKey: false,
  usages: ["server", "client"],
};

/** A leaf that `REQUEST` describes. */
export const goodLeaf = await issuing.leaf(NAMES);

/** Evidence in which all is well with this leaf, as a base for what is not. */
export function evidenceFor(leaf: TestLeaf, changes: Partial<Evidence> = {}): Evidence {
  return {
    leaf: leaf.certificate,
    chain: [issuing.certificate],
    privateKeyHash: leaf.publicKeyHash,
    request: REQUEST,
    roots: [root.certificate],
    now: Date.now(),
    mustGain: true,
    ...changes,
  };
}

/** The leaf on disk, of which only what verification reads is set with care. */
export function currentLeaf(facts: Partial<LeafFacts>): LeafFacts {
  return {
    serial: "0a",
    fingerprint: "00",
    generation: "..gen-1",
    issuer: "main",
    rung: "primary",
    notBefore: 0,
    notAfter: 0,
    receivedAt: 0,
    due: 0,
    requestHash: "v1:same",
    deliveryHash: "v1:same",
    trustHash: "00",
    ...facts,
  };
}
