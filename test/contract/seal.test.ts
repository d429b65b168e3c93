import assert from "node:assert/strict";
import test from "node:test";
import { contract } from "../support/contract.ts";
import { opensslCsr } from "../support/openssl-csr.ts";

contract("health and seal", (world) => {
  const anonymous = (path: string, namespace?: string) =>
    world().vault.request("GET", path, undefined, { token: "", ...(namespace === undefined ? {} : { namespace }) });

  test("health needs no token and tells the time", async () => {
    const { status, body } = await anonymous("sys/health");
    assert.equal(status, 200);
    assert.deepEqual([body["initialized"], body["sealed"], body["standby"]], [true, false, false]);
    assert.equal(typeof body["version"], "string");
    assert.ok(Math.abs(Number(body["server_time_utc"]) - Date.now() / 1000) < 5);
  });

  test("health must be asked without a namespace", async () => {
    const { status, body } = await anonymous("sys/health", "team");
    assert.equal(status, 400);
    assert.deepEqual(body.errors, ["operation unavailable in namespaces"]);
  });

  test("a namespace that does not exist is 404", async () => {
    const reply = await world().vault.request("GET", "pki/roles/svc", undefined, { namespace: "nowhere" });
    assert.equal(reply.status, 404);
    assert.deepEqual(reply.body.errors, ["namespace not found"]);
  });

  test("a sealed server answers 503 to everything but health, and forgets nothing", async () => {
    const { vault, pki } = world();
    const token = await pki.login();
    const csr = await opensslCsr({ commonName: "a.svc" });
    const sign = () => vault.request("POST", "pki/sign/svc", { csr }, { token });
    const issuedBefore = await pki.issued();
    await vault.seal();

    const health = await anonymous("sys/health");
    assert.equal(health.status, 503);
    assert.deepEqual([health.body["sealed"], health.body["initialized"]], [true, true]);
    assert.equal((await anonymous("sys/seal-status")).body["sealed"], true);
    const credentials = { role_id: pki.roleId, secret_id: pki.secretId };
    const login = await vault.request("POST", "auth/approle/login", credentials, { token: "" });
    for (const reply of [await sign(), login, await anonymous("pki/ca/pem")]) {
      assert.equal(reply.status, 503);
      assert.deepEqual(reply.body.errors, ["Vault is sealed"]);
    }
    const wrongKey = await vault.request("PUT", "sys/unseal", { key: "00" }, { token: "" });
    assert.equal(wrongKey.status, 400);

    await vault.unseal();
    assert.equal((await sign()).status, 200);
    assert.equal(await pki.issued(), issuedBefore + 1);
  });
});
