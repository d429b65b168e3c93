import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { suite, test } from "node:test";
import { createSecureContext, type Server, type TLSSocket } from "node:tls";
import { look, materialOf, servedAs, tcpServer, tlsServer } from "../../support/probe.ts";
import { TestCa } from "../../support/test-ca.ts";

const ca = await TestCa.root();
const issuing = await ca.intermediate();
const leaf = await issuing.leaf({ dns: ["payments.svc"] });
const material = materialOf(leaf, issuing);
const stranger = await (await TestCa.root({ name: "Nobody" })).leaf({ dns: ["stranger.svc"] });
const own = materialOf(stranger);

/** Both ends of one look at a server: what was seen, and the connection as the server has it. */
async function bothEnds<T>(server: Server, looking: Promise<T>): Promise<[T, TLSSocket]> {
  const [socket]: TLSSocket[] = await once(server, "secureConnection");
  assert(socket);
  return [await looking, socket];
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const)
  suite(`what a ${version} server shows`, () => {
    const only = { minVersion: version, maxVersion: version };

    test("is its leaf, whoever issued it, and not the CA after it", async () => {
      await using dependent = await tlsServer(material, only);
      assert.deepEqual(await look(dependent, { own }), servedAs(leaf));
    });

    test("is seen without a session to resume, a byte of data or a connection that is cut", async () => {
      await using dependent = await tlsServer(material, only);
      for (let i = 0; i < 3; i++) {
        const [, socket] = await bothEnds(dependent.server, look(dependent, { own }));
        const data: unknown[] = [];
        socket.on("data", (chunk) => data.push(chunk));
        await once(socket, "end");
        assert.deepEqual(
          { data, resumed: socket.isSessionReused(), error: socket.errored },
          { data: [], resumed: false, error: null },
        );
      }
    });

    test("is seen with the service's own pair as the client's", async () => {
      const demanding = { requestCert: true, rejectUnauthorized: true, ca: ca.certificate.pem };
      await using dependent = await tlsServer(material, { ...only, ...demanding });
      const [seen, socket] = await bothEnds(dependent.server, look(dependent, { own: material }));
      assert.deepEqual(seen, servedAs(leaf));
      assert.equal(socket.getPeerX509Certificate()?.serialNumber.toLowerCase(), leaf.certificate.serial);
    });

    test("is seen by a client that it refuses", async () => {
      const demanding = { requestCert: true, rejectUnauthorized: true, ca: ca.certificate.pem };
      await using dependent = await tlsServer(material, { ...only, ...demanding });
      dependent.server.on("secureConnection", () => assert.fail("a stranger was let in"));
      assert.deepEqual(await look(dependent, { own }), servedAs(leaf));
    });
  });

test("a TLS 1.2 server that goes away when it has seen our certificate has shown its own", async () => {
  await using dependent = await tlsServer(material, { maxVersion: "TLSv1.2", requestCert: true });
  await using between = await tcpServer((near) => {
    const far = connect(dependent.port, "127.0.0.1");
    far.pipe(near);
    near.once("data", (hello) => {
      far.write(hello);
      near.once("data", () => near.resetAndDestroy());
    });
    near.once("close", () => far.destroy());
  });
  assert.deepEqual(await look(between, { own }), servedAs(leaf));
});

test("a certificate is chosen by SNI; without serverName, and with an address for one, none is sent", async () => {
  const other = await issuing.leaf({ dns: ["ledger.svc"] });
  const asked: string[] = [];
  const byName = createSecureContext({ cert: other.certificate.pem, key: other.privateKey.reveal() });
  await using dependent = await tlsServer(material, {
    SNICallback(name, answer) {
      asked.push(name);
      answer(null, name === "ledger.svc" ? byName : undefined);
    },
  });
  assert.deepEqual(await look({ port: dependent.port, serverName: "ledger.svc" }, { own }), servedAs(other));
  assert.deepEqual(await look({ port: dependent.port, serverName: "payments.svc" }, { own }), servedAs(leaf));
  for (const endpoint of [{}, { host: "localhost" }, { serverName: "127.0.0.1" }])
    assert.deepEqual(await look({ port: dependent.port, ...endpoint }, { own }), servedAs(leaf));
  assert.deepEqual(asked, ["ledger.svc", "payments.svc"]);
});

test("ALPN offers what the probe names, in its order, and nothing by itself", async () => {
  const offers: string[][] = [];
  await using dependent = await tlsServer(material, {
    ALPNCallback({ protocols }) {
      offers.push(protocols);
      return protocols.find((protocol) => protocol !== "nonsense");
    },
  });
  await look({ port: dependent.port, alpn: ["h2", "http/1.1"] }, { own });
  await look({ port: dependent.port, alpn: [] }, { own });
  await assert.rejects(look({ port: dependent.port, alpn: ["nonsense"] }, { own }), {
    reason: "probe_failed",
    message: `127.0.0.1:${dependent.port} refused the handshake (alert no application protocol)`,
  });
  assert.deepEqual(offers, [["h2", "http/1.1"], ["nonsense"]]);
});

test("serial numbers are written as the domain writes them", async () => {
  for (const serial of ["0a", "80ff", "7f00", "00d1"]) {
    const odd = await ca.leaf({ dns: ["odd.svc"], serial });
    await using dependent = await tlsServer(materialOf(odd));
    assert.deepEqual(await look(dependent, { own }), servedAs(odd));
  }
});

test("what leafd would never publish is seen all the same: expired, without names, a CA", async () => {
  const odd = await ca.leaf({ isCa: true, keyUsages: false, usages: [], notBefore: 0, notAfter: Date.UTC(2001, 0, 1) });
  await using dependent = await tlsServer(materialOf(odd));
  assert.deepEqual(await look(dependent, { own }), servedAs(odd));
});

test("an IPv6 address is an address", async () => {
  await using dependent = await tlsServer(material, {}, "::1");
  assert.deepEqual(await look({ host: "::1", port: dependent.port }, { own }), servedAs(leaf));
});
