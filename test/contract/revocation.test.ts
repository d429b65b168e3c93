import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import test from "node:test";
import { promisify } from "node:util";
import { contract } from "../support/contract.ts";
import { opensslCsr } from "../support/openssl-csr.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const run = promisify(execFile);

contract("revocation and leases", (world) => {
  const role = (name: string, settings: object) =>
    world().vault.root("POST", `pki/roles/${name}`, { allow_any_name: true, key_type: "any", ttl: "1h", ...settings });
  const revokedAt = async (serial: string) =>
    Number((await world().vault.root("GET", `pki/cert/${serial}`)).data["revocation_time"]);

  test("a revoked certificate says when, and stands in the revocation list", async () => {
    const { vault, pki } = world();
    const csr = await opensslCsr({ commonName: "a.svc" });
    const { data } = await vault.root("POST", "pki/sign/svc", { csr });
    assert.equal(await revokedAt(data.serial_number), 0);
    const revoked = await vault.root("POST", "pki/revoke", { serial_number: data.serial_number });
    assert.equal(revoked.data["state"], "revoked");
    assert.equal(await revokedAt(data.serial_number), revoked.data["revocation_time"]);

    const crl = await vault.request("GET", "pki/crl/pem", undefined, { token: "" });
    assert.deepEqual([crl.status, crl.headers["content-type"]], [200, "application/x-pem-file"]);
    await using directory = await tempDir();
    await writeFile(directory.join("crl.pem"), crl.text);
    await writeFile(directory.join("ca.pem"), pki.intermediate);
    const args = ["crl", "-in", directory.join("crl.pem"), "-noout", "-text", "-CAfile", directory.join("ca.pem")];
    const { stdout, stderr } = await run("openssl", args);
    assert.match(stderr, /verify OK/);
    assert.ok(stdout.includes(new X509Certificate(data.certificate).serialNumber));
  });

  test("a certificate that was not stored is revoked by its PEM", async () => {
    const { vault } = world();
    await role("unstored", { no_store: true });
    const csr = await opensslCsr({ commonName: "a.svc" });
    const { data } = await vault.root("POST", "pki/sign/unstored", { csr });
    const { data: revoked } = await vault.root("POST", "pki/revoke", { certificate: data.certificate });
    assert.equal(revoked["state"], "revoked");
    assert.ok((await revokedAt(data.serial_number)) > 0);
  });

  test("an unknown serial cannot be revoked, and none at all neither", async () => {
    const unknown = await world().vault.request("POST", "pki/revoke", { serial_number: "00:11" });
    assert.deepEqual([unknown.status, unknown.body.errors], [400, ["certificate with serial 00:11 not found."]]);
    assert.equal((await world().vault.request("POST", "pki/revoke", {})).status, 400);
  });

  test("with `generate_lease` a reply carries a lease, and the end of the token revokes the certificate", async () => {
    const { vault } = world();
    await role("leased", { generate_lease: true });
    const { auth } = await vault.root("POST", "auth/token/create", { policies: ["root"], ttl: "10m" });
    const csr = await opensslCsr({ commonName: "a.svc" });
    const token = auth.client_token;
    const { body } = await vault.request("POST", "pki/sign/leased", { csr }, { token });
    assert.match(body.lease_id ?? "", /^pki\/sign\/leased\//);
    assert.ok(Math.abs((body.lease_duration ?? 0) - 3600) <= 1);
    assert.equal((await vault.request("PUT", "sys/leases/lookup", { lease_id: body.lease_id })).status, 200);
    assert.equal(await revokedAt(body.data.serial_number), 0);
    await vault.request("POST", "auth/token/revoke-self", {}, { token });
    await waitFor(async () => (await revokedAt(body.data.serial_number)) > 0, {
      what: "the certificate to be revoked",
    });
    // The lease goes after what it stood for.
    const gone = await waitFor(
      async () => {
        const answer = await vault.request("PUT", "sys/leases/lookup", { lease_id: body.lease_id });
        return answer.status === 200 ? undefined : answer;
      },
      { what: "the lease to be gone" },
    );
    assert.deepEqual([gone.status, gone.body.errors], [400, ["invalid lease"]]);
  });

  test("without leases a certificate outlives its token", async () => {
    const { vault, pki } = world();
    const token = await pki.login();
    const csr = await opensslCsr({ commonName: "a.svc" });
    const { body } = await vault.request("POST", "pki/sign/svc", { csr }, { token });
    await vault.request("POST", "auth/token/revoke-self", {}, { token });
    assert.equal(body.lease_id, "");
    assert.equal(await revokedAt(body.data.serial_number), 0);
  });

  test("revoking a lease revokes its certificate", async () => {
    const { vault } = world();
    await role("lent", { generate_lease: true });
    const csr = await opensslCsr({ commonName: "a.svc" });
    const reply = await vault.root("POST", "pki/sign/lent", { csr });
    await vault.root("PUT", "sys/leases/revoke", { lease_id: reply.lease_id });
    await waitFor(async () => (await revokedAt(reply.data.serial_number)) > 0, {
      what: "the certificate to be revoked",
    });
  });

  test("a role that does not store gives no lease either", async () => {
    await role("neither", { generate_lease: true, no_store: true });
    const csr = await opensslCsr({ commonName: "a.svc" });
    assert.equal((await world().vault.root("POST", "pki/sign/neither", { csr })).lease_id, "");
  });
});
