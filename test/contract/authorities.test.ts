import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import test from "node:test";
import { contract } from "../support/contract.ts";
import { opensslCsr } from "../support/openssl-csr.ts";
import { setUpPki } from "../support/pki-setup.ts";

contract("authorities", (world) => {
  const anonymous = (method: string, path: string) => world().vault.request(method, path, undefined, { token: "" });

  test("anybody may read the CA and its chain", async () => {
    const { pki } = world();
    const ca = await anonymous("GET", "pki/ca/pem");
    assert.deepEqual([ca.status, ca.headers["content-type"]], [200, "application/pem-certificate-chain"]);
    assert.equal(ca.text.trim(), pki.intermediate.trim());
    const chain = await anonymous("GET", "pki/ca_chain");
    assert.equal(chain.status, 200);
    assert.equal(chain.text.trim(), `${pki.intermediate.trim()}\n${pki.root.trim()}`);
    const json = await anonymous("GET", "pki/cert/ca");
    assert.equal(json.body.data.certificate.trim(), pki.intermediate.trim());
  });

  test("anybody may list the issuers and read each", async () => {
    const { pki } = world();
    const { status, body } = await anonymous("LIST", "pki/issuers");
    assert.equal(status, 200);
    const found = await Promise.all(body.data.keys.map((id) => anonymous("GET", `pki/issuer/${id}/json`)));
    const certificates = found.map((reply) => reply.body.data.certificate.trim());
    assert.deepEqual(certificates.sort(), [pki.intermediate.trim(), pki.root.trim()].sort());
    const byDefault = await anonymous("GET", "pki/issuer/default/json");
    assert.deepEqual(
      byDefault.body.data.ca_chain.map((pem) => pem.trim()),
      [pki.intermediate.trim(), pki.root.trim()],
    );
    assert.equal((await anonymous("GET", "pki/issuer/default/pem")).text.trim(), pki.intermediate.trim());
  });

  test("with an offline root the chain ends at the intermediate", async () => {
    const { vault } = world();
    const pki = await setUpPki(vault, { mount: "offline", offlineRoot: true });
    assert.equal((await anonymous("GET", "offline/ca_chain")).text.trim(), pki.intermediate.trim());
    const csr = await opensslCsr({ commonName: "a.svc" });
    const { data } = await vault.root("POST", "offline/sign/svc", { csr });
    assert.deepEqual(
      data.ca_chain.map((pem) => pem.trim()),
      [pki.intermediate.trim()],
    );
  });

  test("a mount without a CA has nothing to show and cannot sign", async () => {
    const { vault } = world();
    await vault.root("POST", "sys/mounts/empty", { type: "pki" });
    await vault.root("POST", "empty/roles/any", { allow_any_name: true, key_type: "any" });
    for (const path of ["empty/ca/pem", "empty/ca_chain", "empty/crl/pem"])
      assert.equal((await anonymous("GET", path)).status, 204, path);
    assert.equal((await vault.request("LIST", "empty/certs")).status, 404);
    assert.equal((await anonymous("LIST", "empty/issuers")).status, 404);
    const csr = await opensslCsr({ commonName: "a.svc" });
    const reply = await vault.request("POST", "empty/sign/any", { csr });
    assert.equal(reply.status, 500);
    assert.match(reply.body.errors?.[0] ?? "", /no default issuer currently configured/);
  });

  test("a root that signs leaves itself is the whole chain, or none of it", async () => {
    const { vault } = world();
    await vault.root("POST", "sys/mounts/flat", { type: "pki", config: { max_lease_ttl: "87600h" } });
    const order = { common_name: "Flat Root", key_type: "ec", ttl: "8760h" };
    const { data: root } = await vault.root("POST", "flat/root/generate/internal", order);
    await vault.root("POST", "flat/roles/any", { allow_any_name: true, key_type: "any", ttl: "1h" });
    const csr = await opensslCsr({ commonName: "a.svc" });
    const kept = await vault.root("POST", "flat/sign/any", { csr });
    assert.deepEqual(
      kept.data.ca_chain.map((pem) => pem.trim()),
      [root.certificate.trim()],
    );
    const removed = await vault.root("POST", "flat/sign/any", { csr, remove_roots_from_chain: true });
    assert.deepEqual(removed.data.ca_chain ?? [], []);
    const ca = new X509Certificate(root.certificate);
    assert.ok(ca.ca && ca.verify(ca.publicKey));
  });

  test("a leaf that would outlive its CA is refused, cut or signed, as the issuer says", async () => {
    const { vault, pki } = world();
    await vault.root("POST", "pki/roles/long", { allow_any_name: true, key_type: "any", max_ttl: "900000h" });
    const csr = await opensslCsr({ commonName: "a.svc" });
    const sign = () => vault.request("POST", "pki/sign/long", { csr, ttl: "80000h" });
    const end = async () => new X509Certificate((await sign()).body.data.certificate).validToDate.getTime();
    const caEnd = new X509Certificate(pki.intermediate).validToDate.getTime();
    assert.equal((await sign()).status, 400);
    await vault.root("POST", "pki/issuer/default", { leaf_not_after_behavior: "truncate" });
    assert.equal(await end(), caEnd);
    await vault.root("POST", "pki/issuer/default", { leaf_not_after_behavior: "permit" });
    assert.ok((await end()) > caEnd);
  });

  test("a second root of the same mount signs when it is named, and by default when that is set", async () => {
    const { vault } = world();
    await vault.root("POST", "sys/mounts/two", { type: "pki", config: { max_lease_ttl: "87600h" } });
    await vault.root("POST", "two/roles/any", { allow_any_name: true, key_type: "any", ttl: "1h" });
    const order = (name: string) => ({ common_name: name, issuer_name: name, key_type: "ec", ttl: "8760h" });
    await vault.root("POST", "two/root/generate/internal", order("old"));
    await vault.root("POST", "two/root/generate/internal", order("new"));
    const csr = await opensslCsr({ commonName: "a.svc" });
    const issuerOf = async (path: string) =>
      new X509Certificate((await vault.root("POST", path, { csr })).data.certificate).issuer;
    assert.equal(await issuerOf("two/sign/any"), "CN=old");
    assert.equal(await issuerOf("two/issuer/new/sign/any"), "CN=new");
    await vault.root("POST", "two/config/issuers", { default: "new" });
    assert.equal(await issuerOf("two/sign/any"), "CN=new");
    assert.match((await anonymous("GET", "two/ca_chain")).text, /BEGIN CERTIFICATE/);
  });
});
