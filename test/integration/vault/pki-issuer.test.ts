import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import test, { after, before, describe } from "node:test";
import type { IssuerSpec } from "../../../src/domain/cluster-spec.ts";
import { Secret } from "../../../src/domain/secret.ts";
import type { SignOrder } from "../../../src/domain/sign-order.ts";
import { keys } from "../../../src/keys/keys.ts";
import { setUpPki, type TestPki } from "../../support/pki-setup.ts";
import { issuerSpec, signOrder, type WatchedCluster, watchedCluster } from "../../support/vault-cluster.ts";
import { startOpenBao, type TestVault } from "../../support/vault-server.ts";

const never = new AbortController().signal;
const HOUR = 3_600_000;
let vault: TestVault;
let pki: TestPki;
let it: WatchedCluster;

before(async () => {
  vault = await startOpenBao();
  pki = await setUpPki(vault, {
    policy: 'path "pki/+/+/sign/*" { capabilities = ["update"] }\npath "+/sign/*" { capabilities = ["update"] }',
  });
  it = watchedCluster(vault, { auth: { kind: "token", token: new Secret(await pki.login()) } });
});
after(() => vault.stop());

/** An order with a CSR of a new key. */
function csrOrder(settings: Partial<SignOrder> = {}): SignOrder {
  const order = signOrder(settings);
  return { ...order, csr: keys.request(keys.generate(order.key), order.names) };
}

const sign = (spec: Partial<IssuerSpec> = {}, order = csrOrder()) =>
  it.cluster.issuer(issuerSpec(spec)).sign(order, never);
const parse = (pem: string | undefined) => new X509Certificate(pem ?? "");

describe("sign", () => {
  test("answers a leaf for the names of the order, and its chain, without warnings about nothing", async () => {
    const reply = await sign({}, csrOrder({ ttl: HOUR }));
    const leaf = parse(reply.leaf);
    assert.equal(leaf.subjectAltName, "DNS:a.svc, IP Address:10.0.0.1, URI:spiffe://corp/a");
    assert.ok(Math.abs(leaf.validToDate.getTime() - Date.now() - HOUR) < 10_000);
    assert.deepEqual([...reply.chain], [pki.intermediate, pki.root]);
    assert.deepEqual([reply.warnings, reply.leased, reply.privateKey], [[], false, undefined]);
    assert.ok(Math.abs(reply.receivedAt - Date.now()) < 10_000);
  });

  test("keeps the names where the role takes them from the JSON and not from the CSR", async () => {
    const role = { use_csr_common_name: false, use_csr_sans: false };
    await setUpPki(vault, { mount: "json", roleSettings: role });
    const names = { ...signOrder().names, emails: ["ops@example.com"] };
    await vault.root("POST", "json/roles/svc", {
      allow_any_name: true,
      allowed_uri_sans: ["*"],
      key_type: "any",
      ttl: "1h",
      ...role,
    });
    const { leaf } = await sign({ mount: "json" }, csrOrder({ names }));
    assert.match(
      parse(leaf).subjectAltName ?? "",
      /DNS:a\.svc.*email:ops@example\.com.*IP Address:10\.0\.0\.1.*URI:spiffe/,
    );
  });

  test("says when the lifetime was clipped", async () => {
    const { leaf, warnings } = await sign({}, csrOrder({ ttl: 1_000 * HOUR }));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /longer than permitted maxTTL "72h0m0s"/);
    assert.ok(parse(leaf).validToDate.getTime() < Date.now() + 73 * HOUR);
  });

  test("asks for a fixed end instead of a lifetime", async () => {
    const notAfter = Math.floor((Date.now() + 5 * HOUR) / 1_000) * 1_000;
    const { leaf } = await sign({}, csrOrder({ ttl: HOUR, notAfter }));
    assert.equal(parse(leaf).validToDate.getTime(), notAfter);
  });

  test("uses a named issuer of the mount", async () => {
    const { data } = await vault.root("POST", "pki/issuers/generate/root/internal", {
      common_name: "Second Root",
      issuer_name: "second",
      key_type: "ec",
      ttl: "8760h",
    });
    const { leaf, chain } = await sign({ issuerRef: "second" });
    assert.equal(parse(leaf).issuer, "CN=Second Root");
    assert.equal(chain.length, 1);
    const authorities = await it.cluster.issuer(issuerSpec({ issuerRef: "second" })).authorities(never);
    assert.deepEqual([...authorities], [`${data.certificate.trim()}\n`]);
  });

  test("tells a lease, which would end with the token", async () => {
    await setUpPki(vault, { mount: "leased", roleSettings: { generate_lease: true } });
    assert.equal((await sign({ mount: "leased" })).leased, true);
  });

  test("two hundred at once all come back, sixteen at a time", async () => {
    const orders = Array.from({ length: 200 }, () => sign());
    assert.equal(new Set((await Promise.all(orders)).map(({ leaf }) => parse(leaf).serialNumber)).size, 200);
  });
});

test("issue answers a PKCS#8 key that fits the leaf, of the kind that was asked for", async () => {
  for (const key of ["ec-p256", "rsa-2048", "ed25519"] as const) {
    const { leaf, privateKey } = await sign({ method: "issue" }, signOrder({ key }));
    assert.ok(privateKey);
    assert.match(privateKey.reveal(), /^-----BEGIN PRIVATE KEY-----/);
    assert.ok(parse(leaf).checkPrivateKey(createPrivateKey(privateKey.reveal())), key);
  }
});

test("whether a certificate was revoked is asked without a token, by its serial; an unknown one was not", async () => {
  using nobody = watchedCluster(vault, { auth: { kind: "tokenFile", path: "/nonexistent" } });
  for (const no_store of [false, true]) {
    const mount = no_store ? "unstored" : "stored";
    await setUpPki(vault, { mount, roleSettings: { no_store } });
    const issuer = nobody.cluster.issuer(issuerSpec({ mount }));
    const { leaf } = await sign({ mount });
    const serial = parse(leaf).serialNumber.toLowerCase();
    const earlier = await issuer.isRevoked?.(serial, never);
    await vault.root("POST", `${mount}/revoke`, { certificate: leaf });
    assert.deepEqual([earlier, await issuer.isRevoked?.(serial, never)], [false, true], mount);
  }
});

describe("the authorities of a mount", () => {
  test("are asked without a token, and hold the root where the mount holds it", async () => {
    using nobody = watchedCluster(vault, { auth: { kind: "tokenFile", path: "/nonexistent" } });
    const authorities = await nobody.cluster.issuer(issuerSpec()).authorities(never);
    assert.deepEqual([...authorities].sort(), [pki.intermediate, pki.root].sort());
  });

  test("of an offline root are the intermediate alone", async () => {
    const offline = await setUpPki(vault, { mount: "offline", offlineRoot: true });
    const authorities = await it.cluster.issuer(issuerSpec({ mount: "offline" })).authorities(never);
    assert.deepEqual([...authorities], [offline.intermediate]);
  });

  test("are none where the mount has no CA yet, and an error where there is no mount", async () => {
    await vault.root("POST", "sys/mounts/fresh", { type: "pki" });
    assert.deepEqual(await it.cluster.issuer(issuerSpec({ mount: "fresh" })).authorities(never), []);
    await assert.rejects(it.cluster.issuer(issuerSpec({ mount: "nowhere" })).authorities(never), {
      reason: "mount_missing",
    });
  });
});

describe("a refusal", () => {
  const svc = signOrder().names;
  const cases: readonly [what: string, reason: string, spec: Partial<IssuerSpec>, order?: Partial<SignOrder>][] = [
    ["a role that is missing", "role_missing", { role: "nope" }],
    ["an issuer that is missing", "issuer_missing", { issuerRef: "nope" }],
    ["a mount that is missing", "permission_denied", { mount: "elsewhere/pki" }],
    ["a name that is denied", "name_denied", {}, { names: { ...svc, dns: ["a.evil"] } }],
    ["a URI that is denied", "name_denied", {}, { names: { ...svc, uris: ["https://evil"] } }],
    ["a key that is denied", "key_denied", { role: "rsa" }],
    ["an end after the CA's", "request_denied", {}, { notAfter: Date.now() + 20 * 365 * 24 * HOUR }],
  ];
  before(() => vault.root("POST", "pki/roles/rsa", { allow_any_name: true, key_type: "rsa" }));
  for (const [what, reason, spec, order] of cases)
    test(`for ${what} is ${reason}`, async () => {
      await assert.rejects(sign(spec, csrOrder(order)), { name: "LeafdError", reason });
    });
});

test("the identity of an issuer names what makes it another one, and no address", () => {
  const identity = (spec: Partial<IssuerSpec>, settings = {}) => {
    using other = watchedCluster(vault, settings);
    return other.cluster.issuer(issuerSpec(spec)).identity;
  };
  const same = identity({});
  assert.equal(identity({ name: "renamed" }), same);
  assert.equal(identity({}, { addresses: ["https://elsewhere:8200"] }), same);
  const others = [
    identity({ mount: "pki2" }),
    identity({ role: "web" }),
    identity({ issuerRef: "second" }),
    identity({ cluster: "dr" }),
    identity({}, { namespace: "team" }),
    identity({ mount: "pki/svc", role: "" }),
  ];
  assert.equal(new Set([same, ...others]).size, others.length + 1);
});

test("a sealed server is sealed, and serves again after the unseal, with the same token", async () => {
  await vault.seal();
  await assert.rejects(sign(), { reason: "sealed" });
  await assert.rejects(it.cluster.health(never), { reason: "sealed" });
  assert.equal(it.cluster.status().reason, "sealed");
  await vault.unseal();
  await sign();
  assert.equal(it.cluster.status().up, true);
});
