import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import test, { after, before, describe } from "node:test";
import type { AuthSpec } from "../../../src/domain/cluster-spec.ts";
import { setUpPki, type TestPki } from "../../support/pki-setup.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { issuerSpec, signOrder, type WatchedCluster, watchedCluster } from "../../support/vault-cluster.ts";
import { startOpenBao, type TestVault } from "../../support/vault-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const never = new AbortController().signal;
let vault: TestVault;
let pki: TestPki;

before(async () => {
  vault = await startOpenBao();
  pki = await setUpPki(vault, { roleSettings: { no_store: false } });
});
after(() => vault.stop());

/** An AppRole without secret-ids whose tokens live like this. */
async function roleWith(name: string, settings: object): Promise<AuthSpec> {
  const path = `auth/approle/role/${name}`;
  const open = { bind_secret_id: false, token_bound_cidrs: ["127.0.0.0/8"], token_policies: [pki.approle] };
  await vault.root("POST", path, { ...open, ...settings });
  const value = (await vault.root("GET", `${path}/role-id`)).data.role_id;
  return { kind: "approle", mount: "approle", roleId: { value }, persist: true };
}

function running({ cluster }: WatchedCluster): AsyncDisposable {
  const stop = new AbortController();
  const done = cluster.run(stop.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await done;
    },
  };
}

const signs = ({ cluster }: WatchedCluster) => cluster.issuer(issuerSpec({ method: "issue" })).sign(signOrder(), never);

const seen = (it: WatchedCluster, kind: string, times = 1) =>
  waitFor(() => it.kinds().filter((each) => each === kind).length >= times, { what: `${times} × ${kind}` });

describe("on a real server", { concurrency: true }, () => {
  test("a token is renewed up to its maximum life, then replaced, and signing never fails", async () => {
    using it = watchedCluster(vault, { auth: await roleWith("short", { token_ttl: "3s", token_max_ttl: "6s" }) });
    await using _ = running(it);
    await seen(it, "logged_in");
    const stop = performance.now() + 7_000;
    while (performance.now() < stop) await signs(it);
    await seen(it, "logged_in", 2);
    assert.ok(it.kinds().includes("token_renewed"));
    assert.ok(it.kinds().includes("token_ending max_ttl"));
    assert.ok(!it.kinds().includes("token_ending invalid"), "it was replaced in time");
    const { tokenExpires } = it.cluster.status();
    assert.ok(tokenExpires !== undefined && tokenExpires > Date.now());
  });

  test("a batch token is replaced before its end", async () => {
    const auth = await roleWith("batch", { token_ttl: "3s", token_type: "batch" });
    using it = watchedCluster(vault, { auth });
    await using _ = running(it);
    await seen(it, "logged_in", 2);
    assert.match((await it.cluster.session.token(never)).reveal(), /^(hvb|b)\./);
    assert.ok(it.kinds().includes("token_ending not_renewable"));
    assert.ok(!it.kinds().includes("token_renewed"));
  });

  test("a role that counts the uses of its tokens is refused at the login", async () => {
    using it = watchedCluster(vault, { auth: await roleWith("counted", { token_num_uses: 10 }) });
    await assert.rejects(signs(it), { reason: "login_denied", message: /10 requests only/, hint: /token_num_uses=0/ });
  });

  test("a revoked token costs one login, and the request that met it succeeds", async () => {
    using it = watchedCluster(vault, { auth: await roleWith("revoked", { token_ttl: "1h" }) });
    await signs(it);
    await vault.root("POST", "auth/token/revoke", { token: (await it.cluster.session.token(never)).reveal() });
    await Promise.all(Array.from({ length: 5 }, () => signs(it)));
    assert.deepEqual(it.kinds(), ["cluster_up", "logged_in", "token_ending invalid", "logged_in"]);
  });

  test("a policy that does not allow signing is permission_denied, costs no login, and says the missing rule", async () => {
    using it = watchedCluster(vault, { auth: await roleWith("poor", { token_policies: ["default"] }) });
    for (let i = 0; i < 3; i += 1)
      await assert.rejects(signs(it), {
        reason: "permission_denied",
        hint: /path "pki\/issue\/svc" \{ capabilities = \["update"\] \}/,
      });
    assert.deepEqual(it.kinds(), ["cluster_up", "logged_in"]);
  });

  test("a token file is followed when it changes", async () => {
    await using directory = await tempDir();
    const path = directory.join("token");
    const create = async () => {
      const { auth } = await vault.root("POST", "auth/token/create", { policies: [pki.approle], ttl: "1h" });
      await writeFile(path, auth.client_token);
      return auth.client_token;
    };
    const first = await create();
    using it = watchedCluster(vault, { auth: { kind: "tokenFile", path } });
    assert.equal((await it.cluster.session.token(never)).reveal(), first);
    const second = await create();
    const followed = async () => (await it.cluster.session.token(never)).reveal() === second;
    await waitFor(followed, { what: "the new token to be used" });
    assert.equal((await vault.request("GET", "auth/token/lookup-self", undefined, { token: first })).status, 200);
  });

  test("a namespace has its own login and its own mounts", async () => {
    await vault.root("POST", "sys/namespaces/team", {});
    const inside = (method: string, path: string, body: unknown) =>
      vault.request(method, path, body, { namespace: "team" });
    await inside("POST", "sys/mounts/pki", { type: "pki" });
    await inside("POST", "pki/root/generate/internal", { common_name: "Team Root", key_type: "ec", ttl: "24h" });
    await inside("POST", "pki/roles/svc", { allow_any_name: true, allowed_uri_sans: ["*"], key_type: "ec", ttl: "1h" });
    await inside("PUT", "sys/policies/acl/sign", { policy: 'path "pki/issue/svc" { capabilities = ["update"] }' });
    await inside("POST", "sys/auth/approle", { type: "approle" });
    const open = { bind_secret_id: false, token_bound_cidrs: ["127.0.0.0/8"], token_policies: ["sign"] };
    await inside("POST", "auth/approle/role/leafd", open);
    const { body } = await inside("GET", "auth/approle/role/leafd/role-id", undefined);
    const auth: AuthSpec = { kind: "approle", mount: "approle", roleId: { value: body.data.role_id }, persist: true };
    using it = watchedCluster(vault, { auth, namespace: "team" });
    const { leaf } = await signs(it);
    assert.match(leaf, /BEGIN CERTIFICATE/);
    assert.equal((await it.cluster.health(never)).standby, false, "health is asked outside the namespace");
    using elsewhere = watchedCluster(vault, { auth });
    await assert.rejects(signs(elsewhere), { reason: "login_denied" });
  });
});

test("a login costs no certificate", async () => {
  const issued = await pki.issued();
  const auth = await roleWith("again", { token_ttl: "1h" });
  for (let i = 0; i < 3; i += 1) {
    using it = watchedCluster(vault, { auth });
    await it.cluster.session.token(never);
  }
  assert.equal(await pki.issued(), issued);
});
