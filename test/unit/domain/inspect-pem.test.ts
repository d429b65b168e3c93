import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { type PemItem, readPemItems } from "../../../src/domain/inspect/pem.ts";
import { toPem } from "../../../src/domain/x509/pem.ts";
import { goodLeaf, issuing } from "../../support/evidence.ts";

const { pem } = goodLeaf.certificate;
const der = new X509Certificate(pem).raw;
const read = (content: string | Buffer) => readPemItems(Buffer.from(content));
const only = (content: string | Buffer) => {
  const [item, ...more] = read(content);
  assert.deepEqual(more, []);
  return item?.kind === "unreadable" ? item.message : item?.kind === "other" ? item.what : item?.kind;
};

test("certificates, keys and text between them are read in their order", () => {
  const bundle = `Bag Attributes\n${goodLeaf.privateKey.reveal()}# leaf\n${pem}${issuing.certificate.pem}`;
  const kinds = (items: readonly PemItem[]) => items.map(({ kind }) => kind);
  assert.deepEqual(kinds(read(bundle)), ["key", "certificate", "certificate"]);
  assert.deepEqual(kinds(read(bundle.replaceAll("\n", "\r\n"))), ["key", "certificate", "certificate"]);
  assert.equal(only(der), "certificate");
});

test("what is no certificate is named, with what opens it", () => {
  assert.match(only(toPem("CERTIFICATE REQUEST", der)) ?? "", /^a certificate signing request.* \(line 1\)$/);
  assert.match(only(`\n\n${toPem("X509 CRL", der)}`) ?? "", /^a list of revoked certificates \(line 3\)$/);
  assert.match(only(toPem("WHATEVER", der)) ?? "", /^a PEM block WHATEVER/);
  assert.match(only(Buffer.from("feedfeed0000", "hex")) ?? "", /Java keystore/);
  assert.match(only(Buffer.from("3003020103", "hex")) ?? "", /PKCS#12/);
  assert.match(only(Buffer.from("3003020100", "hex")) ?? "", /private key in DER/);
});

test("what is broken is told with its place, and never quoted", () => {
  const lines = pem.split("\n");
  const [first = ""] = lines.slice(1);
  const hurt = (line: string) => ["# a comment", ...lines.with(1, line)].join("\n");
  assert.equal(only(""), "it is empty");
  assert.equal(only("hello"), "byte 1 is 0x68: this is neither PEM nor DER");
  assert.equal(only(hurt("secret!")), "line 3: this is not base64, inside a PEM block CERTIFICATE");
  assert.match(only(hurt(`AAAA${first}`)) ?? "", /^line 2: this certificate does not parse: /);
  assert.equal(only(pem.slice(0, 200)), "line 1: the PEM block CERTIFICATE has no END line");
  assert.equal(only(toPem("CERTIFICATE", der.subarray(0, 99)))?.includes("longer than what holds it"), true);
  for (let length = 1; length < der.length; length += 7)
    assert.match(only(der.subarray(0, length)) ?? "", /^byte 1: this certificate does not parse: /);
});

test("a flood of blocks ends early", () => {
  const items = read(pem.repeat(600));
  assert.equal(items.length, 513);
  assert.deepEqual(items.at(-1)?.kind, "unreadable");
});
