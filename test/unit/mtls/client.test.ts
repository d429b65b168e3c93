import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestOptions, request } from "node:https";
import { describe, it } from "node:test";
import { connect } from "node:tls";
import { connectOptions, MutualTlsAgent, type MutualTlsAgentOptions } from "../../../src/mtls/client.ts";
import type { Handshake } from "../../../src/mtls/handshake.ts";
import { type LivePair, openPair } from "../../../src/mtls/live-pair.ts";
import { eventQueue } from "../../support/event-queue.ts";
import { type ListeningServer, listeningServer } from "../../support/mtls-server.ts";
import { filesOf, publish } from "../../support/output-directory.ts";
import { tempDir } from "../../support/temp-dir.ts";

const ORDERS = "spiffe://demo/orders";

interface Client extends AsyncDisposable {
  readonly pair: LivePair;
  readonly agent: MutualTlsAgent;
  /** Asks for `/orders` and answers the status. */
  ask(options?: RequestOptions): Promise<number>;
  /** The next handshake of the agent, in order. */
  handshake(): Promise<Handshake>;
  /** Publishes a new generation and resolves when it is in use. */
  rotate(): Promise<void>;
}

/** `spiffe://demo/payments`, with a certificate of the server's authority. */
async function clientOf(server: ListeningServer, options: Partial<MutualTlsAgentOptions> = {}): Promise<Client> {
  await using cleanUp = new AsyncDisposableStack();
  const directory = cleanUp.use(await tempDir());
  const generation = async (): Promise<string> => {
    const leaf = await server.authority.leaf({ uris: ["spiffe://demo/payments"] });
    return publish(directory.path, filesOf(leaf, server.authority.certificate.pem));
  };
  await generation();
  const pair = cleanUp.adopt(await openPair({ directory: directory.path }), (opened) => opened.close());
  const handshakes = eventQueue<Handshake>();
  const agent = new MutualTlsAgent({ pair, expect: [ORDERS], onHandshake: handshakes.push, ...options });
  cleanUp.defer(() => agent.destroy());
  const disposables = cleanUp.move();
  return {
    pair,
    agent,
    handshake: handshakes.next,
    async ask(requestOptions = {}) {
      const outgoing = request({
        host: "127.0.0.1",
        port: server.port,
        path: "/orders",
        agent,
        ...requestOptions,
      }).end();
      const [response] = await once(outgoing, "response");
      response.resume();
      await once(response, "end");
      return response.statusCode;
    },
    async rotate() {
      const used = new Promise<void>((resolve) => void pair.subscribe(() => resolve()));
      await generation();
      await used;
    },
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

describe("an agent", () => {
  it("shows its certificate and takes the server by its SPIFFE ID, whatever its host name", async () => {
    await using server = await listeningServer();
    await using client = await clientOf(server);
    assert.equal(await client.ask(), 200);
    assert.equal((await server.handshake()).peer?.serial, client.pair.current.serial);
    const { side, result, peer } = await client.handshake();
    assert.deepEqual([side, result, peer?.spiffeId], ["client", "ok", ORDERS]);
    assert.equal(peer?.serial, server.pair.current.serial);
    assert.equal(client.agent.handshakes().ok, 1);
  });

  it("uses the current pair for each new connection", async () => {
    await using server = await listeningServer();
    await using client = await clientOf(server);
    await client.ask();
    await client.rotate();
    await client.ask();
    const [first, second] = [await server.handshake(), await server.handshake()];
    assert.notEqual(first.peer?.serial, second.peer?.serial);
    assert.equal(second.peer?.serial, client.pair.current.serial);
  });

  it("sees a new certificate of the server at the next connection", async () => {
    await using server = await listeningServer();
    await using client = await clientOf(server);
    await client.ask();
    const rotated = await server.rotate();
    await client.ask();
    const [before, after] = [await client.handshake(), await client.handshake()];
    assert.notEqual(before.peer?.serial, rotated);
    assert.equal(after.peer?.serial, rotated);
  });

  it("keeps connections alive until its pair changes, idle ones and busy ones", async () => {
    const waiting = Promise.withResolvers<() => void>();
    await using server = await listeningServer({
      allow: { "GET /orders": ["spiffe://demo/payments"], "GET /slow": ["spiffe://demo/payments"] },
      handler: ({ url }, response) => (url === "/slow" ? waiting.resolve(() => response.end()) : response.end()),
    });
    await using client = await clientOf(server, { agent: { keepAlive: true } });
    await client.ask();
    await client.ask();
    assert.equal(client.agent.handshakes().ok, 1);
    await client.rotate();
    await client.ask();
    assert.equal(client.agent.handshakes().ok, 2);
    const slow = client.ask({ path: "/slow" });
    const finish = await waiting.promise;
    await client.rotate();
    finish();
    await slow;
    await client.ask();
    assert.equal(client.agent.handshakes().ok, 3);
  });

  const wrong: readonly [what: string, options: Partial<MutualTlsAgentOptions>, code: string][] = [
    ["another SPIFFE ID than the expected one", { expect: ["spiffe://demo/audit"] }, "ERR_LEAFD_WRONG_IDENTITY"],
    ["no expected one at all", { expect: [] }, "ERR_LEAFD_WRONG_IDENTITY"],
  ];
  for (const [what, options, code] of wrong)
    it(`refuses a server with ${what}`, async () => {
      await using server = await listeningServer();
      await using client = await clientOf(server, options);
      await assert.rejects(client.ask(), { code });
      assert.equal(client.agent.handshakes().wrong_identity, 1);
      assert.deepEqual(server.mtls.requests()["GET /orders"], { allowed: 0, denied: 0 });
    });

  it("goes by the host name when no id is expected", async () => {
    await using server = await listeningServer();
    await using client = await clientOf(server);
    const agent = new MutualTlsAgent({ pair: client.pair });
    assert.equal(await client.ask({ agent, host: "localhost" }), 200);
    await assert.rejects(client.ask({ agent, host: "127.0.0.1" }), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
    assert.deepEqual([agent.handshakes().ok, agent.handshakes().wrong_identity], [1, 1]);
    agent.destroy();
  });

  it("refuses a server of another authority, whatever the request says", async () => {
    await using server = await listeningServer();
    await using elsewhere = await listeningServer();
    await using client = await clientOf(server);
    const lax = { port: elsewhere.port, rejectUnauthorized: false, ca: elsewhere.authority.certificate.pem };
    await assert.rejects(client.ask(lax));
    assert.equal(client.agent.handshakes().unknown_authority, 1);
  });

  it("resumes no session, not even with a server that offers it", async () => {
    await using server = await listeningServer();
    await using client = await clientOf(server);
    const reused: boolean[] = [];
    const { privateKey, certificate, trust: ca } = server.pair.current;
    const generous = createServer({ key: privateKey.reveal(), cert: certificate, ca, requestCert: true });
    generous.on("request", (_request, response) => void response.end());
    generous.on("secureConnection", (socket) => reused.push(socket.isSessionReused()));
    generous.listen(0, "127.0.0.1");
    await once(generous, "listening");
    const address = generous.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await client.ask({ port });
    await client.ask({ port });
    generous.close();
    assert.deepEqual(reused, [false, false]);
  });

  it("does not count a connection that was never made", async () => {
    await using server = await listeningServer();
    await using client = await clientOf(server);
    await server.mtls.close();
    await assert.rejects(client.ask(), { code: "ECONNREFUSED" });
    assert.deepEqual(new Set(Object.values(client.agent.handshakes())), new Set([0]));
  });

  it("refuses to expect something that is no SPIFFE ID", async () => {
    await using server = await listeningServer();
    await assert.rejects(clientOf(server, { expect: ["orders"] }), { reason: "config_invalid" });
  });
});

describe("connectOptions", () => {
  it("are for tls.connect, with the pair of the moment", async () => {
    await using server = await listeningServer();
    await using client = await clientOf(server);
    for (let round = 0; round < 2; round += 1) {
      const socket = connect({
        port: server.port,
        host: "127.0.0.1",
        ...connectOptions({ pair: client.pair, expect: [ORDERS] }),
      });
      await once(socket, "secureConnect");
      assert.equal((await server.handshake()).peer?.serial, client.pair.current.serial);
      socket.destroy();
      await client.rotate();
    }
  });
});
