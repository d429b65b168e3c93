import assert from "node:assert/strict";
import { test } from "node:test";
import { type InspectedTarget, inspectExitCode } from "../../../src/cli/inspect/report.ts";
import { renderInspection } from "../../../src/cli/inspect/text.ts";
import type { Certificate } from "../../../src/domain/certificate.ts";
import { finding } from "../../../src/domain/inspect/findings.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";

const now = Date.parse("2026-11-27T12:00:00Z");

/** A certificate as far as the text shows it. */
function certificate(fields: Partial<Certificate>): Certificate {
  const never = () => false;
  return {
    pem: "",
    serial: "4c01",
    fingerprint: "ab".repeat(32),
    subject: "CN=web",
    issuer: "CN=Issuing",
    names: { dns: ["web.svc"], ips: ["10.0.0.7"], uris: ["spiffe://corp/web"], emails: [] },
    otherNames: 0,
    notBefore: now - HOUR,
    notAfter: now + 23 * HOUR,
    isCa: false,
    pathLength: undefined,
    keyUsages: undefined,
    extendedKeyUsages: undefined,
    signatureAlgorithm: "ecdsa-with-SHA256",
    keyAlgorithm: "ec-p256",
    publicKeyHash: "",
    selfSigned: false,
    selfIssued: false,
    issuedBy: never,
    ...fields,
  };
}

const target: InspectedTarget = {
  kind: "directory",
  target: "/live/web",
  besides: ["web.csr holds a certificate signing request"],
  output: {
    service: "web",
    generation: "..gen-1",
    issuer: "main",
    rung: "primary",
    receivedAt: now - 5 * MINUTE,
    renewalDue: now + 2 * HOUR,
    delivery: "owed",
  },
  chains: [
    {
      where: "tls.crt",
      trust: "ca.crt",
      anchor: "CN=Root",
      key: { file: "tls.key", mode: 0o640, algorithm: "ec-p256", matches: true },
      certificates: [
        { role: "leaf", shown: true, certificate: certificate({}) },
        {
          role: "root",
          shown: false,
          certificate: certificate({
            subject: "CN=Root",
            selfSigned: true,
            names: { dns: [], ips: [], uris: [], emails: [] },
          }),
        },
      ],
    },
  ],
  findings: [finding("ends_soon", "soon"), finding("expired", "over\u001b[2J\nand \u202eover")],
};

test("everything has its line, errors come first, and nothing of what others wrote steers the terminal", () => {
  assert.equal(
    renderInspection([target], { now, colour: false }),
    `/live/web (directory)
  service      web, from main (primary), received 5m ago (2026-11-27T11:55:00Z)
  generation   ..gen-1
  renewal      due in 2h (2026-11-27T14:00:00Z)
  delivery     owed: the dependents have not been told
  also         web.csr holds a certificate signing request

  tls.crt:
  leaf         CN=web
    names      DNS web.svc, IP 10.0.0.7, URI spiffe://corp/web
    life       23h left of 1d: 2026-11-27T11:00:00Z to 2026-11-28T11:00:00Z
    key        ec-p256, signed with ecdsa-with-SHA256
    signed by  CN=Issuing
    serial     4c01
    SHA-256    ${"ab".repeat(32)}
  root         CN=Root (not shown; a trust anchor)
    life       23h left of 1d: 2026-11-27T11:00:00Z to 2026-11-28T11:00:00Z
    key        ec-p256, signed with ecdsa-with-SHA256
    signed by  itself
  private key  tls.key, mode 0640, ec-p256, of the leaf
  ends at      CN=Root, known from ca.crt

  error    expired: over [2J and  over
           Renew it (\`leafd renew\`, \`leafd status\`), then reload whoever serves it.
  warning  ends_soon: soon
           Look why it has not been renewed: \`leafd status\` names the reason.
`,
  );
});

test("a life that is over or has not begun is said in words, and colours mark the verdict only", () => {
  const lifeOf = (fields: Partial<Certificate>) => {
    const certificates = [{ role: "leaf" as const, shown: true, certificate: certificate(fields) }];
    const chain = { where: "x.pem", trust: "ca.crt", certificates };
    const text = renderInspection([{ kind: "file", target: "x.pem", besides: [], chains: [chain], findings: [] }], {
      now,
      colour: true,
    });
    assert.ok(text.endsWith("\n  \u001b[32mnothing is wrong\u001b[0m\n"));
    assert.equal(text.split("\u001b").length, 3);
    return /life +([^:]+):/.exec(text)?.[1];
  };
  assert.equal(lifeOf({ notAfter: now - 90 * MINUTE }), "ended 1h 30m ago");
  assert.equal(lifeOf({ notBefore: now + 5 * MINUTE }), "begins in 5m");
});

test("the exit code is that of the worst: an error before nobody there, a warning none", () => {
  const codes = (...found: Parameters<typeof finding>[0][]) =>
    inspectExitCode([{ ...target, findings: found.map((code) => finding(code, "x")) }]);
  assert.deepEqual([codes(), codes("ends_soon"), codes("unreachable")], [0, 0, 69]);
  assert.deepEqual([codes("expired"), codes("unreachable", "ends_soon"), codes("unreachable", "expired")], [1, 69, 1]);
});
