import assert from "node:assert/strict";
import test from "node:test";
import { contract } from "../support/contract.ts";
import { waitFor } from "../support/wait-for.ts";

contract("the life of a token", (world) => {
  const create = async (order: unknown) => (await world().vault.root("POST", "auth/token/create", order)).auth;
  const self = (token: string, what: string, body?: unknown) =>
    world().vault.request(what === "lookup" ? "GET" : "POST", `auth/token/${what}-self`, body, { token });

  test("lookup-self describes the token", async () => {
    const { client_token: token } = await create({ policies: ["default"], ttl: "10m" });
    const { status, body } = await self(token, "lookup");
    assert.equal(status, 200);
    const {
      id,
      type,
      policies,
      creation_ttl: creationTtl,
      renewable,
      num_uses: uses,
      explicit_max_ttl: max,
    } = body.data;
    assert.deepEqual(
      { id, type, policies, creationTtl, renewable, uses, max },
      { id: token, type: "service", policies: ["default"], creationTtl: 600, renewable: true, uses: 0, max: 0 },
    );
    assert.ok(Number(body.data["ttl"]) >= 598 && Number(body.data["ttl"]) <= 600);
    assert.ok(Date.parse(String(body.data["expire_time"])) > Date.parse(String(body.data["issue_time"])));
  });

  test("no token and an unknown token are 403, and say no more than that", async () => {
    for (const token of ["", "s.unknown"]) {
      const { status, body } = await self(token, "lookup");
      assert.equal(status, 403);
      assert.deepEqual(body.errors, ["permission denied"]);
    }
  });

  test("the root token does not end, and does not renew", async () => {
    const { vault } = world();
    const { body } = await self(vault.rootToken, "lookup");
    assert.deepEqual([body.data["ttl"], body.data["expire_time"], body.data["policies"]], [0, null, ["root"]]);
    const renewal = await self(vault.rootToken, "renew", {});
    assert.equal(renewal.status, 400);
    assert.deepEqual(renewal.body.errors, ["invalid lease ID"]);
  });

  test("renew-self gives the first life again, or the increment that is asked for", async () => {
    const { client_token: token } = await create({ policies: ["default"], ttl: "10m" });
    const again = await self(token, "renew", {});
    assert.deepEqual([again.status, again.body.auth.lease_duration, again.body.warnings], [200, 600, null]);
    const longer = await self(token, "renew", { increment: "2h" });
    assert.equal(longer.body.auth.lease_duration, 7200);
  });

  test("a renewal beyond the maximum is cut, with a warning", async () => {
    const { client_token: token } = await create({ policies: ["default"], ttl: "10m", explicit_max_ttl: "15m" });
    const { status, body } = await self(token, "renew", { increment: "1h" });
    assert.equal(status, 200);
    assert.ok(body.auth.lease_duration <= 900 && body.auth.lease_duration >= 898);
    assert.match(body.warnings?.[0] ?? "", /^TTL of "1h" exceeded the effective max_ttl of ".*"; TTL value is capped/);
  });

  test("near its maximum a token renews to less each time, and then it is dead", async () => {
    const { vault, pki } = world();
    await vault.root("POST", "auth/approle/role/short", { token_ttl: "2s", token_max_ttl: "3s" });
    const { data } = await vault.root("GET", "auth/approle/role/short/role-id");
    const { data: secret } = await vault.root("POST", "auth/approle/role/short/secret-id", {});
    const credentials = { role_id: data.role_id, secret_id: secret.secret_id };
    const { auth } = await vault.root("POST", "auth/approle/login", credentials);
    const lives: number[] = [];
    const renewUntilRefused = async () => {
      const { status, body } = await self(auth.client_token, "renew", {});
      if (status === 200) lives.push(body.auth.lease_duration);
      return status === 403;
    };
    await waitFor(renewUntilRefused, { what: "the renewals to end", every: 300 });
    assert.equal(lives[0], 2);
    assert.ok((lives.at(-1) ?? 2) < 2);
    assert.notEqual(data.role_id, pki.roleId);
  });

  test("a periodic token renews to its period", async () => {
    const { client_token: token, lease_duration: life } = await create({ policies: ["default"], period: "2m" });
    assert.equal(life, 120);
    assert.equal((await self(token, "renew", { increment: "1h" })).body.auth.lease_duration, 120);
  });

  test("a token that has expired is 403", async () => {
    const { client_token: token } = await create({ policies: ["default"], ttl: "1s" });
    assert.equal((await self(token, "lookup")).status, 200);
    await waitFor(async () => (await self(token, "lookup")).status === 403, {
      what: "the token to expire",
      every: 100,
    });
  });

  test("revoke-self ends a token, and its children with it", async () => {
    const { vault } = world();
    const { client_token: parent } = await create({ policies: ["root"], ttl: "10m" });
    const order = { policies: ["default"], ttl: "10m" };
    const { body } = await vault.request("POST", "auth/token/create", order, { token: parent });
    assert.equal((await self(body.auth.client_token, "lookup")).status, 200);
    assert.equal((await self(parent, "revoke", {})).status, 204);
    assert.equal((await self(parent, "lookup")).status, 403);
    const childIsGone = async () => (await self(body.auth.client_token, "lookup")).status === 403;
    await waitFor(childIsGone, { what: "the child to end" });
  });

  test("an accessor finds a token and ends it, without knowing it", async () => {
    const { vault } = world();
    const { client_token: token, accessor } = await create({ policies: ["default"], ttl: "10m" });
    assert.ok((await vault.root("LIST", "auth/token/accessors")).data.keys.includes(accessor));
    const { data } = await vault.root("POST", "auth/token/lookup-accessor", { accessor });
    assert.deepEqual([data["id"], data["accessor"], data["policies"]], ["", accessor, ["default"]]);
    await vault.root("POST", "auth/token/revoke-accessor", { accessor });
    assert.equal((await self(token, "lookup")).status, 403);
    assert.ok(!(await vault.root("LIST", "auth/token/accessors")).data.keys.includes(accessor));
  });

  test("a batch token neither renews nor is revoked", async () => {
    const { client_token: token } = await create({ policies: ["default"], ttl: "10m", type: "batch" });
    assert.deepEqual((await self(token, "renew", {})).body.errors, ["batch tokens cannot be renewed"]);
    assert.deepEqual((await self(token, "revoke", {})).body.errors, ["batch tokens cannot be revoked"]);
    assert.equal((await self(token, "lookup")).status, 200);
  });

  test("a token for two uses ends with the second", async () => {
    const { client_token: token } = await create({ policies: ["default"], ttl: "10m", num_uses: 2 });
    assert.equal((await self(token, "lookup")).status, 200);
    assert.equal((await self(token, "lookup")).status, 200);
    await waitFor(async () => (await self(token, "lookup")).status === 403, { what: "the token to end" });
  });

  test("a life beyond the server's maximum is cut, with a warning", async () => {
    const { auth, warnings } = await world().vault.root("POST", "auth/token/create", {
      policies: ["default"],
      ttl: "9000h",
    });
    assert.equal(auth.lease_duration, 2_764_800);
    assert.match(warnings?.[0] ?? "", /exceeded the effective max_ttl of "768h"/);
  });
});
