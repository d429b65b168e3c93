import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import test, { describe } from "node:test";
import { Secret } from "../../../src/domain/secret.ts";
import { type HttpServer, httpServer } from "../../support/http-server.ts";
import { vaultClient } from "../../support/vault-client.ts";

const never = new AbortController().signal;
const SIGN = { operation: "write", path: "pki/sign/svc", data: {}, token: new Secret("s.token") } as const;

/** A server whose answer a test can change; counts the requests and keeps their tokens. */
async function node(
  first: RequestListener,
): Promise<{ server: HttpServer; tokens: unknown[]; answer: RequestListener }> {
  const state = { answer: first, tokens: [] as unknown[] };
  const server = await httpServer((request, response) => {
    state.tokens.push(request.headers["x-vault-token"]);
    state.answer(request, response);
  });
  return Object.assign(state, { server });
}

const says =
  (name: string): RequestListener =>
  (_request, response) =>
    void response.end(JSON.stringify({ data: { name } }));
const fails =
  (status: number, ...errors: string[]): RequestListener =>
  (_request, response) =>
    void response.writeHead(status).end(JSON.stringify({ errors }));
const redirects =
  (to: string): RequestListener =>
  (_request, response) =>
    void response.writeHead(307, { Location: `${to}/v1/pki/sign/svc` }).end();

describe("a cluster with several addresses", () => {
  const REFUSED = "http://127.0.0.1:1";

  test("goes on to the next one that can serve, stays there, and says so once", async () => {
    const [sealed, good] = await Promise.all([node(fails(503, "Vault is sealed")), node(says("good"))]);
    await using _sealed = sealed.server;
    await using _good = good.server;
    const { client, events } = vaultClient({ addresses: [REFUSED, sealed.server.address, good.server.address] });
    for (let i = 0; i < 3; i += 1) assert.deepEqual(await client.send(SIGN, never), { data: { name: "good" } });
    assert.deepEqual([sealed.tokens.length, good.tokens.length], [1, 3]);
    assert.deepEqual(
      events.map((event) => event.kind),
      ["cluster_up"],
    );
    assert.deepEqual(client.availability, { serving: good.server.address });
  });

  test("a refused request is no reason to try another address", async () => {
    const [first, second] = await Promise.all([node(fails(400, "unknown role: x")), node(says("second"))]);
    await using _first = first.server;
    await using _second = second.server;
    const { client } = vaultClient({ addresses: [first.server.address, second.server.address] });
    await assert.rejects(client.send(SIGN, never), { reason: "role_missing" });
    assert.equal(second.tokens.length, 0);
  });

  test("an address that fails is told as down when another takes over, and the cluster when none is left", async () => {
    const [first, second] = await Promise.all([node(says("first")), node(says("second"))]);
    await using _first = first.server;
    await using _second = second.server;
    const { client, events } = vaultClient({ addresses: [first.server.address, second.server.address] });
    await client.send(SIGN, never);
    first.answer = fails(503, "Vault is sealed");
    await client.send(SIGN, never);
    second.answer = fails(503, "Vault is sealed");
    await assert.rejects(client.send(SIGN, never), { reason: "sealed" });
    await assert.rejects(client.send(SIGN, never), { reason: "sealed" });
    first.answer = says("first");
    await client.send(SIGN, never);
    const told = events.map((event) => [event.kind, "address" in event ? event.address : ""]);
    assert.deepEqual(told, [
      ["cluster_up", first.server.address],
      ["cluster_down", first.server.address],
      ["cluster_up", second.server.address],
      ["cluster_down", second.server.address],
      ["cluster_up", first.server.address],
    ]);
  });

  test("an answer that is damaged is not asked for elsewhere: that could sign twice", async () => {
    const broken: RequestListener = (_request, response) => void response.end('{"data":{"certif');
    const [first, second] = await Promise.all([node(broken), node(says("second"))]);
    await using _first = first.server;
    await using _second = second.server;
    const { client } = vaultClient({ addresses: [first.server.address, second.server.address] });
    await assert.rejects(client.send(SIGN, never), { reason: "bad_response" });
    assert.equal(second.tokens.length, 0);
    assert.deepEqual(await client.send(SIGN, never), { data: { name: "second" } });
  });

  test("an answer that comes too late is not asked for elsewhere, but the next request is", async () => {
    const [slow, good] = await Promise.all([node(() => undefined), node(says("good"))]);
    await using _slow = slow.server;
    await using _good = good.server;
    const addresses = [slow.server.address, good.server.address];
    const { client } = vaultClient({ addresses, timeouts: { connect: 1_000, request: 100 } });
    await assert.rejects(client.send(SIGN, never), { reason: "timeout" });
    assert.equal(good.tokens.length, 0);
    assert.deepEqual(await client.send(SIGN, never), { data: { name: "good" } });
  });
});

describe("a standby that redirects", () => {
  test("to a configured address is followed, with the token", async () => {
    const active = await node(says("active"));
    const standby = await node(redirects(active.server.address));
    await using _active = active.server;
    await using _standby = standby.server;
    const { client } = vaultClient({ addresses: [standby.server.address, active.server.address] });
    assert.deepEqual(await client.send(SIGN, never), { data: { name: "active" } });
    await client.send(SIGN, never);
    assert.deepEqual([standby.tokens.length, active.tokens], [1, ["s.token", "s.token"]]);
  });

  test("to another host is not followed: the token goes nowhere else", async () => {
    const foreign = await node(says("foreign"));
    const standby = await node(redirects(foreign.server.address));
    await using _foreign = foreign.server;
    await using _standby = standby.server;
    const { client } = vaultClient({ addresses: [standby.server.address] });
    await assert.rejects(client.send(SIGN, never), { reason: "standby", hint: /`address` list/ });
    assert.equal(foreign.tokens.length, 0);
  });

  test("to another scheme, a look-alike host, itself or nowhere is not followed", async () => {
    const standby = await node(says(""));
    await using _standby = standby.server;
    const { client } = vaultClient({ addresses: [standby.server.address] });
    const { address } = standby.server;
    for (const target of [address.replace("http:", "https:"), `${address}.evil.example`, address, "", "//", "::"]) {
      standby.answer = redirects(target);
      await assert.rejects(client.send(SIGN, never), { reason: "standby" }, target);
    }
  });

  test("in a circle ends", async () => {
    const [a, b] = await Promise.all([node(says("")), node(says(""))]);
    await using _a = a.server;
    await using _b = b.server;
    a.answer = redirects(b.server.address);
    b.answer = redirects(a.server.address);
    const { client } = vaultClient({ addresses: [a.server.address, b.server.address] });
    await assert.rejects(client.send(SIGN, never), { reason: "standby" });
    assert.deepEqual([a.tokens.length, b.tokens.length], [1, 1]);
  });
});
