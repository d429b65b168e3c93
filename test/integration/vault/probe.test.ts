import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import test, { after, before, describe } from "node:test";
import type { AuthSpec, ClusterSpec, IssuerSpec } from "../../../src/domain/cluster-spec.ts";
import type { Complaint, Remark } from "../../../src/domain/remark.ts";
import type { CertificateRequest } from "../../../src/domain/spec.ts";
import { setUpPki, type TestPki } from "../../support/pki-setup.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { issuerSpec, signOrder, watchedCluster } from "../../support/vault-cluster.ts";
import { startOpenBao, type TestVault } from "../../support/vault-server.ts";

const never = new AbortController().signal;
const HOUR = 3_600_000;
let vault: TestVault;
let pki: TestPki;
let directory: TempDir;

before(async () => {
  vault = await startOpenBao();
  pki = await setUpPki(vault, { policy: 'path "pki/roles/readable" { capabilities = ["read"] }' });
  await vault.root("POST", "pki/roles/readable", {
    allowed_domains: ["svc"],
    allow_subdomains: true,
    key_type: "ec",
    max_ttl: "1h",
  });
  directory = await tempDir();
  await writeFile(directory.join("secret-id"), pki.secretId);
});
after(async () => {
  await vault.stop();
  await directory[Symbol.asyncDispose]();
});

function approle(settings: Partial<Extract<AuthSpec, { kind: "approle" }>> = {}): AuthSpec {
  const secretIdFile = directory.join("secret-id");
  return { kind: "approle", mount: "approle", roleId: { value: pki.roleId }, secretIdFile, persist: true, ...settings };
}

interface Asked extends Partial<ClusterSpec> {
  readonly issuer?: Partial<IssuerSpec>;
  readonly request?: Partial<CertificateRequest>;
  readonly survive?: number;
  readonly ownRoots?: boolean;
  readonly spendSecretId?: boolean;
}

async function probe({ issuer = {}, request = {}, survive, ownRoots = false, spendSecretId = true, ...spec }: Asked) {
  using it = watchedCluster(vault, { auth: approle(), ...spec, stateDir: directory.path });
  const { names, key } = signOrder();
  const outlive = survive === undefined ? {} : { survive };
  const asked = { names, key, reuseKey: false, usages: [], ...request } as const;
  const wanted = [{ service: "payments", request: asked, renewAt: 2 / 3, ...outlive }];
  const configPath = ["issuers", "main", "vault"];
  const issuers = [{ spec: issuerSpec(issuer), configPath, wanted }];
  const review = { maxTtl: 10 * 365 * 24 * HOUR };
  return await it.cluster.probe({ issuers, ownRoots, review, spendSecretId }, never);
}

const complaints = (findings: readonly Remark[]): readonly Complaint[] =>
  findings.filter((each): each is Complaint => each.severity !== "ok");
const errors = (findings: readonly Remark[]) => complaints(findings).filter(({ severity }) => severity === "error");
const skipped = (findings: readonly Remark[]) => complaints(findings).filter(({ severity }) => severity === "skipped");

describe("a look at a cluster", () => {
  test("that is well finds nothing wrong, issues nothing, and leaves no token behind", async () => {
    const accessors = async () => (await vault.request("LIST", "auth/token/accessors")).body.data.keys.length;
    const [issued, tokens] = [await pki.issued(), await accessors()];
    const findings = await probe({ request: { ttl: HOUR } });
    assert.deepEqual(
      findings.map(({ severity, message }) => `${severity}: ${message.replace(/\d{4}-.*|version .*/, "…")}`),
      [
        "ok: reachable, unsealed, active, …",
        "ok: logged in",
        "ok: the CA lives until …",
        "ok: the token may update pki/sign/svc",
        "skipped: the role svc is there, and its settings may not be read",
      ],
    );
    assert.equal(
      skipped(findings).at(-1)?.hint,
      'to have leases and limits looked at, allow: path "pki/roles/svc" { capabilities = ["read"] } (deploy/vault/policies/read-role.hcl)',
    );
    assert.deepEqual([await pki.issued(), await accessors()], [issued, tokens]);
  });

  test("names the address that is wrong, and goes on with another", async () => {
    const findings = await probe({ addresses: ["http://127.0.0.1:1", vault.address] });
    assert.deepEqual(
      errors(findings).map(({ path }) => path),
      [["vault", "address", 0]],
    );
    assert.ok(findings.some(({ message }) => message === "logged in"));
    const alone = await probe({ addresses: ["http://127.0.0.1:1"] });
    assert.deepEqual([alone.length, errors(alone)[0]?.path], [1, ["vault", "address"]]);
  });

  test("says what of the login is wrong", async () => {
    const findings = await probe({ auth: approle({ roleId: { value: "nope" } }) });
    assert.deepEqual(
      errors(findings).map(({ subject, path }) => [subject, path]),
      [["login by approle", ["vault", "auth", "approle"]]],
    );
  });

  test("finds a role that is missing, and a path that the token may not update", async () => {
    await vault.root("PUT", "sys/policies/acl/any-role", { policy: 'path "pki/sign/*" { capabilities = ["update"] }' });
    const { auth } = await vault.root("POST", "auth/token/create", { policies: ["any-role"], ttl: "1h" });
    await writeFile(directory.join("token"), auth.client_token);
    const missing = await probe({
      auth: { kind: "tokenFile", path: directory.join("token") },
      issuer: { role: "nope" },
    });
    assert.deepEqual(
      errors(missing).map(({ message, path }) => [message.split(":")[0], path]),
      [["role_missing", ["issuers", "main", "vault", "role"]]],
    );
    const denied = await probe({ issuer: { role: "other" } });
    assert.deepEqual(
      errors(denied).map(({ message }) => message),
      ["the token may not update pki/sign/other: it has deny"],
    );
    assert.match(errors(denied)[0]?.hint ?? "", /path "pki\/sign\/other" \{ capabilities = \["update"\] \}/);
    assert.deepEqual(
      skipped(denied).map(({ message }) => message),
      ["the role other may not be read"],
    );
  });

  test("compares a role that it may read with what the services ask for", async () => {
    const names = { dns: ["a.svc", "b.example"], ips: [], uris: ["spiffe://corp/a"], emails: [] };
    const findings = await probe({ issuer: { role: "readable" }, request: { names, key: "rsa-2048", ttl: 24 * HOUR } });
    assert.deepEqual(
      complaints(findings).map(({ severity, message, hint }) =>
        message.includes("URI names") ? `${severity}: ${message}; ${hint}` : `${severity}: ${message}`,
      ),
      [
        "error: the token may not update pki/sign/readable: it has deny",
        "warning: payments asks for 1d, and the role gives 1h at most",
        "error: payments has a key of type rsa-2048, and the role takes ec only",
        "error: payments has no common name, and the role requires one",
        "error: payments has URI names, and the role allows none; leave them out, or set allowed_uri_sans on the role",
        "warning: payments has the name b.example, which the role does not seem to allow",
        "warning: the role gives far more than its services need: any IP address, and no service has one (allow_ip_sans)",
      ],
    );
  });

  test("refuses a role that cannot hold the outage to survive, whatever the configuration asks for", async () => {
    const survival = async (survive: number, request: Partial<CertificateRequest> = {}) =>
      errors(await probe({ issuer: { role: "readable" }, survive, request }))
        .filter(({ path }) => path?.includes("survive"))
        .map(({ message, hint }) => [message, hint]);
    const refusal = "payments is to survive 8h, which certificates of 1h cannot: it takes 12h34m";
    const hint = "raise ttl and max_ttl of the role to 12h34m or more, or survive less";
    assert.deepEqual(await survival(8 * HOUR), [[refusal, hint]]);
    assert.deepEqual(await survival(8 * HOUR, { ttl: 24 * HOUR }), [[refusal, hint]]);
    assert.deepEqual(await survival(HOUR / 2), []);
  });

  test("calls leases an error", async () => {
    const readable = 'path "leased/roles/svc" { capabilities = ["read"] }';
    const leased = await setUpPki(vault, { mount: "leased", roleSettings: { generate_lease: true }, policy: readable });
    await writeFile(directory.join("leased"), leased.secretId);
    const auth = approle({ roleId: { value: leased.roleId }, secretIdFile: directory.join("leased") });
    const [finding] = errors(await probe({ auth, issuer: { mount: "leased" } }));
    assert.match(finding?.message ?? "", /generate_lease=true/);
  });

  test("wants a root, from the mount or from the operator, and a CA that outlives its leaves", async () => {
    await setUpPki(vault, { mount: "offline", offlineRoot: true });
    const issuer = { mount: "offline" };
    assert.deepEqual(errors(await probe({ issuer })).map(({ path }) => path)[0], ["trust"]);
    assert.ok(!errors(await probe({ issuer, ownRoots: true })).some(({ path }) => path?.[0] === "trust"));
    const long = await probe({ request: { ttl: 6 * 365 * 24 * HOUR } });
    assert.match(
      long.find(({ severity }) => severity === "warning")?.message ?? "",
      /"CN=Test Intermediate" ends in .* before certificates of/,
    );
  });

  test("warns of a root that signs leaves, and of a role that is given the run of the mount", async () => {
    const readable = 'path "+/roles/svc" { capabilities = ["read"] }\npath "+/sign/svc" { capabilities = ["update"] }';
    const roleSettings = { allow_any_name: true, allow_ip_sans: false, allowed_uri_sans: [], max_ttl: "8760h" };
    const wide = await setUpPki(vault, { mount: "wide", roleSettings, policy: readable });
    await vault.root("POST", "wide-root/roles/svc", {
      allow_any_name: true,
      allow_ip_sans: false,
      key_type: "ec",
      max_ttl: "1h",
    });
    await writeFile(directory.join("wide"), wide.secretId);
    const auth = approle({ roleId: { value: wide.roleId }, secretIdFile: directory.join("wide") });
    const warned = async (mount: string, ttl: number) => {
      const names = { commonName: "a.svc", dns: [], ips: [], uris: [], emails: [] };
      const said = complaints(await probe({ auth, issuer: { mount }, request: { names, ttl } }));
      return said.map(({ code, path, message }) => `${code} ${path?.at(-1)}: ${message}`);
    };
    assert.deepEqual(await warned("wide", HOUR), [
      "role_wide role: the role gives far more than its services need: any name (allow_any_name); lives of up to 365d where 1h is asked for (max_ttl); keys of any type (key_type=any)",
    ]);
    assert.deepEqual(await warned("wide-root", HOUR / 2), [
      'root_signs_leaves mount: the root "CN=Test Root" signs the leaves itself: its key has to be online, and can only be replaced by telling everybody who trusts it',
      "role_wide role: the role gives far more than its services need: any name (allow_any_name)",
    ]);
  });

  test("compares the CA's end with the role's lifetime where the configuration asks for none", async () => {
    const readable = 'path "ending/roles/svc" { capabilities = ["read"] }';
    const ending = await setUpPki(vault, {
      mount: "ending",
      roleSettings: { ttl: "52560h", max_ttl: "87600h" },
      policy: readable,
    });
    await writeFile(directory.join("ending"), ending.secretId);
    const auth = approle({ roleId: { value: ending.roleId }, secretIdFile: directory.join("ending") });
    const ends = async () =>
      (await probe({ auth, issuer: { mount: "ending" } }))
        .filter((each) => each.severity === "warning" && each.code === "ca_ends_first")
        .map(({ message }) => message.replace(/ends in .*, /, "ends in …, "));
    assert.deepEqual(await ends(), ['the CA "CN=Test Intermediate" ends in …, before certificates of 2190d would']);
    await vault.root("POST", "ending/roles/svc", { ttl: 0, max_ttl: "720h", require_cn: false, allow_any_name: true });
    assert.deepEqual(await ends(), []);
  });

  test("of a sealed server ends there", async () => {
    await vault.seal();
    const findings = await probe({});
    await vault.unseal();
    assert.equal(findings.length, 1);
    assert.match(findings[0]?.message ?? "", /^sealed: /);
  });
});

describe("a one-time secret-id", () => {
  test("in its wrapping is looked at and left alone", async () => {
    const token = await pki.newSecretId({ wrapTtl: "60s", uses: 1 });
    await writeFile(directory.join("wrapped"), token);
    const wrapped = { creationPath: `auth/approle/role/${pki.approle}/secret-id` };
    const auth = approle({ secretIdFile: directory.join("wrapped"), wrapped });
    const findings = await probe({ auth });
    assert.deepEqual(errors(findings), []);
    assert.deepEqual(
      skipped(findings).map(({ subject, message }) => `${subject}: ${message}`),
      [
        "login by approle: the wrapping token is good, and made by the expected path; rights and role are not looked at without a login",
      ],
    );
    using it = watchedCluster(vault, { auth, stateDir: directory.path });
    await it.cluster.session.token(never);
    const consumed = await probe({
      auth: approle({ secretIdFile: directory.join("wrapped"), wrapped, persist: false }),
    });
    assert.match(errors(consumed)[0]?.message ?? "", /^wrap_consumed: /);
  });

  test("in a file is not spent unless that is asked for", async () => {
    const secretIdFile = directory.join("one-time");
    await writeFile(secretIdFile, await pki.newSecretId({ uses: 1 }));
    const auth = approle({ secretIdFile });
    const findings = await probe({ auth, spendSecretId: false });
    assert.deepEqual(errors(findings), []);
    assert.deepEqual(
      skipped(findings).map(({ subject, message }) => `${subject}: ${message}`),
      [
        "login by approle: a secret-id is there, which a login might use up; rights and role are not looked at without a login",
      ],
    );
    assert.match(skipped(findings)[0]?.hint ?? "", /--spend-secret-id/);
    using it = watchedCluster(vault, { auth });
    await it.cluster.session.token(never);
  });
});
