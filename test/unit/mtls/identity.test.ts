import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { TLSSocket } from "node:tls";
import { identityOf, peerIdentity } from "../../../src/mtls/identity.ts";
import { svidAuthority } from "../../support/svid-authority.ts";

const authority = svidAuthority();

const identify = (leaf: Parameters<typeof authority.leaf>[0]) =>
  identityOf(new X509Certificate(authority.leaf(leaf).certificate).raw);

describe("who a certificate belongs to", () => {
  it("is the one SPIFFE ID, with DNS names, serial and end", () => {
    const pem = authority.leaf({ uris: ["spiffe://demo/payments"], dns: ["payments.svc", "localhost"] }).certificate;
    const { raw, serialNumber, validToDate } = new X509Certificate(pem);
    assert.deepEqual(identityOf(raw), {
      spiffeId: "spiffe://demo/payments",
      dns: ["localhost", "payments.svc"],
      serial: serialNumber.toLowerCase(),
      notAfter: validToDate.getTime(),
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
    it(`has no SPIFFE ID with ${why}`, () => assert.equal(identify({ uris }).spiffeId, undefined));

  it("has none when it is a CA's", () =>
    assert.equal(identify({ uris: ["spiffe://demo/payments"], isCa: true }).spiffeId, undefined));

  it("does not take a SPIFFE ID from a DNS name", () =>
    assert.equal(identify({ dns: ["spiffe://demo/payments", "URI:spiffe://demo/payments"] }).spiffeId, undefined));

  it("is nobody's when the connection did not verify it", () => {
    const socket = new TLSSocket(new Duplex({ read() {}, write() {} }));
    assert.throws(() => peerIdentity(socket), { reason: "chain_untrusted" });
    socket.destroy();
  });
});
