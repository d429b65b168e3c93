import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:https";
import { describe, it } from "node:test";
import { createServer } from "node:tls";
import { HOUR } from "../../../src/domain/units.ts";
import { MutualTlsAgent } from "../../../src/mtls/client.ts";
import { metricsText } from "../../../src/mtls/metrics-text.ts";
import { assertLints } from "../../support/metrics-lint.ts";
import { type ListeningServer, listeningServer } from "../../support/mtls-server.ts";
import { seriesOf } from "../../support/observed.ts";
import { type LeafOptions, TestCa } from "../../support/test-ca.ts";

const PAYMENTS = { uris: ["spiffe://demo/payments"] };
const ORDERS = "spiffe://demo/orders";
const over = () => ({ notBefore: Date.now() - 2 * HOUR, notAfter: Date.now() - HOUR });

/** Those of one side that are not 0. */
function handshakes(text: string, side: string): Record<string, number> {
  const of = [...seriesOf(text)].filter(([series, count]) => series.includes(`side="${side}"`) && count > 0);
  return Object.fromEntries(of.map(([series, count]) => [/result="(\w+)"/.exec(series)?.[1], count]));
}

/** A TLS server with this leaf answers one handshake of the agent; resolves when the agent has judged it. */
async function meet(agent: MutualTlsAgent, leaf: LeafOptions, authority: TestCa): Promise<void> {
  const { certificate, privateKey } = await authority.leaf(leaf);
  const server = createServer({ cert: certificate.pem, key: privateKey.reveal() });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await assert.rejects(once(request({ host: "127.0.0.1", port, agent }).end(), "response"));
  server.close();
}

describe("the metrics of a Node service", () => {
  it("count the clients of a server under what is wrong with each", async () => {
    await using server = await listeningServer();
    const come = async (leaf: LeafOptions | undefined, options?: Parameters<ListeningServer["connect"]>[1]) => {
      await server.connect(leaf, options);
      await server.handshake();
    };
    await come(PAYMENTS);
    await come({ ...PAYMENTS, ...over() });
    await come({ ...PAYMENTS, ...over() });
    await come(PAYMENTS, { authority: await TestCa.root({ name: "Other" }) });
    await come(undefined);
    const text = metricsText({ servers: [server.mtls] });
    assertLints(text);
    assert.deepEqual(handshakes(text, "server"), { ok: 1, expired: 2, unknown_authority: 1, no_certificate: 1 });
    assert.doesNotMatch(text, /side="client"/);
    assert.match(text, /^leafd_mtls_requests_total\{endpoint="GET \/orders",decision="denied"\} 0$/m);
  });

  it("count the servers of an agent under what is wrong with each", async () => {
    await using server = await listeningServer();
    const agent = new MutualTlsAgent({ pair: server.pair, expect: [ORDERS] });
    const orders = { uris: [ORDERS] };
    await meet(agent, { ...orders, ...over() }, server.authority);
    await meet(agent, { ...orders, notBefore: Date.now() + HOUR, notAfter: Date.now() + 2 * HOUR }, server.authority);
    await meet(agent, orders, await TestCa.root({ name: "Other" }));
    await meet(agent, { uris: ["spiffe://demo/other"] }, server.authority);
    const text = metricsText({ agents: [agent] });
    agent.destroy();
    const wrong = { expired: 1, not_yet_valid: 1, unknown_authority: 1, wrong_identity: 1 };
    assert.deepEqual(handshakes(text, "client"), wrong);
    assertLints(text);
  });

  it("have every result from the start, and add up what there is more than one of", async () => {
    await using server = await listeningServer();
    const none = metricsText({ servers: [server.mtls] });
    const zeros = [...seriesOf(none)].filter(([series]) => series.startsWith("leafd_mtls_handshakes_total"));
    assert.equal(zeros.length, Object.keys(server.mtls.handshakes()).length);
    assert.ok(zeros.every(([, value]) => value === 0));
    await server.connect(PAYMENTS);
    await server.handshake();
    assert.deepEqual(handshakes(metricsText({ servers: [server.mtls, server.mtls] }), "server"), { ok: 2 });
  });
});
