import assert from "node:assert/strict";
import test from "node:test";
import { contract } from "../support/contract.ts";

contract("logging in", (world) => {
  const login = (body: unknown, path = "auth/approle/login") =>
    world().vault.request("POST", path, body, { token: "" });

  test("AppRole gives a renewable service token with the role's policies and life", async () => {
    const { pki } = world();
    const { status, body } = await login({ role_id: pki.roleId, secret_id: pki.secretId });
    assert.equal(status, 200);
    assert.equal(body.data, null);
    assert.deepEqual(body.auth.policies, ["default", "pki-svc"]);
    assert.deepEqual(body.auth.token_policies, ["default", "pki-svc"]);
    assert.equal(body.auth.lease_duration, 3600);
    assert.equal(body.auth.renewable, true);
    assert.equal(body.auth.token_type, "service");
    assert.match(body.auth.client_token, /^s\./);
  });

  test("a wrong role-id and a wrong secret-id get the same answer", async () => {
    const { pki } = world();
    for (const body of [
      { role_id: pki.roleId, secret_id: "wrong" },
      { role_id: "wrong", secret_id: pki.secretId },
    ]) {
      const reply = await login(body);
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.body.errors, ["invalid role or secret ID"]);
    }
  });

  test("a missing secret-id is 400, a missing role-id 500", async () => {
    const withoutSecret = await login({ role_id: world().pki.roleId });
    assert.equal(withoutSecret.status, 400);
    assert.deepEqual(withoutSecret.body.errors, ["missing secret_id"]);
    assert.equal((await login({})).status, 500);
  });

  test("a login where nothing is mounted is 403, as everything without a token is", async () => {
    const reply = await login({}, "auth/nowhere/login");
    assert.equal(reply.status, 403);
    assert.deepEqual(reply.body.errors, ["permission denied"]);
  });

  test("a secret-id for one use is good for one login", async () => {
    const { pki } = world();
    const credentials = { role_id: pki.roleId, secret_id: await pki.newSecretId({ uses: 1 }) };
    assert.equal((await login(credentials)).status, 200);
    assert.equal((await login(credentials)).status, 400);
  });

  test("a role may give batch tokens", async () => {
    const { vault, pki } = world();
    await vault.root("POST", "auth/approle/role/batch", { token_type: "batch", token_ttl: "5m" });
    const { data } = await vault.root("GET", "auth/approle/role/batch/role-id");
    const { data: secret } = await vault.root("POST", "auth/approle/role/batch/secret-id", {});
    const { body } = await login({ role_id: data.role_id, secret_id: secret.secret_id });
    assert.match(body.auth.client_token, /^b\./);
    assert.deepEqual([body.auth.token_type, body.auth.renewable, body.auth.lease_duration], ["batch", false, 300]);
    assert.notEqual(data.role_id, pki.roleId);
  });

  test("a secret-id for a role that does not exist is 404", async () => {
    const reply = await world().vault.request("POST", "auth/approle/role/nobody/secret-id", {});
    assert.equal(reply.status, 404);
  });

  test("userpass takes the right password and no other", async () => {
    const { vault } = world();
    await vault.root("POST", "sys/auth/userpass", { type: "userpass" });
    await vault.root("POST", "auth/userpass/users/joe", { password: "correct horse", token_ttl: "10m" });
    const right = await login({ password: "correct horse" }, "auth/userpass/login/joe");
    assert.deepEqual([right.status, right.body.auth.lease_duration], [200, 600]);
    for (const user of ["joe", "nobody"]) {
      const wrong = await login({ password: "wrong" }, `auth/userpass/login/${user}`);
      assert.equal(wrong.status, 400);
      assert.deepEqual(wrong.body.errors, ["invalid username or password"]);
    }
  });
});
