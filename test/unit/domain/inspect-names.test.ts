import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { coversName, nameFindings } from "../../../src/domain/inspect/names.ts";
import { issuing } from "../../support/evidence.ts";

const SANS = [
  "example.com",
  "*.svc.example.com",
  "*.com",
  "a.*.example.com",
  "xn--bcher-kva.example",
  "b*.example.com",
];
const WANTED =
  "example.com EXAMPLE.com example.com. www.example.com a.svc.example.com a.b.svc.example.com svc.example.com foo.com a.x.example.com xn--bcher-kva.example bar.example.com".split(
    " ",
  );

test("host names are covered as OpenSSL says", async () => {
  for (const san of SANS) {
    const { certificate } = await issuing.leaf({ dns: [san], commonName: "other.example.com" });
    const openssl = new X509Certificate(certificate.pem);
    for (const name of WANTED) {
      // OpenSSL takes `b*.example.com` for `bar.example.com`; RFC 6125 §6.4.3 lets clients refuse, and browsers do. A
      // final dot is not part of a name in a certificate: OpenSSL compares it, TLS clients take it off before.
      if (san.startsWith("b*") && name.startsWith("bar")) continue;
      const host = name.replace(/\.$/, "");
      const expected = openssl.checkHost(host, { subject: "never" }) !== undefined;
      assert.equal(coversName(certificate.names, name), expected, `${san} for ${name}`);
    }
  }
});

test("addresses, SPIFFE ids and mailboxes are compared whole, and the common name never", async () => {
  const { certificate } = await issuing.leaf({
    commonName: "cn.example.com",
    ips: ["10.0.0.7", "fd00::1"],
    uris: ["spiffe://corp/payments"],
    emails: ["ops@example.com"],
  });
  const covers = (name: string) => coversName(certificate.names, name);
  for (const name of ["10.0.0.7", "fd00:0::1", "spiffe://corp/payments", "ops@EXAMPLE.com"])
    assert.ok(covers(name), name);
  for (const name of ["10.0.0.8", "spiffe://corp/pay", "spiffe://corp/payments/", "OPS@example.com", "cn.example.com"])
    assert.ok(!covers(name), name);
});

test("a missing name is an error that lists what is there, and a certificate without any is warned of", async () => {
  const { certificate } = await issuing.leaf({ dns: ["a.example.com"] });
  assert.deepEqual(
    nameFindings(certificate, ["a.example.com", "b.example.com"]).map(({ code, message }) => [code, message]),
    [["name_mismatch", 'the certificate is not for "b.example.com"; it is for "a.example.com"']],
  );
  const bare = await issuing.leaf({ commonName: "a.example.com" });
  assert.deepEqual(
    nameFindings(bare.certificate, []).map(({ severity, code }) => [severity, code]),
    [["warning", "no_san"]],
  );
});
