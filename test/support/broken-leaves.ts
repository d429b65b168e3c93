import type { Reason } from "../../src/domain/errors.ts";
import { HOUR, MINUTE, SECOND } from "../../src/domain/units.ts";
import { type BrokenPair, currentLeaf, evidenceFor, goodLeaf, issuing, NAMES, REQUEST } from "./evidence.ts";
import type { LeafOptions } from "./test-ca.ts";

const now = Date.now();
const { commonName: _, ...WITHOUT_COMMON_NAME } = NAMES;
const { serial, notAfter } = goodLeaf.certificate;

type Row = readonly [title: string, says: RegExp, leaf: LeafOptions];

/** Leaves that differ from the good one. */
async function odd(reason: Reason, rows: readonly Row[]): Promise<BrokenPair[]> {
  const pairs: BrokenPair[] = [];
  for (const [title, says, leaf] of rows)
    pairs.push({ title, reason, says, evidence: evidenceFor(await issuing.leaf({ ...NAMES, ...leaf })) });
  return pairs;
}

const MISSING: readonly Row[] = [
  ["without a common name", /lacks "CN:payments.svc"/, { commonName: "" }],
  ["without a DNS name", /lacks "DNS:payments.internal"; it holds "CN:payments.svc"/, { dns: ["payments.svc"] }],
  ["without an IP address", /lacks "IP:10.0.0.7"/, { ips: [] }],
  ["without a URI", /lacks "URI:spiffe:\/\/corp\/payments"/, { uris: [] }],
  ["without an e-mail address", /lacks "email:ops@example.com"/, { emails: [] }],
];

const EXTRA: readonly Row[] = [
  [
    "a DNS name too many",
    /holds "DNS:\*\.svc", which nobody asked for; expected "CN:/,
    { dns: [...NAMES.dns, "*.svc"] },
  ],
  ["an IP address too many", /holds "IP:::1"/, { ips: [...NAMES.ips, "::1"] }],
  ["a URI too many", /holds "URI:spiffe:\/\/corp\/admin"/, { uris: [...NAMES.uris, "spiffe://corp/admin"] }],
  ["an e-mail address too many", /holds "email:root@example.com"/, { emails: [...NAMES.emails, "root@example.com"] }],
  ["a SAN of another kind", /holds 1 names of kinds that cannot be asked for/, { directoryNames: ["CN=x"] }],
  ["a name with a line break", /^.*"DNS:x\\nlevel=error".*$/, { dns: [...NAMES.dns, "x\nlevel=error"] }],
];

const USAGE: readonly Row[] = [
  ["a CA", /the leaf is a CA certificate/, { isCa: true }],
  ["for servers only", /lacks extended key usage clientAuth; it has serverAuth/, { usages: ["server"] }],
  ["without extended key usage", /lacks .* serverAuth, clientAuth; it has none/, { usages: [] }],
  ["unfit for handshakes", /lacks .* digitalSignature; it has keyEncipherment/, { keyUsages: ["keyEncipherment"] }],
];

/** Pairs whose chain is good and whose leaf breaks one rule. */
export const BROKEN_LEAVES: readonly BrokenPair[] = [
  {
    title: "of another key",
    reason: "key_mismatch",
    says: /expected the public key 0000000000000000…, got [0-9a-f]{16}…/,
    evidence: evidenceFor(goodLeaf, { privateKeyHash: "0".repeat(64) }),
  },
  ...(await odd("weak_signature", [
    ["signed with SHA-1", /signed with ecdsa-with-SHA1; expected SHA-256/, { digest: "SHA-1" }],
    ["of RSA 1024", /RSA key of 1024 bits; expected 2048/, { key: "rsa-1024" }],
  ])),
  ...(await odd("name_missing", MISSING)),
  ...(await odd("name_extra", EXTRA)),
  {
    title: "a common name that nobody asked for",
    reason: "name_extra",
    says: /holds "CN:admin"/,
    evidence: evidenceFor(await issuing.leaf({ ...NAMES, commonName: "admin" }), {
      request: { ...REQUEST, names: WITHOUT_COMMON_NAME },
    }),
  },
  ...(await odd("usage_wrong", USAGE)),
  ...(await odd("not_yet_valid", [
    ["of in five minutes", /valid from 20.*; it is 20.* here/, { notBefore: now + 5 * MINUTE }],
  ])),
  ...(await odd("expired", [
    ["that ended", /ended at 20.*; it is 20.* here/, { notBefore: now - HOUR, notAfter: now - SECOND }],
  ])),
  {
    title: "that ends too soon",
    reason: "lifetime_short",
    says: /lives 59m \d+s from now; expected 2h or more/,
    evidence: evidenceFor(goodLeaf, { minimumLifetime: 2 * HOUR }),
  },
  {
    title: "with the serial of the current one",
    reason: "serial_reused",
    says: new RegExp(serial),
    evidence: evidenceFor(goodLeaf, { current: currentLeaf({ serial, notAfter: now }) }),
  },
  {
    title: "that ends no later than the current one",
    reason: "no_gain",
    says: /ends at 20.*, the current one at 20/,
    evidence: evidenceFor(goodLeaf, { current: currentLeaf({ notAfter }) }),
  },
];
