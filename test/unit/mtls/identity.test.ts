import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { describe, it } from "node:test";
import { TLSSocket } from "node:tls";
import { identityOf, type PeerIdentity, peerIdentity } from "../../../src/mtls/identity.ts";
import { listeningServer } from "../../support/mtls-server.ts";
import { type LeafOptions, TestCa } from "../../support/test-ca.ts";

const authority = await TestCa.root();

async function identify(leaf: LeafOptions): Promise<PeerIdentity> {
  const { certificate } = await authority.leaf(leaf);
  return identityOf(new X509Certificate(certificate.pem).raw);
}

describe("who a certificate belongs to", () => {
  it("is the one SPIFFE ID, with DNS names, serial and end", async () => {
    const leaf = await authority.leaf({ uris: ["spiffe://demo/payments"], dns: ["payments.svc", "localhost"] });
    const { serial, notAfter, pem } = leaf.certificate;
    assert.deepEqual(identityOf(new X509Certificate(pem).raw), {
      spiffeId: "spiffe://demo/payments",
      dns: ["localhost", "payments.svc"],
      serial,
      notAfter,
    });
  });

  const none: readonly [why: string, uris: readonly string[]][] = [
    ["no URI name", []],
    ["two SPIFFE IDs", ["spiffe://demo/payments", "spiffe://demo/orders"]],
    ["the same one twice", ["spiffe://demo/payments", "spiffe://demo/payments"]],
    ["a SPIFFE ID beside another URI", ["https://demo/x", "spiffe://demo/payments"]],
    ["a URI that is no SPIFFE ID", ["https://demo/payments"]],
    ["an upper-case trust domain", ["spiffe://DEMO/payments"]],
    ["an upper-case scheme", ["SPIFFE://demo/payments"]],
    ["white space around it", [" spiffe://demo/payments"]],
    ["a NUL and more", ["spiffe://demo/payments\0.evil"]],
    ["a name that reads like two in Node's text", ["spiffe://demo/payments, URI:spiffe://demo/orders"]],
    ["dot segments", ["spiffe://demo/x/../payments"]],
    ["percent-encoding", ["spiffe://demo/pay%6dents"]],
    ["a query", ["spiffe://demo/payments?x"]],
    ["an empty segment", ["spiffe://demo//payments"]],
  ];
  for (const [why, uris] of none)
    it(`has no SPIFFE ID with ${why}`, async () => assert.equal((await identify({ uris })).spiffeId, undefined));

  it("has none when it may sign certificates or revocations", async () => {
    for (const keyUsages of [["keyCertSign"], ["digitalSignature", "cRLSign"]] as const)
      assert.equal((await identify({ uris: ["spiffe://demo/payments"], keyUsages })).spiffeId, undefined);
  });

  it("has none when it is a CA's", async () =>
    assert.equal((await identify({ uris: ["spiffe://demo/payments"], isCa: true })).spiffeId, undefined));

  it("does not take a SPIFFE ID from a DNS name", async () =>
    assert.equal(
      (await identify({ dns: ["spiffe://demo/payments", "URI:spiffe://demo/payments"] })).spiffeId,
      undefined,
    ));

  it("can be asked for again and again, on both sides", async () => {
    const seen: PeerIdentity[] = [];
    await using server = await listeningServer({
      handler({ socket }, response) {
        if (socket instanceof TLSSocket) seen.push(peerIdentity(socket), peerIdentity(socket));
        response.end();
      },
    });
    const socket = await server.connect({ uris: ["spiffe://demo/payments"] });
    await once(socket, "secureConnect");
    assert.equal(peerIdentity(socket).spiffeId, "spiffe://demo/orders");
    assert.equal(peerIdentity(socket).spiffeId, "spiffe://demo/orders");
    socket.write("GET /orders HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "data");
    assert.deepEqual(
      seen.map(({ spiffeId }) => spiffeId),
      ["spiffe://demo/payments", "spiffe://demo/payments"],
    );
  });

  it("is nobody's when the connection did not verify it", async () => {
    await using server = await listeningServer();
    const stranger = await TestCa.root({ name: "Stranger" });
    const socket = await server.connect({}, { ca: stranger.certificate.pem, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    assert.ok(socket.getPeerCertificate().raw, "there is a certificate");
    assert.throws(() => peerIdentity(socket), { reason: "chain_untrusted" });
  });
});
