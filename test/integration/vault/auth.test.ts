import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import test, { after, before, describe } from "node:test";
import type { AuthSpec } from "../../../src/domain/cluster-spec.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { kubernetesAuth, serviceAccount } from "../../support/kubernetes-auth.ts";
import { setUpPki, type TestPki } from "../../support/pki-setup.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { watchedCluster } from "../../support/vault-cluster.ts";
import { startOpenBao, type TestVault } from "../../support/vault-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const never = new AbortController().signal;
let vault: TestVault;
let pki: TestPki;
let directory: TempDir;

before(async () => {
  vault = await startOpenBao();
  pki = await setUpPki(vault);
  directory = await tempDir();
});
after(async () => {
  await vault.stop();
  await directory[Symbol.asyncDispose]();
});

/** Writes a credential file and answers its path. */
async function file(name: string, content: string): Promise<string> {
  const path = directory.join(name);
  await writeFile(path, `${content}\n`);
  return path;
}

/** Logs in once, and answers the policies of the token that came of it. */
async function policiesOf(auth: AuthSpec, stateDir?: string): Promise<unknown> {
  using it = watchedCluster(vault, { auth, ...(stateDir === undefined ? {} : { stateDir }) });
  const token = (await it.cluster.session.token(never)).reveal();
  const { body } = await vault.request("GET", "auth/token/lookup-self", undefined, { token });
  assert.deepEqual(
    it.events.filter(({ kind }) => kind === "logged_in").map((event) => "method" in event && event.method),
    [auth.kind],
  );
  return body.data.policies;
}

describe("approle", () => {
  const approle = (settings: Partial<Extract<AuthSpec, { kind: "approle" }>>): AuthSpec => ({
    kind: "approle",
    mount: "approle",
    roleId: { value: pki.roleId },
    persist: true,
    ...settings,
  });
  const creationPath = () => `auth/approle/role/${pki.approle}/secret-id`;
  const wrappedIn = async (name: string, uses = 0) => file(name, await pki.newSecretId({ wrapTtl: "60s", uses }));

  test("logs in with a role-id and a secret-id from files", async () => {
    const roleId = { file: await file("role-id", pki.roleId) };
    const auth = approle({ roleId, secretIdFile: await file("secret-id", pki.secretId) });
    assert.deepEqual(await policiesOf(auth), ["default", pki.approle]);
  });

  test("logs in without a secret-id where the role needs none", async () => {
    const path = "auth/approle/role/open";
    const settings = { bind_secret_id: false, secret_id_bound_cidrs: [], token_bound_cidrs: ["127.0.0.0/8"] };
    await vault.root("POST", path, { ...settings, token_policies: ["default"] });
    const value = (await vault.root("GET", `${path}/role-id`)).data.role_id;
    assert.deepEqual(await policiesOf(approle({ roleId: { value } })), ["default"]);
  });

  test("reads the secret-id again at each login", async () => {
    const secretIdFile = await file("rotated", "wrong");
    using it = watchedCluster(vault, { auth: approle({ secretIdFile }) });
    await assert.rejects(it.cluster.session.token(never), { reason: "login_denied", hint: /secret-id/ });
    await writeFile(secretIdFile, pki.secretId);
    using again = watchedCluster(vault, { auth: approle({ secretIdFile }) });
    await again.cluster.session.token(never);
  });

  test("says when the role-id may be locked out, and what a lock-out is", async () => {
    const path = "auth/approle/role/locked";
    await vault.root("POST", path, { token_policies: ["default"] });
    const roleId = { value: (await vault.root("GET", `${path}/role-id`)).data.role_id };
    const data = { role_id: roleId.value, secret_id: "of-another-host" };
    for (let i = 0; i < 5; i += 1) await vault.request("POST", "auth/approle/login", data, { token: "" });
    const good = (await vault.root("POST", `${path}/secret-id`, {})).data.secret_id;
    const auth = approle({ roleId, secretIdFile: await file("good", good) });
    using it = watchedCluster(vault, { auth });
    await assert.rejects(it.cluster.session.token(never), { reason: "login_denied", hint: /locked the role-id out/ });
  });

  test("logs in again as soon as another role-id is there", async () => {
    const roleIdFile = await file("role-id-of-another", "wrong");
    const auth = approle({ roleId: { file: roleIdFile }, secretIdFile: await file("right", pki.secretId) });
    using it = watchedCluster(vault, { auth });
    await assert.rejects(it.cluster.session.token(never), { reason: "login_denied" });
    await writeFile(roleIdFile, pki.roleId);
    await it.cluster.session.token(never);
  });

  test("logs in again as soon as another secret-id is there, also while a refusal is waited out", async () => {
    const secretIdFile = await file("delivered", await pki.newSecretId({ uses: 1 }));
    using it = watchedCluster(vault, { auth: approle({ secretIdFile }) });
    const first = (await it.cluster.session.token(never)).reveal();
    await vault.root("POST", "auth/token/revoke", { token: first });
    const lookUp = (token: Secret<string>) =>
      it.cluster.api.send({ operation: "read", path: "auth/token/lookup-self", token }, never);
    const use = () => it.cluster.session.call(lookUp, never);
    await assert.rejects(use(), { reason: "login_denied" });
    await writeFile(secretIdFile, await pki.newSecretId({ uses: 1 }));
    await use();
    const second = (await it.cluster.session.token(never)).reveal();
    await writeFile(secretIdFile, await pki.newSecretId({ uses: 1 }));
    const replaced = async () => (await it.cluster.session.token(never)).reveal() !== second;
    await waitFor(replaced, { what: "a login with the new secret-id" });
  });

  test("says which file is missing, empty or not readable", async () => {
    const missing = directory.join("nowhere");
    await assert.rejects(policiesOf(approle({ secretIdFile: missing })), {
      reason: "credential_missing",
      message: `the secret-id in ${missing} cannot be read: ENOENT`,
    });
    const empty = await file("empty", "");
    await assert.rejects(policiesOf(approle({ secretIdFile: empty })), {
      message: `${empty} is empty and should hold the secret-id`,
    });
  });

  test("takes a wrapped secret-id out once, keeps it 0600, and logs in again after a restart", async () => {
    const stateDir = directory.join("state-kept");
    await mkdir(stateDir, { mode: 0o700 });
    const secretIdFile = await wrappedIn("wrapped");
    const auth = approle({ secretIdFile, wrapped: { creationPath: creationPath() } });
    assert.deepEqual(await policiesOf(auth, stateDir), ["default", pki.approle]);
    const kept = directory.join("state-kept", "vault", "default.json");
    assert.equal((await stat(kept)).mode & 0o777, 0o600);
    assert.deepEqual(await policiesOf(auth, stateDir), ["default", pki.approle]);
    await rm(secretIdFile);
    assert.deepEqual(await policiesOf(auth, stateDir), ["default", pki.approle], "the delivery may be gone");
    await writeFile(secretIdFile, await pki.newSecretId({ wrapTtl: "60s" }));
    const earlier = await readFile(kept, "utf8");
    await policiesOf(auth, stateDir);
    assert.notEqual(await readFile(kept, "utf8"), earlier, "a new delivery is taken out");
    await writeFile(kept, '{"version":2,"sealed":"of a later leafd"}');
    using it = watchedCluster(vault, { auth, stateDir });
    await assert.rejects(it.cluster.session.token(never), { reason: "wrap_consumed" });
    const warning = it.events.find(({ kind }) => kind === "warning");
    assert.ok(warning?.kind === "warning" && warning.message.endsWith(`${kept} cannot be understood`));
    assert.match(warning.hint ?? "", /used, by leafd itself/);
  });

  test("with persist: false leaves nothing on disk, and after a restart the token is wrap_consumed", async () => {
    const stateDir = directory.join("state-not-kept");
    await mkdir(stateDir);
    const auth = approle({
      secretIdFile: await wrappedIn("wrapped-once"),
      wrapped: { creationPath: creationPath() },
      persist: false,
    });
    await policiesOf(auth, stateDir);
    await assert.rejects(stat(directory.join("state-not-kept", "vault")), { code: "ENOENT" });
    await assert.rejects(policiesOf(auth, stateDir), { reason: "wrap_consumed", hint: /stolen/ });
  });

  test("a state directory that cannot be written is a warning and no obstacle", async () => {
    const stateDir = await file("not-a-directory", "");
    const auth = approle({ secretIdFile: await wrappedIn("wrapped-warn"), wrapped: { creationPath: creationPath() } });
    using it = watchedCluster(vault, { auth, stateDir });
    await it.cluster.session.token(never);
    assert.ok(it.events.some((event) => event.kind === "warning" && event.message.includes("could not be kept")));
  });

  test("a wrapping token of another path is wrap_mismatch, and is not consumed", async () => {
    const { body } = await vault.request("POST", "sys/wrapping/wrap", { secret_id: "evil" }, { wrapTtl: "60s" });
    const { token } = body.wrap_info;
    const auth = approle({ secretIdFile: await file("foreign", token), wrapped: { creationPath: creationPath() } });
    await assert.rejects(policiesOf(auth, directory.path), { reason: "wrap_mismatch", message: /sys\/wrapping\/wrap/ });
    const { data } = await vault.root("POST", "sys/wrapping/lookup", { token });
    assert.equal(data["creation_path"], "sys/wrapping/wrap");
  });

  test("a wrapping token that somebody used before us is wrap_consumed", async () => {
    const secretIdFile = await wrappedIn("stolen");
    const token = (await readFile(secretIdFile, "utf8")).trim();
    await vault.request("POST", "sys/wrapping/unwrap", undefined, { token });
    const auth = approle({ secretIdFile, wrapped: { creationPath: creationPath() } });
    await assert.rejects(policiesOf(auth, directory.join("none")), { reason: "wrap_consumed" });
  });
});

test("userpass logs in with a password file, and says no clearly", async () => {
  await vault.root("POST", "sys/auth/userpass", { type: "userpass" });
  await vault.root("POST", "auth/userpass/users/leafd", { password: "correct horse", token_policies: ["default"] });
  const auth = { kind: "userpass", mount: "userpass", username: "leafd" } as const;
  const passwordFile = await file("password", "correct horse");
  assert.deepEqual(await policiesOf({ ...auth, passwordFile }), ["default"]);
  await writeFile(passwordFile, "wrong");
  await assert.rejects(policiesOf({ ...auth, passwordFile }), { reason: "login_denied", hint: /user "leafd"/ });
});

test("jwt logs in with a token signed by a key that Vault knows", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await vault.root("POST", "sys/auth/jwt", { type: "jwt" });
  const pem = publicKey.export({ type: "spki", format: "pem" });
  await vault.root("POST", "auth/jwt/config", { jwt_validation_pubkeys: [pem] });
  const role = { role_type: "jwt", user_claim: "sub", bound_audiences: ["vault"], token_policies: ["default"] };
  await vault.root("POST", "auth/jwt/role/host", role);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = (audience: string) => {
    const now = Math.floor(Date.now() / 1000);
    const body = `${encode({ alg: "ES256" })}.${encode({ sub: "host-1", aud: audience, iat: now, exp: now + 60 })}`;
    return `${body}.${sign("sha256", Buffer.from(body), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  };
  const auth = { kind: "jwt", mount: "jwt", role: "host" } as const;
  assert.deepEqual(await policiesOf({ ...auth, tokenFile: await file("jwt", signed("vault")) }), ["default"]);
  const tokenFile = await file("jwt", signed("elsewhere"));
  await assert.rejects(policiesOf({ ...auth, tokenFile }), { reason: "login_denied", hint: /audience/ });
});

test("kubernetes logs in with the service account token that the cluster vouches for", async () => {
  await using kubernetes = await kubernetesAuth(vault, ["default"]);
  const tokenFile = await file("sa-token", serviceAccount("leafd"));
  const auth = { kind: "kubernetes", mount: "kubernetes", tokenFile } as const;
  assert.deepEqual(await policiesOf({ ...auth, role: "leafd" }), ["default"]);
  assert.equal(kubernetes.reviewed[0], serviceAccount("leafd"));
  await assert.rejects(policiesOf({ ...auth, role: "nope" }), { reason: "login_denied", message: /nope/ });
});

describe("a token that was handed to us", () => {
  const create = async (settings: object) =>
    (await vault.root("POST", "auth/token/create", { policies: ["default"], ttl: "1h", ...settings })).auth
      .client_token;

  test("is looked up and used, from the configuration or from a file", async () => {
    assert.deepEqual(await policiesOf({ kind: "token", token: new Secret(await create({})) }), ["default"]);
    assert.deepEqual(await policiesOf({ kind: "tokenFile", path: await file("token", await create({})) }), ["default"]);
  });

  test("and is dead is token_invalid", async () => {
    await assert.rejects(policiesOf({ kind: "token", token: new Secret("s.dead") }), { reason: "token_invalid" });
  });

  test("with a count of uses is refused", async () => {
    const token = new Secret(await create({ num_uses: 5 }));
    await assert.rejects(policiesOf({ kind: "token", token }), { reason: "login_denied", message: /4 requests only/ });
  });

  test("in a file with more than a token is refused before it is sent", async () => {
    const path = await file("two-lines", "s.one\ns.two");
    await assert.rejects(policiesOf({ kind: "tokenFile", path }), {
      reason: "credential_missing",
      message: /more than the token/,
    });
  });
});

test("an auth mount that is missing is told by its path", async () => {
  const auth = { kind: "userpass", mount: "nowhere", username: "x" } as const;
  const passwordFile = await file("password-2", "x");
  await assert.rejects(policiesOf({ ...auth, passwordFile }), { message: /auth\/nowhere\/login\/x/ });
});
