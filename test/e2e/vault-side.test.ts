import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { reviewingCluster, serviceAccount } from "../support/kubernetes-auth.ts";
import { runLeafd } from "../support/leafd-process.ts";
import { readPair } from "../support/published-pair.ts";
import { leafd } from "../support/terminal.ts";
import { TestCa } from "../support/test-ca.ts";
import { type VaultSide, vaultSide } from "../support/vault-bootstrap.ts";
import { startOpenBao } from "../support/vault-server.ts";

/* What the scripts of deploy/vault made and printed is all that a leafd needs. */

const SETTINGS = `
[pki]
root = trial
[service payments]
names = payments.internal pay.internal
uris = spiffe://example.org/payments
reserve_ttl = 72h
[service orders]
uris = spiffe://example.org/orders
key = ed25519
usages = client
`;

async function bootstrapped(side: VaultSide, more: string): Promise<void> {
  await side.settings(`${SETTINGS}${more}`);
  const { code, stderr } = await side.bootstrap();
  assert.equal(code, 0, stderr);
}

/** Writes what leafd-config.sh prints, with the places of this test; answers the file. */
async function configured(side: VaultSide, ...args: readonly string[]): Promise<string> {
  const { path } = side.dir;
  const printed = await side.leafdConfig("--credentials", path, "--output", side.dir.join("live"), ...args);
  assert.equal(printed.code, 0, printed.stderr);
  await mkdir(side.dir.join("live"));
  const file = side.dir.join("leafd.yaml");
  await writeFile(file, `${printed.stdout}stateDir: ${side.dir.join("state")}\nobserve: { listen: "off" }\n`);
  return file;
}

/** Both services have their pair; the names are those of the settings. */
async function issues(side: VaultSide, file: string): Promise<void> {
  const { code, stderr, log } = await runLeafd(["once", "--timeout", "60s", "--config", file]);
  assert.equal(code, 0, [...log.map(({ msg }) => msg), stderr].join("\n"));
  const { leaf } = readPair(side.dir.join("live/payments"));
  assert.match(leaf.subjectAltName ?? "", /DNS:pay\.internal.*URI:spiffe:\/\/example\.org\/payments/);
  assert.equal(readPair(side.dir.join("live/orders")).leaf.publicKey.asymmetricKeyType, "ed25519");
}

test("a leafd whose secret-id lies in a file takes its certificates, and check --online finds nothing wrong", async () => {
  await using vault = await startOpenBao();
  await using side = await vaultSide(vault);
  await bootstrapped(side, "[leafd host]\nservices = payments orders\ncidrs = 127.0.0.0/8");
  const { stdout } = await side.secretId(["host", side.dir.path]);
  assert.match(stdout, /secret-id holds a new secret-id of host$/m);
  const file = await configured(side, "host");
  const { exitCode, out } = await leafd("check", "--online", "--spend-secret-id", "-c", file);
  assert.deepEqual([exitCode, out.split("\n").filter((line) => /^(error|warning|skipped)/.test(line))], [0, []], out);
  await issues(side, file);
});

test("a leafd that is given a wrapped secret-id of one use takes it out and its certificates with it", async () => {
  await using vault = await startOpenBao();
  await using side = await vaultSide(vault);
  await bootstrapped(side, "[leafd host]\nservices = payments orders\nsecret_id_uses = 1\nsecret_id_ttl = 1h");
  const { stdout } = await side.secretId(["--wrap", "5m", "host", side.dir.path]);
  assert.match(stdout, /wrapped: \{ creationPath: auth\/approle\/role\/host\/secret-id \}/);
  await issues(side, await configured(side, "--wrapped", "host"));
});

test("a leafd in Kubernetes logs in with its service account's token for Vault, and with no other", async () => {
  await using vault = await startOpenBao();
  await using side = await vaultSide(vault);
  await using cluster = await reviewingCluster();
  await writeFile(side.dir.join("ca.pem"), (await TestCa.root()).certificate.pem);
  await bootstrapped(
    side,
    `[kubernetes]\nhost = ${cluster.address}\nca_file = ca.pem\n
     [leafd leafd]\nservices = payments orders\nauth = kubernetes\nnamespace = apps`,
  );
  assert.match((await side.bootstrap()).stdout, /^changes: 0$/m);
  const tokenFile = side.dir.join("token");
  const file = await configured(side, "--token-file", tokenFile, "leafd");
  for (const [name, audience] of [
    ["leafd", undefined],
    ["leafd", "https://kubernetes.default.svc"],
    ["other", "vault"],
  ] as const) {
    await writeFile(tokenFile, serviceAccount(name, "1", audience));
    const refused = await leafd("check", "--online", "-c", file);
    assert.match(refused.out, /^error .*login_denied/m, `${name} for ${audience}`);
  }
  await writeFile(tokenFile, serviceAccount("leafd", "1", "vault"));
  await issues(side, file);
  assert.ok(cluster.reviewed.length > 0, "the cluster was asked about the token");
});
