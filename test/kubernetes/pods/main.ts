import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setUpPki } from "../../support/pki-setup.ts";
import { startOpenBao } from "../../support/vault-server.ts";
import { waitFor } from "../../support/wait-for.ts";
import { startCluster } from "../cluster.ts";
import { kustomized } from "../rendered.ts";
import { reviewedLogin } from "../reviewed-login.ts";
import { openDoor } from "./door.ts";
import { startNode } from "./node.ts";
import { containers, MINUTES, pod, pods, rotated, served } from "./watched.ts";

/*
 * leafd in real pods of the examples nginx, nginx-once, java and job: run.sh starts it. Certificates live for 40 s.
 */

/** Programs that there are in the image, in place of those of two examples. */
const STAND_INS: Readonly<Record<string, readonly string[]>> = {
  settle: ["cat", "/tls/payments/tls.crt", "/tls/payments/tls.key", "/tls/payments/ca.crt"],
  java: [
    "node",
    "--input-type=module",
    "--eval",
    readFileSync(join(import.meta.dirname, "reload-by-http.mjs"), "utf8"),
  ],
};

await using cluster = await startCluster();
await using vault = await startOpenBao({ tls: true });
await using _node = await startNode(cluster);
seen("a node is ready");
await using door = await openDoor(vault);
await cluster.kubectl(["create", "namespace", "payments"]);
await cluster.kubectl(["label", "namespace", "payments", "pod-security.kubernetes.io/enforce=restricted"]);
await cluster.kubectl([
  "create",
  "configmap",
  "vault-ca",
  "--namespace=payments",
  `--from-file=vault-ca.pem=${vault.caFile}`,
]);
const pki = await setUpPki(vault, { role: "payments" });
await reviewedLogin(vault, cluster, pki.approle);

await nativeSidecar();
await killed();
await olderCluster();
await otherUser();
await job();
console.log("all of it was seen");

async function nativeSidecar(): Promise<void> {
  await vault.seal();
  await apply("nginx");
  const waiting = await pod(cluster, "payments", (all) => all.get("leafd")?.state.running !== undefined);
  const held = containers(waiting).get("nginx");
  assert.deepEqual([held?.started, held?.state.waiting?.reason], [false, "PodInitializing"]);
  assert.equal(containers(waiting).get("leafd")?.started, false);
  seen("native sidecar: while Vault is sealed leafd runs, and nginx has not been started");
  await vault.unseal();
  const ready = await pod(cluster, "payments", (all) => [...all.values()].every((container) => container.ready));
  const first = await served(ready);
  seen(`native sidecar: with a certificate nginx starts, and serves ${first}`);
  const next = await rotated(ready, first);
  seen(`native sidecar: the signal reaches nginx, which serves ${next}`);
}

async function killed(): Promise<void> {
  const before = await pod(cluster, "payments", () => true);
  const serial = await served(before);
  const issued = await pki.issued();
  const [leafd = 0] = processes("/usr/bin/leafd run");
  process.kill(leafd, "SIGKILL");
  const after = await pod(
    cluster,
    "payments",
    (all) => all.get("leafd")?.restartCount === 1 && all.get("leafd")?.ready === true,
  );
  assert.equal(containers(after).get("nginx")?.restartCount, 0);
  assert.ok((await pki.issued()) - issued <= 1, "a restart costs no certificate besides a renewal that was due");
  seen("kill -9 of leafd: the kubelet starts it again, nginx goes on");
  seen(`kill -9 of leafd: rotates as before, from ${serial} to ${await rotated(after, await served(after))}`);
  await remove("nginx");
}

async function olderCluster(): Promise<void> {
  await apply("nginx-once");
  const ready = await pod(cluster, "payments", (all) => [...all.values()].every((container) => container.ready));
  assert.equal(containers(ready).get("leafd-once")?.state.terminated?.exitCode, 0);
  const first = await served(ready);
  seen(`once: the init container has ended, nginx serves ${first}`);
  seen(`once: leafd beside it rotates, and nginx serves ${await rotated(ready, first)}`);
  await remove("nginx-once");
}

async function otherUser(): Promise<void> {
  await apply("java");
  const ready = await pod(cluster, "payments", (all) => [...all.values()].every((container) => container.ready));
  const first = await served(ready);
  seen(`HTTP: a service of another user reads the key by its group, and serves ${first}`);
  seen(`HTTP: told on loopback, it serves ${await rotated(ready, first)}`);
  await remove("java");
}

async function job(): Promise<void> {
  await apply("job");
  await cluster.kubectl([
    "wait",
    "--namespace=payments",
    "--for=condition=Complete",
    "job/payments-settle",
    "--timeout=180s",
  ]);
  const ended = await pod(cluster, "settle", (all) => all.get("leafd")?.state.terminated !== undefined);
  const codes = [...containers(ended)].map(([name, { state }]) => `${name} with ${state.terminated?.exitCode}`);
  assert.equal(ended.status.phase, "Succeeded");
  seen(`Job: complete, the containers have ended: ${codes.join(", ")}`);
}

function seen(what: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${what}`);
}

/** The manifests of an example, with this Vault, short certificates, and programs that there are. */
async function manifests(example: string): Promise<string> {
  const items = await kustomized(`examples/${example}`);
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items })
    .replace("https://vault.vault.svc:8200", door.address)
    .replace("caFile: /etc/leafd/vault-ca.pem", "caFile: /etc/leafd/vault-ca.pem, serverName: localhost")
    .replace("ttl: 24h", "ttl: 40s")
    .replace("outage: { survive: 8h }", "")
    .replace('"replicas":2', '"replicas":1');
  const list = JSON.parse(text);
  for (const { spec } of list.items)
    for (const container of spec?.template?.spec.containers ?? [])
      if (container.name in STAND_INS) Object.assign(container, { command: STAND_INS[container.name], args: [] });
  return JSON.stringify(list);
}

async function apply(example: string): Promise<void> {
  await cluster.kubectl(["apply", "--filename=-"], await manifests(example));
}

async function remove(example: string): Promise<void> {
  await cluster.kubectl(["delete", "--wait", "--timeout=120s", "--filename=-"], await manifests(example));
  const gone = async () => (await pods(cluster, "payments")).length === 0;
  await waitFor(gone, { what: `the pods of ${example} to be gone`, ...MINUTES });
}

/** The pids of the processes whose command line has this text; the pods are in this process namespace. */
function processes(text: string): number[] {
  const commandOf = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
      return "";
    }
  };
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => commandOf(pid).includes(text)).map(Number);
}
