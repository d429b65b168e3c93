import assert from "node:assert/strict";
import test from "node:test";
import { Secret } from "../../../src/domain/secret.ts";
import { setUpPki } from "../../support/pki-setup.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { issuerSpec, signOrder, watchedCluster } from "../../support/vault-cluster.ts";
import { startOpenBao } from "../../support/vault-server.ts";

const never = new AbortController().signal;

test("the first request after a restart of the server succeeds, over TCP and over a unix socket, and costs one certificate", async () => {
  await using directory = await tempDir();
  const unixSocket = directory.join("bao.sock");
  await using vault = await startOpenBao({ persistent: true, unixSocket });
  const pki = await setUpPki(vault);
  const token = new Secret(await pki.login());
  for (const address of [vault.address, `unix://${unixSocket}`]) {
    using it = watchedCluster(vault, { addresses: [address], auth: { kind: "token", token } });
    const issuer = it.cluster.issuer(issuerSpec({ method: "issue" }));
    await Promise.all(Array.from({ length: 4 }, () => issuer.sign(signOrder(), never)));
    const issued = await pki.issued();
    await vault.restart();
    await vault.unseal();
    await Promise.all(Array.from({ length: 4 }, () => issuer.sign(signOrder(), never)));
    assert.equal(await pki.issued(), issued + 4);
    assert.deepEqual(it.kinds(), ["cluster_up", "logged_in"]);
  }
});
