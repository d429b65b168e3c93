import assert from "node:assert/strict";
import test from "node:test";
import { startEmbedded } from "../../support/embedded-server.ts";

/*
 * What the development Vault can do that a real one cannot: stand still in time, and misbehave on demand. All else
 * is in test/contract.
 */

test("its clock is the one it is given: a token lives exactly as long as that says", async () => {
  let now = Date.UTC(2026, 0, 1);
  await using vault = await startEmbedded({ now: () => now });
  const { auth } = await vault.root("POST", "auth/token/create", { policies: ["default"], ttl: "1h" });
  const lookup = () => vault.request("GET", "auth/token/lookup-self", undefined, { token: auth.client_token });
  now += 3_599_999;
  assert.equal((await lookup()).status, 200);
  now += 1;
  assert.equal((await lookup()).status, 403);
  const health = await vault.request("GET", "sys/health");
  assert.equal(health.body["server_time_utc"], now / 1000);
});

test("a status is answered in place of the real one, as often and where it is asked for", async () => {
  await using vault = await startEmbedded();
  vault.faults.add({ path: /^sys\/mounts$/, status: 429, times: 2, headers: { "Retry-After": "7" } });
  const mounts = async () => {
    const { status, headers } = await vault.request("GET", "sys/mounts");
    return [status, headers["retry-after"]];
  };
  assert.equal((await vault.request("GET", "sys/health")).status, 200);
  assert.deepEqual(
    [await mounts(), await mounts()],
    [
      [429, "7"],
      [429, "7"],
    ],
  );
  assert.deepEqual(await mounts(), [200, undefined]);
});

test("a request is held until it is let go", async () => {
  await using vault = await startEmbedded();
  const gate = new AbortController();
  vault.faults.add({ path: /mounts/, until: gate.signal });
  let isAnswered = false;
  const reply = vault.request("GET", "sys/mounts").then((answer) => {
    isAnswered = true;
    return answer;
  });
  for (const _ of [1, 2, 3]) await vault.request("GET", "sys/health");
  assert.equal(isAnswered, false);
  gate.abort();
  assert.equal((await reply).status, 200);
});

test("it serves https with the certificate it is given", async () => {
  await using vault = await startEmbedded({ tls: true });
  assert.match(vault.address, /^https:/);
  assert.equal((await vault.request("GET", "sys/health")).status, 200);
});
