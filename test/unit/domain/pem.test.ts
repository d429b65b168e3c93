import assert from "node:assert/strict";
import { randomBytes, X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { parseCertificate, parseCertificates } from "../../../src/domain/certificate.ts";
import { LeafdError } from "../../../src/domain/errors.ts";
import { toPem } from "../../../src/domain/x509/pem.ts";
import { TestCa } from "../../support/test-ca.ts";

const root = await TestCa.root({ name: "Root" });
const issuing = await root.intermediate({ name: "Issuing" });
const { certificate: leaf } = await issuing.leaf({ dns: ["a.svc"], uris: ["spiffe://corp/a"], ips: ["10.0.0.7"] });

describe("PEM text", () => {
  it("may hold comments, CRLF, other blocks and no final newline", () => {
    const text = `# roots\r\n${root.certificate.pem.replaceAll("\n", "\r\n")}${issuing.privateKey.reveal()}subject=x\n${leaf.pem.trimEnd()}`;
    assert.deepEqual(
      parseCertificates(text).map(({ pem }) => pem),
      [root.certificate.pem, leaf.pem],
    );
  });

  it("without a certificate is an empty list, and an error where one belongs", () => {
    assert.deepEqual(parseCertificates("nothing here"), []);
    assert.throws(() => parseCertificate("nothing here"), { reason: "bad_certificate" });
  });

  it("of a leaf and its chain begins with the leaf", () => {
    assert.equal(parseCertificate(leaf.pem + issuing.certificate.pem).fingerprint, leaf.fingerprint);
  });

  const block = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
  const der = new X509Certificate(leaf.pem).raw;
  /** The subject key identifier, renamed to key usage. */
  const twice = Buffer.from(der.toString("hex").replace("0603551d0e", "0603551d0f"), "hex");
  for (const [what, text, says] of [
    ["a block without an end", leaf.pem.replace("-----END", ""), /no END line/],
    ["what is not base64", leaf.pem.replace("MII", "M!I"), /not base64/],
    ["a certificate that is cut off", toPem("CERTIFICATE", der.subarray(0, -1)), /longer than what holds it/],
    [
      "a certificate with something behind it",
      toPem("CERTIFICATE", Buffer.concat([der, Buffer.alloc(1)])),
      /trailing bytes/,
    ],
    ["an extension that comes twice", toPem("CERTIFICATE", twice), /extension 2\.5\.29\.15 twice/],
    ["a block of 10 MB", toPem("CERTIFICATE", Buffer.alloc(7_500_000)), /characters of PEM; the limit is 1048576/],
    ["a certificate of 100 kB", toPem("CERTIFICATE", Buffer.alloc(100_000)), /100000 bytes; the limit is 65536/],
    ["100,000 blocks", block.repeat(100_000), /characters of PEM/],
    ["1 MB of blocks", block.repeat(17_000), /more than 512 certificates/],
    ["1 MB of beginnings", "-----BEGIN CERTIFICATE-----".repeat(38_000), /no END line/],
  ] as const) {
    it(`is refused for ${what}, within 50 ms and without quoting it`, () => {
      const began = performance.now();
      let thrown: unknown;
      try {
        parseCertificates(text);
      } catch (error) {
        thrown = error;
      }
      const took = performance.now() - began;
      assert.ok(thrown instanceof LeafdError);
      assert.equal(thrown.reason, "bad_certificate");
      assert.match(thrown.message, says);
      assert.ok(thrown.message.length < 120, thrown.message);
      assert.ok(took < 50, `${took} ms`);
    });
  }

  it("is refused with a bad_certificate and nothing else when bytes in it are damaged", () => {
    const damage = fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(damage, (changes) => {
        const damaged = Buffer.from(der);
        for (const [at, byte] of changes) damaged[at] = byte;
        try {
          parseCertificate(toPem("CERTIFICATE", damaged));
        } catch (error) {
          assert.ok(error instanceof LeafdError && error.reason === "bad_certificate", String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is refused for random bytes", () => {
    assert.throws(() => parseCertificate(toPem("CERTIFICATE", randomBytes(500))), { reason: "bad_certificate" });
  });
});
