import assert from "node:assert/strict";
import test from "node:test";
import { contract } from "../support/contract.ts";
import { opensslCsr } from "../support/openssl-csr.ts";

contract("policies", (world) => {
  const tokenWith = async (name: string, policy: string) => {
    await world().vault.root("PUT", `sys/policies/acl/${name}`, { policy });
    const order = { policies: [name], ttl: "10m" };
    return (await world().vault.root("POST", "auth/token/create", order)).auth.client_token;
  };
  const capabilities = async (token: string, paths: readonly string[]) =>
    (await world().vault.request("POST", "sys/capabilities-self", { paths }, { token })).body.data;

  test("signing needs `update`, and `update` is enough", async () => {
    const { vault } = world();
    const csr = await opensslCsr({ commonName: "a.svc" });
    const sign = (token: string) => vault.request("POST", "pki/sign/svc", { csr }, { token });
    const updating = await tokenWith("updating", 'path "pki/sign/svc" { capabilities = ["update"] }');
    assert.equal((await sign(updating)).status, 200);
    const creating = await tokenWith("creating", 'path "pki/sign/svc" { capabilities = ["create"] }');
    const refused = await sign(creating);
    assert.equal(refused.status, 403);
    assert.match(refused.body.errors?.[0] ?? "", /permission denied/);
  });

  test("the least-privilege policy of a role allows nothing else", async () => {
    const { vault, pki } = world();
    const token = await pki.login();
    const csr = await opensslCsr({ commonName: "a.svc" });
    assert.equal((await vault.request("POST", "pki/sign/svc", { csr }, { token })).status, 200);
    for (const path of ["pki/sign/other", "pki/issuer/default/sign/svc", "elsewhere/sign/svc"])
      assert.equal((await vault.request("POST", path, { csr }, { token })).status, 403, path);
    assert.equal((await vault.request("GET", "sys/mounts", undefined, { token })).status, 403);
    assert.equal((await vault.request("PUT", "sys/seal", {}, { token })).status, 403);
  });

  test("capabilities-self says what a token may do, path by path", async () => {
    const token = await world().pki.login();
    const data = await capabilities(token, ["pki/sign/svc", "pki/sign/other", "sys/mounts"]);
    assert.deepEqual(data["pki/sign/svc"], ["update"]);
    assert.deepEqual(data["pki/sign/other"], ["deny"]);
    assert.deepEqual(data["sys/mounts"], ["deny"]);
    assert.deepEqual((await capabilities(world().vault.rootToken, ["x"]))["capabilities"], ["root"]);
  });

  test("of several rules the most precise one counts, and `deny` beats the rest", async () => {
    const token = await tokenWith(
      "precise",
      `path "pki/*" { capabilities = ["read"] }
       path "pki/sign/*" { capabilities = ["deny"] }
       path "pki/+/special" { capabilities = ["update"] }
       path "pki/issue/svc" { capabilities = ["update", "read"] }`,
    );
    const data = await capabilities(token, [
      "pki/roles/x",
      "pki/sign/svc",
      "pki/issue/special",
      "pki/issue/svc",
      "other",
    ]);
    assert.deepEqual(data["pki/roles/x"], ["read"]);
    assert.deepEqual(data["pki/sign/svc"], ["deny"]);
    assert.deepEqual(data["pki/issue/special"], ["update"]);
    assert.deepEqual(data["pki/issue/svc"], ["read", "update"]);
    assert.deepEqual(data["other"], ["deny"]);
  });

  test("an unknown token may not even ask", async () => {
    const reply = await world().vault.request(
      "POST",
      "sys/capabilities-self",
      { paths: ["x"] },
      { token: "s.unknown" },
    );
    assert.equal(reply.status, 403);
  });

  test("asking about no path is 400", async () => {
    assert.equal((await world().vault.request("POST", "sys/capabilities-self", {})).status, 400);
  });
});
