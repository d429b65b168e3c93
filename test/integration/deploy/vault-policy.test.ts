import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { chmod, chown, readFile, stat } from "node:fs/promises";
import test, { after, before, describe } from "node:test";
import { opensslCsr } from "../../support/openssl-csr.ts";
import { type VaultSide, vaultSide } from "../../support/vault-bootstrap.ts";
import { startOpenBao, type TestVault } from "../../support/vault-server.ts";

const SETTINGS = `
[pki]
root = trial
[service payments]
names = payments.internal
uris = spiffe://example.org/payments
ttl = 1h
max_ttl = 2h
reserve_ttl = 72h
[service orders]
uris = spiffe://example.org/orders
usages = client
[service strange]
names = strange.internal
[leafd web]
services = payments orders
deliver = yes
[leafd bare]
services = orders
check = no
revoke_old = yes
`;

let vault: TestVault;
let side: VaultSide;

before(async () => {
  vault = await startOpenBao();
  side = await vaultSide(vault);
  await side.settings(SETTINGS);
  const { code, stderr } = await side.bootstrap();
  assert.equal(code, 0, stderr);
});
after(async () => {
  await vault.stop();
  await side[Symbol.asyncDispose]();
});

/** The token of a leafd that logs in with what secret-id.sh makes. */
async function logIn(name: string): Promise<string> {
  const made = await side.secretId([name, side.dir.path]);
  assert.equal(made.code, 0, made.stderr);
  const [role_id, secret_id] = await Promise.all(
    ["role-id", "secret-id"].map(async (file) => (await readFile(side.dir.join(file), "utf8")).trim()),
  );
  return (await vault.root("POST", "auth/approle/login", { role_id, secret_id })).auth.client_token;
}

/** Every path that the server knows, with each of these names in place of a parameter. */
async function everyPath(names: readonly string[]): Promise<readonly string[]> {
  const known = Object.keys(Object((await vault.root("GET", "sys/internal/specs/openapi"))["paths"]));
  const filled = known.flatMap((path) => names.map((name) => path.slice(1).replaceAll(/\{\w+\}/g, name)));
  return [...new Set(filled)];
}

/** OpenBao bounds the strings of one request. */
const MOST_AT_ONCE = 400;

/** What the token may do there, of all these paths; those where it may do nothing are left out. */
async function rights(token: string, paths: readonly string[]): Promise<Record<string, unknown>> {
  const granted: [string, unknown][] = [];
  for (let at = 0; at < paths.length; at += MOST_AT_ONCE) {
    const some = paths.slice(at, at + MOST_AT_ONCE);
    const { data } = await vault.root("POST", "sys/capabilities", { token, paths: some });
    for (const path of some) if (String(data[path]) !== "deny") granted.push([path, data[path]]);
  }
  return Object.fromEntries(granted.sort(([a], [b]) => a.localeCompare(b)));
}

describe("of all paths of the server, the policy allows", () => {
  const names = ["payments", "payments-reserve", "orders", "strange", "web", "leafd-web", "default"];

  test("signing with its own roles, the care of its own token, and what check --online looks at", async () => {
    const paths = await everyPath(names);
    assert.ok(paths.length > 1000, `the server told ${paths.length} paths`);
    assert.deepEqual(await rights(await logIn("web"), paths), {
      "auth/token/lookup-self": ["read"],
      "auth/token/renew-self": ["update"],
      "auth/token/revoke-self": ["update"],
      "pki/roles/orders": ["read"],
      "pki/roles/payments": ["read"],
      "pki/roles/payments-reserve": ["read"],
      "pki/sign/orders": ["update"],
      "pki/sign/payments": ["update"],
      "pki/sign/payments-reserve": ["update"],
      "sys/capabilities-self": ["update"],
    });
  });

  test("revocation where that was asked for, and nothing for check --online where that was not", async () => {
    assert.deepEqual(await rights(await logIn("bare"), await everyPath(names)), {
      "auth/token/lookup-self": ["read"],
      "auth/token/renew-self": ["update"],
      "pki/revoke": ["update"],
      "pki/sign/orders": ["update"],
    });
  });

  test("whoever delivers secret-ids to make wrapped ones, of that leafd", async () => {
    const { auth } = await vault.root("POST", "auth/token/create", {
      policies: ["leafd-web-deliver"],
      no_default_policy: true,
    });
    const token = auth.client_token;
    assert.deepEqual(await rights(token, await everyPath(["web", "bare"])), {
      "auth/approle/role/web/role-id": ["read"],
      "auth/approle/role/web/secret-id": ["update"],
    });
    assert.equal((await vault.request("POST", "auth/approle/role/web/secret-id", {}, { token })).status, 403);
    const wrapped = await side.secretId(["--wrap", "10m", "web", side.dir.path], token);
    assert.equal(wrapped.code, 0, wrapped.stderr);
    const plain = await side.secretId(["web", side.dir.path], token);
    assert.deepEqual([plain.code, /permission denied/.test(plain.stderr)], [1, true], plain.stderr);
  });
});

test("a further secret-id is for the same reader as the one before", async () => {
  assert.equal(process.getuid?.(), 0, "this test gives a file away: run it as root");
  await logIn("web");
  await chown(side.dir.join("secret-id"), 1, 65_534);
  await chmod(side.dir.join("secret-id"), 0o640);
  const earlier = await readFile(side.dir.join("secret-id"), "utf8");
  await logIn("web");
  assert.notEqual(await readFile(side.dir.join("secret-id"), "utf8"), earlier);
  const { uid, gid, mode } = await stat(side.dir.join("secret-id"));
  assert.deepEqual([uid, gid, mode & 0o777], [1, 65_534, 0o640]);
});

test("everything else is refused when it is tried", async () => {
  const token = await logIn("web");
  const csr = await opensslCsr({ commonName: "strange.internal" });
  const refused: readonly (readonly [method: string, path: string, body?: object])[] = [
    ["POST", "pki/sign/strange", { csr }],
    ["POST", "pki/issue/payments", { common_name: "payments.internal" }],
    ["POST", "pki/sign-verbatim", { csr }],
    ["POST", "pki/sign-verbatim/payments", { csr }],
    ["POST", "pki/issuer/default/sign/payments", { csr }],
    ["POST", "pki/issuer/default/sign-verbatim", { csr }],
    ["POST", "pki/root/sign-self-issued", { certificate: csr }],
    ["POST", "pki/root/sign-intermediate", { csr }],
    ["POST", "pki/root/generate/internal", { common_name: "Mine" }],
    ["DELETE", "pki/root"],
    ["POST", "pki/intermediate/generate/exported", { common_name: "Mine" }],
    ["POST", "pki/issuers/import/bundle", { pem_bundle: csr }],
    ["LIST", "pki/keys"],
    ["GET", "pki/key/issuing"],
    ["GET", "pki/config/urls"],
    ["POST", "pki/config/issuers", { default: "issuing" }],
    ["LIST", "pki/roles"],
    ["POST", "pki/roles/payments", { allow_any_name: true }],
    ["PATCH", "pki/roles/payments", { allow_any_name: true }],
    ["DELETE", "pki/roles/payments"],
    ["GET", "pki/roles/strange"],
    ["LIST", "pki/certs"],
    ["POST", "pki/revoke", { serial_number: "00" }],
    ["POST", "pki/revoke-with-key", { serial_number: "00" }],
    ["POST", "pki/tidy"],
    ["GET", "pki/crl/rotate"],
    ["GET", "pki-root/issuer/trial"],
    ["POST", "pki-root/root/sign-intermediate", { csr }],
    ["GET", "auth/approle/role/web"],
    ["POST", "auth/approle/role/web", { token_policies: ["root"] }],
    ["POST", "auth/approle/role/web/secret-id"],
    ["LIST", "auth/approle/role"],
    ["POST", "auth/token/create", { policies: ["leafd-web"] }],
    ["GET", "sys/policies/acl/leafd-web"],
    ["PUT", "sys/policies/acl/leafd-web", { policy: 'path "*" { capabilities = ["sudo"] }' }],
    ["GET", "sys/mounts"],
    ["POST", "sys/mounts/mine", { type: "pki" }],
    ["GET", "sys/auth"],
    ["LIST", "sys/leases/lookup/"],
    ["PUT", "sys/seal"],
    ["POST", "sys/wrapping/wrap", { a: "b" }],
    ["POST", "sys/tools/random", { bytes: 1 }],
    ["GET", "cubbyhole/mine"],
    ["POST", "identity/entity", { name: "mine" }],
  ];
  const allowed: string[] = [];
  for (const [method, path, body] of refused) {
    const options = {
      token,
      ...(method === "PATCH" ? { headers: { "Content-Type": "application/merge-patch+json" } } : {}),
    };
    const { status } = await vault.request(method, path, body, options);
    if (status !== 403) allowed.push(`${method} ${path}: ${status}`);
  }
  assert.deepEqual(allowed, []);
  const own = await opensslCsr({ commonName: "payments.internal", names: "DNS:payments.internal" });
  const { status } = await vault.request("POST", "pki/sign/payments", { csr: own }, { token });
  assert.equal(status, 200, "and the same token may sign what is its own");
});

describe("a role", () => {
  const signed = async (role: string, csr: Parameters<typeof opensslCsr>[0], more: object = {}) =>
    vault.request("POST", `pki/sign/${role}`, { csr: await opensslCsr(csr), ...more }, { token: await logIn("web") });

  test("gives its service the names, the usages and the lifetime that were asked for", async () => {
    const names = "DNS:payments.internal,URI:spiffe://example.org/payments";
    const { body } = await signed("payments", { commonName: "payments.internal", names }, { ttl: "720h" });
    const leaf = new X509Certificate(body.data.certificate);
    assert.deepEqual(
      [leaf.subject, leaf.subjectAltName, leaf.ca],
      ["CN=payments.internal", "DNS:payments.internal, URI:spiffe://example.org/payments", false],
    );
    assert.deepEqual(leaf.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    const hours = (leaf.validToDate.getTime() - Date.now()) / 3_600_000;
    assert.ok(hours > 1.9 && hours < 2.1, `${hours} h, although 720 were asked for`);
    assert.equal(body.lease_id, "");

    const uriOnly = await signed("orders", { names: "URI:spiffe://example.org/orders" });
    const client = new X509Certificate(uriOnly.body.data.certificate);
    assert.deepEqual(
      [client.subjectAltName, client.keyUsage],
      ["URI:spiffe://example.org/orders", ["1.3.6.1.5.5.7.3.2"]],
    );
    const stored = async (of: X509Certificate) =>
      (await vault.request("GET", `pki/cert/${of.serialNumber.match(/../g)?.join(":")}`)).status === 200;
    const reserve = await signed("payments-reserve", { commonName: "payments.internal", names });
    const kept = new X509Certificate(reserve.body.data.certificate);
    assert.deepEqual([await stored(leaf), await stored(client), await stored(kept)], [false, false, true]);
  });

  test("gives no other name, key or end, whether it stands in the request or beside it", async () => {
    const cn = "payments.internal";
    const inCsr = ["DNS:strange.internal", "DNS:a.payments.internal", "DNS:*.payments.internal", "DNS:localhost"];
    const others = [
      "IP:10.0.0.1",
      "email:x@payments.internal",
      "URI:spiffe://example.org/payments/x",
      "URI:spiffe://example.org/orders",
    ];
    const granted: string[] = [];
    const expectRefusal = async (what: string, csr: Parameters<typeof opensslCsr>[0], more: object = {}) => {
      const { status } = await signed("payments", csr, more);
      if (status !== 400) granted.push(`${what}: ${status}`);
    };
    for (const names of [...inCsr, ...others]) await expectRefusal(names, { commonName: cn, names });
    for (const commonName of ["strange.internal", "localhost", "*", `x@${cn}`])
      await expectRefusal(commonName, { commonName });
    await expectRefusal("no name", {});
    await expectRefusal("RSA", { commonName: cn, key: ["rsa:2048"] });
    const own = { commonName: cn };
    await expectRefusal("other_sans", own, { other_sans: "1.3.6.1.4.1.311.20.2.3;utf8:admin@example.org" });
    await expectRefusal("not_after", own, { not_after: "2099-01-01T00:00:00Z" });
    // What allow_bare_domains brings along, and no setting closes: an e-mail address at the service's own name.
    assert.deepEqual(granted, ["email:x@payments.internal: 200"]);
  });
});
