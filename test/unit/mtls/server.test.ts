import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as tcpConnect } from "node:net";
import { describe, it } from "node:test";
import { type ConnectionOptions, type TLSSocket } from "node:tls";
import { HOUR } from "../../../src/domain/units.ts";
import { peerIdentity } from "../../../src/mtls/identity.ts";
import { type ListeningServer, listeningServer } from "../../support/mtls-server.ts";
import { TestCa } from "../../support/test-ca.ts";

const PAYMENTS = { uris: ["spiffe://demo/payments"] };

async function ask(socket: TLSSocket, target: string): Promise<{ status: number; body: string }> {
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  let text = "";
  for (;;) {
    const [, head = "", length = "0", body = ""] = /^(.*content-length: (\d+).*?)\r\n\r\n(.*)$/is.exec(text) ?? [];
    if (head !== "" && body.length === Number(length)) return { status: Number(head.split(" ")[1]), body };
    const [chunk] = await once(socket, "data");
    text += String(chunk);
  }
}

/** Resolves when it is closed, with or without an error. */
function closed(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once("close", () => resolve())));
}

const served = (socket: TLSSocket): string => peerIdentity(socket).serial;

describe("who gets through the handshake", () => {
  it("a client with a certificate of ours, and the handler knows it", async () => {
    await using server = await listeningServer();
    const socket = await server.connect(PAYMENTS);
    assert.deepEqual((await ask(socket, "/orders")).status, 200);
    const { side, result, peer } = await server.handshake();
    assert.deepEqual([side, result, peer?.spiffeId], ["server", "ok", "spiffe://demo/payments"]);
  });

  const refused: readonly [
    who: string,
    result: string,
    connect: (server: ListeningServer, version: ConnectionOptions) => Promise<TLSSocket>,
  ][] = [
    ["no certificate", "no_certificate", (server, version) => server.connect(undefined, version)],
    [
      "a certificate of another authority",
      "unknown_authority",
      async (server, version) =>
        server.connect(PAYMENTS, { ...version, authority: await TestCa.root({ name: "Other" }) }),
    ],
    [
      "a certificate of another authority of the same name",
      "unknown_authority",
      async (server, version) => server.connect(PAYMENTS, { ...version, authority: await TestCa.root() }),
    ],
    [
      "an expired certificate",
      "expired",
      (server, version) =>
        server.connect({ ...PAYMENTS, notBefore: Date.now() - 2 * HOUR, notAfter: Date.now() - HOUR }, version),
    ],
    [
      "a certificate of tomorrow",
      "not_yet_valid",
      (server, version) =>
        server.connect({ ...PAYMENTS, notBefore: Date.now() + HOUR, notAfter: Date.now() + 2 * HOUR }, version),
    ],
    [
      "a certificate without a SPIFFE ID",
      "wrong_identity",
      (server, version) => server.connect({ dns: ["payments"] }, version),
    ],
    [
      "a certificate for servers only",
      "other",
      (server, version) => server.connect({ ...PAYMENTS, usages: ["server"] }, version),
    ],
    [
      "a certificate with two",
      "wrong_identity",
      (server, version) => server.connect({ uris: ["spiffe://demo/payments", "spiffe://demo/x"] }, version),
    ],
  ];
  for (const version of ["TLSv1.2", "TLSv1.3"] as const)
    for (const [who, result, connectAs] of refused)
      it(`not ${who} (${version}): ${result}`, async () => {
        let handled = 0;
        await using server = await listeningServer({
          handler: (_request, response) => void response.end(`${handled++}`),
        });
        const socket = await connectAs(server, { minVersion: version, maxVersion: version });
        // TLS 1.3 lets a client speak before it is judged; the other one is to be cut off without having spoken.
        if (version === "TLSv1.3") socket.write("GET /orders HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const handshake = await server.handshake();
        assert.equal(handshake.result, result);
        assert.ok(handshake.message);
        await closed(socket);
        assert.equal(handled, 0);
        const { ok, [handshake.result]: counted } = server.mtls.handshakes();
        assert.deepEqual([ok, counted], [0, 1]);
      });

  it("not TLS 1.1, and not something that is no TLS: protocol", async () => {
    await using server = await listeningServer();
    await server.connect(PAYMENTS, {
      minVersion: "TLSv1.1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    assert.equal((await server.handshake()).result, "protocol");
    await using plain = tcpConnect(server.port, "127.0.0.1");
    plain.on("error", () => {}).write("GET /orders HTTP/1.1\r\n\r\n");
    assert.equal((await server.handshake()).result, "protocol");
  });

  it("counts a caller that goes away before it says anything", async () => {
    await using server = await listeningServer();
    tcpConnect(server.port, "127.0.0.1").destroySoon();
    assert.equal((await server.handshake()).result, "other");
  });
});

describe("rotation", () => {
  it("serves the new pair to new handshakes while an open connection lives on", async () => {
    await using server = await listeningServer();
    const first = server.pair.current.serial;
    const before = await server.connect(PAYMENTS);
    await once(before, "secureConnect");
    const second = await server.rotate();
    const after = await server.connect(PAYMENTS);
    await once(after, "secureConnect");
    assert.deepEqual([served(before), served(after)], [first, second]);
    assert.equal((await ask(before, "/orders")).status, 200);
    assert.equal((await ask(after, "/orders")).status, 200);
  });

  it("goes on asking for certificates, by the new trust bundle", async () => {
    await using server = await listeningServer();
    const next = await TestCa.root({ name: "Next Root" });
    await server.rotate(`${next.certificate.pem}${server.authority.certificate.pem}`);
    await server.connect(undefined);
    assert.equal((await server.handshake()).result, "no_certificate");
    await server.connect(PAYMENTS, { authority: next });
    assert.equal((await server.handshake()).result, "ok");
    await server.rotate(next.certificate.pem);
    await server.connect(PAYMENTS);
    assert.equal((await server.handshake()).result, "unknown_authority");
  });

  for (const version of ["TLSv1.2", "TLSv1.3"] as const)
    it(`resumes no session, so that no identity outlives its certificate (${version})`, async () => {
      await using server = await listeningServer();
      const only = { minVersion: version, maxVersion: version } as const;
      const first = await server.connect(PAYMENTS, only);
      const sessions: Buffer[] = [];
      first.on("session", (session) => sessions.push(session));
      await ask(first, "/orders");
      await server.handshake();
      const session = sessions.at(-1) ?? first.getSession();
      assert.ok(session, "there is something to try with");
      const second = await server.connect(undefined, { ...only, session });
      assert.equal((await server.handshake()).result, "no_certificate");
      assert.equal(second.isSessionReused(), false);
    });
});

describe("requests", () => {
  it("answers 403 with the reason, and counts by endpoint", async () => {
    await using server = await listeningServer();
    const intruder = await server.connect({ uris: ["spiffe://demo/intruder"] });
    const denied = await ask(intruder, "/orders");
    assert.equal(denied.status, 403);
    assert.deepEqual(JSON.parse(denied.body), {
      error: "denied",
      reason: "identity_not_allowed",
      endpoint: "GET /orders",
      caller: "spiffe://demo/intruder",
    });
    const unknown = await ask(intruder, "/%6frders");
    assert.deepEqual([unknown.status, JSON.parse(unknown.body).reason], [403, "unknown_endpoint"]);
    const payments = await server.connect(PAYMENTS);
    assert.equal((await ask(payments, "/orders")).status, 200);
    assert.deepEqual(server.mtls.requests(), {
      "GET /orders": { allowed: 1, denied: 1 },
      unknown: { allowed: 0, denied: 1 },
    });
  });

  it("reports each decision with its caller", async () => {
    const seen: string[] = [];
    await using server = await listeningServer({
      onDecision: ({ kind, endpoint }, caller) => void seen.push(`${kind} ${endpoint} ${caller.spiffeId}`),
    });
    const socket = await server.connect(PAYMENTS);
    await ask(socket, "/orders");
    await ask(socket, "/admin");
    assert.deepEqual(seen, ["allowed GET /orders spiffe://demo/payments", "denied undefined spiffe://demo/payments"]);
  });
});
