import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import test from "node:test";
import { contract } from "../support/contract.ts";
import { opensslCsr } from "../support/openssl-csr.ts";

contract("signing and issuing", (world) => {
  const post = (path: string, body: unknown) => world().vault.request("POST", path, body);
  const sign = async (role: string, body: unknown) => {
    const reply = await post(`pki/sign/${role}`, body);
    assert.equal(reply.status, 200, reply.text);
    return reply.body;
  };
  const role = (name: string, settings: object) =>
    world().vault.root("POST", `pki/roles/${name}`, { allow_any_name: true, key_type: "any", ...settings });
  const lifetime = (pem: string) => {
    const { validFromDate, validToDate } = new X509Certificate(pem);
    return (validToDate.getTime() - validFromDate.getTime()) / 1000;
  };

  test("a signed leaf has the names of the request, both usages and a chain to the root", async () => {
    const { pki } = world();
    const names = "DNS:a.svc,DNS:*.b.svc,IP:10.0.0.1,IP:::1,URI:spiffe://corp/a,email:joe@example.com";
    const {
      data,
      warnings,
      lease_id: lease,
    } = await sign("svc", { csr: await opensslCsr({ commonName: "a.svc", names }) });
    const leaf = new X509Certificate(data.certificate);
    assert.equal(leaf.subject, "CN=a.svc");
    assert.deepEqual(leaf.subjectAltName?.split(", ").sort(), [
      "DNS:*.b.svc",
      "DNS:a.svc",
      "IP Address:0:0:0:0:0:0:0:1",
      "IP Address:10.0.0.1",
      "URI:spiffe://corp/a",
      "email:joe@example.com",
    ]);
    assert.deepEqual([...leaf.keyUsage].sort(), ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    assert.equal(leaf.ca, false);
    const intermediate = new X509Certificate(data.issuing_ca);
    assert.ok(leaf.checkIssued(intermediate) && leaf.verify(intermediate.publicKey));
    assert.deepEqual(
      data.ca_chain.map((pem) => pem.trim()),
      [pki.intermediate.trim(), pki.root.trim()],
    );
    assert.equal(data.serial_number.replaceAll(":", ""), leaf.serialNumber.toLowerCase().padStart(40, "0"));
    assert.equal(data.expiration, leaf.validToDate.getTime() / 1000);
    assert.deepEqual([lease, warnings, data.private_key], ["", null, undefined]);
  });

  test("the lifetime is the TTL and 30 s before", async () => {
    const csr = await opensslCsr({ commonName: "a.svc" });
    for (const [asked, life] of [
      ["12s", 42],
      [90, 120],
      ["60", 90],
      ["3d", 259_230],
      [undefined, 86_430],
    ] as const) {
      const { data } = await sign("svc", { csr, ttl: asked });
      assert.equal(lifetime(data.certificate), life, String(asked));
    }
  });

  test("a TTL above the role's maximum is cut, with a warning", async () => {
    const { data, warnings } = await sign("svc", { csr: await opensslCsr({ commonName: "a.svc" }), ttl: "900h" });
    assert.equal(lifetime(data.certificate), 72 * 3600 + 30);
    assert.deepEqual(warnings, ['TTL "900h0m0s" is longer than permitted maxTTL "72h0m0s", so maxTTL is being used']);
  });

  test("`not_after` sets the end, even in the past", async () => {
    const csr = await opensslCsr({ commonName: "a.svc" });
    for (const end of ["2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]) {
      const { data } = await sign("svc", { csr, not_after: end });
      assert.equal(new X509Certificate(data.certificate).validToDate.getTime(), Date.parse(end));
    }
  });

  test("names beside the CSR are ignored with a warning, by the default role", async () => {
    const csr = await opensslCsr({ commonName: "a.svc", names: "DNS:a.svc" });
    const { data, warnings } = await sign("svc", { csr, common_name: "b.svc", alt_names: "c.svc" });
    assert.equal(new X509Certificate(data.certificate).subjectAltName, "DNS:a.svc");
    assert.deepEqual(warnings, [
      'the common_name field was provided but the role is set with "use_csr_common_name" set to true',
      'the alt_names field was provided but the role is set with "use_csr_sans" set to true',
    ]);
  });

  test("a role that does not read the CSR takes the names from the fields", async () => {
    await role("fields", { use_csr_common_name: false, use_csr_sans: false, allowed_uri_sans: ["*"] });
    const csr = await opensslCsr({ commonName: "a.svc", names: "DNS:a.svc" });
    const names = { alt_names: "y.svc,joe@x.org", ip_sans: "1.2.3.4", uri_sans: "spiffe://a/b" };
    const { data } = await sign("fields", { csr, common_name: "z.svc", ...names });
    const leaf = new X509Certificate(data.certificate);
    assert.equal(leaf.subject, "CN=z.svc");
    const found = leaf.subjectAltName?.split(", ").sort();
    assert.deepEqual(found, ["DNS:y.svc", "DNS:z.svc", "IP Address:1.2.3.4", "URI:spiffe://a/b", "email:joe@x.org"]);
  });

  test("the common name becomes a DNS name, unless that is declined", async () => {
    const csr = await opensslCsr({ commonName: "a.svc", names: "DNS:b.svc" });
    const added = await sign("svc", { csr });
    const names = new X509Certificate(added.data.certificate).subjectAltName?.split(", ").sort();
    assert.deepEqual(names, ["DNS:a.svc", "DNS:b.svc"]);
    const declined = await sign("svc", { csr, exclude_cn_from_sans: true });
    assert.equal(new X509Certificate(declined.data.certificate).subjectAltName, "DNS:b.svc");
  });

  test("a role without `require_cn` signs a leaf that has only a URI", async () => {
    const { data } = await sign("svc", { csr: await opensslCsr({ names: "URI:spiffe://corp/a" }) });
    const leaf = new X509Certificate(data.certificate);
    assert.equal(leaf.subject, undefined);
    assert.equal(leaf.subjectAltName, "URI:spiffe://corp/a");
  });

  test("keys of all kinds are signed", async () => {
    const kinds: Readonly<Record<string, readonly string[]>> = {
      "ec 384": ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
      "ec 521": ["ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
      rsa: ["rsa:2048"],
      ed25519: ["ed25519"],
    };
    for (const [kind, key] of Object.entries(kinds)) {
      const { data } = await sign("svc", { csr: await opensslCsr({ commonName: "a.svc", key }) });
      assert.equal(new X509Certificate(data.certificate).publicKey.asymmetricKeyType, kind.split(" ")[0]);
    }
  });

  test("the root can be left out of the chain", async () => {
    const csr = await opensslCsr({ commonName: "a.svc" });
    const { data } = await sign("svc", { csr, remove_roots_from_chain: true });
    assert.deepEqual(
      data.ca_chain.map((pem) => pem.trim()),
      [world().pki.intermediate.trim()],
    );
  });

  test("a named issuer of the mount signs under its own path", async () => {
    const csr = await opensslCsr({ commonName: "a.svc" });
    const reply = await post("pki/issuer/default/sign/svc", { csr });
    assert.equal(reply.status, 200);
    assert.ok(
      new X509Certificate(reply.body.data.certificate).checkIssued(new X509Certificate(world().pki.intermediate)),
    );
  });

  test("`issue` gives the key as well, PKCS#8 when asked for", async () => {
    await role("issued", { key_type: "ec", key_bits: 256 });
    for (const [format, label] of [
      [undefined, "EC PRIVATE KEY"],
      ["pkcs8", "PRIVATE KEY"],
    ] as const) {
      const { body } = await post("pki/issue/issued", { common_name: "b.svc", private_key_format: format });
      assert.ok(body.data.private_key.startsWith(`-----BEGIN ${label}-----`));
      assert.equal(body.data["private_key_type"], "ec");
      const leaf = new X509Certificate(body.data.certificate);
      assert.ok(leaf.checkPrivateKey(createPrivateKey(body.data.private_key)));
    }
  });

  test("stored certificates are counted by LIST, the others are not", async () => {
    const { pki } = world();
    const csr = await opensslCsr({ commonName: "a.svc" });
    await role("unstored", { no_store: true });
    const before = await pki.issued();
    await sign("svc", { csr });
    const { data } = await sign("unstored", { csr });
    assert.equal(await pki.issued(), before + 1);
    assert.equal((await world().vault.request("GET", `pki/cert/${data.serial_number}`)).status, 404);
  });
});
