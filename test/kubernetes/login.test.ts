import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { readExample } from "../support/kustomize-example.ts";
import { runLeafd } from "../support/leafd-process.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startOpenBao, type TestVault } from "../support/vault-server.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { reviewedLogin } from "./reviewed-login.ts";

/* The auth method `kubernetes` of a real server, with tokens that a real API server makes and reviews. */

suite("the login to a Vault that has this cluster review the tokens", () => {
  let cluster: Cluster;
  let vault: TestVault;
  before(async () => {
    cluster = await startCluster();
    await cluster.kubectl(["create", "namespace", "payments"]);
    for (const name of ["payments-pod", "somebody"])
      await cluster.kubectl(["create", "serviceaccount", name, "--namespace=payments"]);
    vault = await startOpenBao({ tls: true });
    const pki = await setUpPki(vault, { role: "payments" });
    await reviewedLogin(vault, cluster, pki.approle);
  });
  after(async () => {
    await vault.stop();
    await cluster[Symbol.asyncDispose]();
  });

  /** `leafd once` as the pod of the example runs it, with this token. */
  async function once(token: string) {
    await using pod = await tempDir();
    for (const mount of ["etc", "token", "tls", "state"]) await mkdir(pod.join(mount));
    await writeFile(pod.join("token/token"), token);
    const mounted = readExample("nginx")
      .config.replace("https://vault.vault.svc:8200", vault.address)
      .replace("/etc/leafd/vault-ca.pem", vault.caFile ?? "")
      .replace("/var/run/secrets/leafd", pod.join("token"))
      .replace("/state/", `${pod.join("state")}/`)
      .replace("/tls/", `${pod.join("tls")}/`);
    await writeFile(pod.join("etc/leafd.yaml"), mounted);
    const ended = await runLeafd(["once", "--timeout", "5s", "--config", pod.join("etc/leafd.yaml")]);
    return { ...ended, whole: ended.code === 0 && readPair(pod.join("tls/payments")).whole };
  }

  test("a projected token of the audience gets a certificate", async () => {
    const { code, stdout, stderr, whole } = await once(await cluster.token("payments-pod", "vault"));
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^payments: issued, /);
    assert.ok(whole);
  });

  for (const [what, account, audience] of [
    ["a token for the API server", "payments-pod", undefined],
    ["a token of another service account", "somebody", "vault"],
  ] as const)
    test(`${what} gets none`, async () => {
      const { code, stdout, stderr } = await once(await cluster.token(account, audience));
      assert.equal(code, 1, stderr);
      assert.match(`${stdout}${stderr}`, /login_denied/);
    });
});
