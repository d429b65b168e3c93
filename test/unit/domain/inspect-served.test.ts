import assert from "node:assert/strict";
import { test } from "node:test";
import { diskFindings, type ServedFacts, servedFindings } from "../../../src/domain/inspect/served.ts";
import { HOUR } from "../../../src/domain/units.ts";
import { der, oid, sequence, TAG } from "../../../src/domain/x509/der.ts";
import { formatName } from "../../../src/domain/x509/distinguished-name.ts";
import { goodLeaf, issuing, NAMES, root } from "../../support/evidence.ts";

const facts: ServedFacts = {
  address: "127.0.0.1:443",
  protocol: "TLSv1.3",
  cipher: "TLS_AES_256_GCM_SHA384",
  offered: [],
  clientCertificate: { asked: false, presented: false, authorities: [] },
};
const said = (changes: Partial<ServedFacts>) => servedFindings({ ...facts, ...changes }).map(({ code }) => code);

test("a handshake is judged by its version, its protocol and what it asks of the client", () => {
  assert.deepEqual(said({}), []);
  assert.deepEqual(said({ protocol: "TLSv1.2" }), []);
  assert.deepEqual(said({ protocol: "TLSv1" }), ["tls_version"]);
  assert.deepEqual(said({ protocol: "TLSv1.1" }), ["tls_version"]);
  assert.deepEqual(said({ offered: ["h2"], alpn: "h2" }), []);
  assert.deepEqual(said({ offered: ["h2"] }), ["alpn_refused"]);
  const asked = { asked: true, presented: false, authorities: ["CN=Root"] };
  assert.deepEqual(said({ clientCertificate: asked }), ["client_certificate_asked"]);
  assert.deepEqual(said({ clientCertificate: { ...asked, presented: true } }), []);
  assert.deepEqual(said({ clientCertificate: { ...asked, refusal: "unknown ca" } }), ["client_certificate_refused"]);
});

test("what is served is held against the disk: another leaf, and another chain of the same", async () => {
  const [leaf, middle] = [goodLeaf.certificate, issuing.certificate];
  const compare = (sent: readonly (typeof leaf)[], disk: readonly (typeof leaf)[]) =>
    diskFindings(sent, disk).map(({ code, message }) => `${code}: ${message.split(":")[0]}`);
  assert.deepEqual(compare([leaf, middle], [leaf, middle]), []);
  assert.deepEqual(compare([leaf, middle], []), []);
  assert.deepEqual(compare([leaf], [leaf, middle]), ["chain_differs: the leaf is that on disk, its chain is not"]);
  assert.deepEqual(compare([leaf, root.certificate], [leaf, middle]).length, 1);
  const older = (await issuing.leaf({ ...NAMES, notBefore: leaf.notBefore - HOUR })).certificate;
  assert.deepEqual(compare([older], [leaf]), ["not_live: the server shows an older one"]);
  assert.deepEqual(compare([leaf], [older]), ["not_live: the server shows another one"]);
});

test("distinguished names are written as OpenSSL writes them", () => {
  const part = (id: string, text: string) => der(TAG.set, sequence(oid(id), der(TAG.utf8String, Buffer.from(text))));
  const name = sequence(part("2.5.4.6", "DE"), part("2.5.4.10", "Größe"), part("1.2.3", "x"), part("2.5.4.3", "Root"));
  assert.equal(formatName(name), "C=DE, O=Größe, 1.2.3=x, CN=Root");
});
