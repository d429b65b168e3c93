import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import test from "node:test";
import { tempDir } from "../../support/temp-dir.ts";
import { TestCa, type TestLeaf } from "../../support/test-ca.ts";
import { watchedCluster } from "../../support/vault-cluster.ts";
import { startOpenBao } from "../../support/vault-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const never = new AbortController().signal;

test("cert auth logs in with the client certificate, and again when the certificate has changed", async () => {
  await using vault = await startOpenBao({ tls: true });
  await using directory = await tempDir();
  const ca = await TestCa.root({ name: "Machines" });
  const [certFile, keyFile] = [directory.join("tls.crt"), directory.join("tls.key")];
  const install = async ({ certificate, privateKey }: TestLeaf) => {
    await writeFile(certFile, certificate.pem);
    await writeFile(keyFile, privateKey.reveal());
  };
  await vault.root("POST", "sys/auth/cert", { type: "cert" });
  const role = { certificate: ca.certificate.pem, allowed_common_names: ["host-*"], token_policies: ["default"] };
  await vault.root("POST", "auth/cert/certs/machines", role);
  await install(await ca.leaf({ commonName: "host-1" }));
  assert.ok(vault.caFile);
  const tls = { caFile: vault.caFile, certFile, keyFile };
  const auth = { kind: "cert", mount: "cert", role: "machines" } as const;

  using it = watchedCluster(vault, { auth, tls });
  const first = (await it.cluster.session.token(never)).reveal();
  await install(await ca.leaf({ commonName: "host-2" }));
  const replaced = async () => (await it.cluster.session.token(never)).reveal() !== first;
  await waitFor(replaced, { what: "a login with the new certificate" });
  const token = (await it.cluster.session.token(never)).reveal();
  const { body } = await vault.request("GET", "auth/token/lookup-self", undefined, { token });
  assert.deepEqual(body.data["meta"] && Object.values(body.data["meta"]).includes("host-2"), true);

  await install(await ca.leaf({ commonName: "host-1", notAfter: Date.now() - 1_000 }));
  using late = watchedCluster(vault, { auth, tls });
  await assert.rejects(late.cluster.session.token(never), {
    reason: "login_denied",
    hint: /the end of `tls\.certFile`/,
  });

  await install(await (await TestCa.root()).leaf({ commonName: "host-3" }));
  using stranger = watchedCluster(vault, { auth, tls });
  await assert.rejects(stranger.cluster.session.token(never), { reason: "login_denied", hint: /tls\.certFile/ });
});
