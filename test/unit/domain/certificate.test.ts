import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { parseCertificate } from "../../../src/domain/certificate.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { TestCa } from "../../support/test-ca.ts";

const run = promisify(execFile);

const root = await TestCa.root({ name: "Root" });
const issuing = await root.intermediate({ name: "Issuing", pathLength: 0 });
const NAMES = {
  commonName: "Zahlungen ü",
  dns: ["a.svc", "b.svc"],
  ips: ["10.0.0.7", "2001:db8::1"],
  uris: ["spiffe://corp/a"],
  emails: ["ops@example.com"],
};
const { certificate: leaf } = await issuing.leaf({ ...NAMES, serial: "00f1", directoryNames: ["CN=x"] });

/** A certificate that OpenSSL makes with these arguments: its PEM. */
async function openssl(...args: readonly string[]): Promise<string> {
  await using dir = await tempDir();
  const common = ["req", "-x509", "-nodes", "-days", "1", "-keyout", dir.join("key.pem"), "-out", dir.join("cert.pem")];
  await run("openssl", [...common, ...args]);
  return await readFile(dir.join("cert.pem"), "utf8");
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

describe("a certificate", () => {
  it("tells its names, in one spelling", async () => {
    assert.deepEqual(leaf.names, NAMES);
    const { certificate } = await issuing.leaf({
      dns: ["B.SVC.", "a.svc", "a.svc"],
      ips: ["2001:DB8:0::1"],
      emails: ["Ops@EXAMPLE.com"],
    });
    const expected = { dns: ["a.svc", "b.svc"], ips: ["2001:db8::1"], uris: [], emails: ["Ops@example.com"] };
    assert.deepEqual(certificate.names, expected);
  });

  it("counts names of kinds that it does not tell", () => {
    assert.equal(leaf.otherNames, 1);
  });

  it("agrees with Node about what Node tells", () => {
    const x509 = new X509Certificate(leaf.pem);
    assert.equal(leaf.fingerprint, x509.fingerprint256.replaceAll(":", "").toLowerCase());
    assert.equal(leaf.serial, x509.serialNumber.toLowerCase());
    assert.equal(leaf.notBefore, x509.validFromDate.getTime());
    assert.equal(leaf.notAfter, x509.validToDate.getTime());
    assert.equal(leaf.isCa, x509.ca);
  });

  it("tells what it may be used for", () => {
    assert.deepEqual(leaf.keyUsages, new Set(["digitalSignature"]));
    assert.deepEqual(leaf.extendedKeyUsages, new Set(["serverAuth", "clientAuth"]));
    assert.equal(issuing.certificate.isCa, true);
    assert.equal(issuing.certificate.pathLength, 0);
    assert.deepEqual(issuing.certificate.keyUsages, new Set(["keyCertSign", "cRLSign"]));
    assert.equal(issuing.certificate.extendedKeyUsages, undefined);
  });

  it("writes its subject on one line", async () => {
    const pem = await openssl(...EC, "-subj", "/O=Acme\\, Inc/CN=two\nlines");
    assert.equal(parseCertificate(pem).subject, "O=Acme\\, Inc, CN=two\\0Alines");
  });

  it("counts a second common name as a name that it does not tell", async () => {
    const { names, otherNames } = parseCertificate(await openssl(...EC, "-subj", "/CN=first/CN=second"));
    assert.deepEqual([names.commonName, otherNames], ["second", 1]);
  });

  it("keeps an IPv4-mapped address apart from the IPv4 address", async () => {
    const pem = await openssl(...EC, "-subj", "/CN=x", "-addext", "subjectAltName=IP:::ffff:10.0.0.1");
    assert.deepEqual(parseCertificate(pem).names.ips, ["::ffff:10.0.0.1"]);
  });

  it("may end after 2049", async () => {
    const notAfter = Date.UTC(2123, 3, 5, 6, 7, 8);
    assert.equal((await issuing.leaf({ notAfter })).certificate.notAfter, notAfter);
  });

  const RSA = ["-newkey", "rsa:2048", "-subj", "/CN=x"];
  for (const [keyAlgorithm, signatureAlgorithm, args] of [
    [
      "ec-p384",
      "ecdsa-with-SHA384",
      ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-subj", "/CN=x", "-sha384"],
    ],
    ["ed25519", "ED25519", ["-newkey", "ed25519", "-subj", "/CN=x"]],
    ["rsa-2048", "sha256WithRSAEncryption", RSA],
    ["rsa-2048", "md5WithRSAEncryption", [...RSA, "-md5"]],
    ["rsa-2048", "rsassaPss-SHA256", [...RSA, "-sigopt", "rsa_padding_mode:pss"]],
    ["rsa-2048", "rsassaPss-SHA1", [...RSA, "-sha1", "-sigopt", "rsa_padding_mode:pss"]],
    [
      "1.3.132.0.10",
      "ecdsa-with-SHA256",
      ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-subj", "/CN=x"],
    ],
  ] as const) {
    it(`of ${keyAlgorithm}, ${signatureAlgorithm}, tells both`, async () => {
      const certificate = parseCertificate(await openssl(...args));
      assert.equal(certificate.keyAlgorithm, keyAlgorithm);
      assert.equal(certificate.signatureAlgorithm, signatureAlgorithm);
      assert.equal(certificate.selfSigned, true);
    });
  }

  it("knows its signer by the signature", async () => {
    const namesake = await TestCa.root({ name: "Issuing", key: "rsa-2048" });
    assert.equal(leaf.issuedBy(issuing.certificate), true);
    assert.equal(leaf.issuedBy(namesake.certificate), false);
    assert.equal(leaf.issuedBy(root.certificate), false);
    assert.equal(leaf.selfSigned, false);
    const renamed = await root.crossSign(issuing, { subject: "Other" });
    assert.equal(leaf.issuedBy(renamed.certificate), false, "the right key under another name");
    assert.equal(root.certificate.selfSigned, true);
  });
});
