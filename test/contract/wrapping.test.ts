import assert from "node:assert/strict";
import test from "node:test";
import { contract } from "../support/contract.ts";
import { waitFor } from "../support/wait-for.ts";

const CREATION_PATH = "auth/approle/role/pki-svc/secret-id";

contract("response wrapping", (world) => {
  const lookup = (token: string) => world().vault.request("POST", "sys/wrapping/lookup", { token }, { token: "" });
  const unwrap = (token: string) => world().vault.request("POST", "sys/wrapping/unwrap", {}, { token });

  test("a wrapped secret-id comes as a token that says how it was made", async () => {
    const { body } = await world().vault.request("POST", CREATION_PATH, {}, { wrapTtl: "60s" });
    assert.equal(body.data, null);
    assert.equal(body.wrap_info.ttl, 60);
    assert.equal(body.wrap_info.creation_path, CREATION_PATH);
    assert.ok(Date.parse(body.wrap_info.creation_time) > 0);
  });

  test("a look-up needs no token, shows the creation path and uses nothing up", async () => {
    const wrapping = await world().pki.newSecretId({ wrapTtl: "60s" });
    for (const _ of [1, 2]) {
      const { status, body } = await lookup(wrapping);
      assert.equal(status, 200);
      assert.deepEqual([body.data["creation_path"], body.data["creation_ttl"]], [CREATION_PATH, 60]);
    }
  });

  test("unwrapping works once, and the secret-id logs in", async () => {
    const { vault, pki } = world();
    const wrapping = await pki.newSecretId({ wrapTtl: "60s" });
    const { status, body } = await unwrap(wrapping);
    assert.equal(status, 200);
    const credentials = { role_id: pki.roleId, secret_id: body.data.secret_id };
    assert.equal((await vault.request("POST", "auth/approle/login", credentials, { token: "" })).status, 200);
    for (const second of [await unwrap(wrapping), await lookup(wrapping)]) {
      assert.equal(second.status, 400);
      assert.deepEqual(second.body.errors, ["wrapping token is not valid or does not exist"]);
    }
  });

  test("the wrapping token may be in the body, beside the caller's own", async () => {
    const { vault, pki } = world();
    const wrapping = await pki.newSecretId({ wrapTtl: "60s" });
    const token = await pki.login();
    const reply = await vault.request("POST", "sys/wrapping/unwrap", { token: wrapping }, { token });
    assert.equal(reply.status, 200);
    assert.ok(reply.body.data.secret_id);
  });

  test("a wrapping token that has expired is as one that never was", async () => {
    const wrapping = await world().pki.newSecretId({ wrapTtl: "1s" });
    const isGone = async () => (await lookup(wrapping)).status === 400;
    await waitFor(isGone, { what: "the wrapping token to expire", every: 100 });
    assert.equal((await unwrap(wrapping)).status, 400);
  });

  test("a login can be wrapped as well", async () => {
    const { vault, pki } = world();
    const credentials = { role_id: pki.roleId, secret_id: pki.secretId };
    const { body } = await vault.request("POST", "auth/approle/login", credentials, { token: "", wrapTtl: "1m" });
    assert.equal(body.wrap_info.creation_path, "auth/approle/login");
    assert.equal((await unwrap(body.wrap_info.token)).body.auth.lease_duration, 3600);
  });

  test("any data can be wrapped", async () => {
    const reply = await world().vault.request("POST", "sys/wrapping/wrap", { a: "b" }, { wrapTtl: "30s" });
    assert.equal(reply.body.wrap_info.creation_path, "sys/wrapping/wrap");
    assert.deepEqual((await unwrap(reply.body.wrap_info.token)).body.data, { a: "b" });
  });

  test("a wrap TTL that is no duration is 400", async () => {
    const reply = await world().vault.request("POST", CREATION_PATH, {}, { wrapTtl: "soon" });
    assert.equal(reply.status, 400);
    assert.match(reply.body.errors?.[0] ?? "", /error parsing X-Vault-Wrap-TTL header/);
  });
});
