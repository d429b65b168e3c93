import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { readDocument } from "../../src/config/document.ts";
import { blocksOf } from "../support/doc-blocks.ts";
import { kubernetesAuth, serviceAccount } from "../support/kubernetes-auth.ts";
import { runLeafd } from "../support/leafd-process.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startOpenBao } from "../support/vault-server.ts";

const PAGE = "docs/get-started-kubernetes.md";

/** The configuration in the ConfigMap of the page. */
function documented(): string {
  const block = blocksOf(PAGE).find(({ code }) => code.includes("leafd.yaml: |"));
  const { value } = readDocument(PAGE, block?.code.split(/^---$/m)[0] ?? "", {});
  const { data }: { data: Readonly<Record<string, string>> } = JSON.parse(JSON.stringify(value));
  return data["leafd.yaml"] ?? "";
}

test("the pod of the documentation logs in with its projected token, and its second container issues nothing", async () => {
  await using vault = await startOpenBao({ tls: true });
  await using pod = await tempDir();
  const pki = await setUpPki(vault);
  await using cluster = await kubernetesAuth(vault, [pki.approle], "payments");
  for (const mount of ["etc", "token", "tls", "state"]) await mkdir(pod.join(mount));
  await writeFile(pod.join("token/token"), serviceAccount("payments"));
  const mounted = documented()
    .replace("https://vault.vault.svc:8200", vault.address)
    .replace("/etc/leafd/vault-ca.pem", vault.caFile ?? "")
    .replace("/var/run/secrets/leafd", pod.join("token"))
    .replace("/state/", `${pod.join("state")}/`)
    .replace("/tls/", `${pod.join("tls")}/`);
  await writeFile(pod.join("etc/leafd.yaml"), mounted);

  for (const said of ["issued", "valid"]) {
    const { code, stdout, stderr } = await runLeafd(["once", "--config", pod.join("etc/leafd.yaml")]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^payments: ${said}, `));
  }
  assert.deepEqual([cluster.reviewed.length, await pki.issued()], [1, 1]);
  assert.ok(readPair(pod.join("tls/payments")).whole);
});
