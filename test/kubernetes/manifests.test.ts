import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, suite, test } from "node:test";
import { parse } from "yaml";
import { parseText } from "../support/config-file.ts";
import { KUSTOMIZE, readExample } from "../support/kustomize-example.ts";
import { assertFits, containersOf, type Pod } from "../support/pod.ts";
import { violations } from "../support/pod-security.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { type Charts, copyCharts, kustomized, type Manifest } from "./rendered.ts";
import { OPERATOR_DEFINITIONS } from "./tools.ts";

/*
 * The chart and the manifests as helm and kustomize render them, before a real API server: it checks each against its
 * schema and admits the pods, in a namespace that enforces the profile "restricted". There is no node:
 * pods.sh runs real pods.
 */

const EXAMPLES = ["daemonset", "envoy", "java", "job", "nginx", "nginx-once"];
const RESTRICTED = ["enforce", "warn"].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);

let cluster: Cluster;
let charts: Charts;
before(async () => {
  charts = await copyCharts();
  cluster = await startCluster();
  await cluster.kubectl(["create", "namespace", "payments"]);
  await cluster.kubectl(["label", "namespace", "payments", ...RESTRICTED]);
  await cluster.kubectl(["apply", "--server-side", `--filename=${OPERATOR_DEFINITIONS}`]);
  await cluster.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
  for (const name of ["payments", "payments-pod", "42"])
    await cluster.kubectl(["create", "serviceaccount", name, "--namespace=payments"]);
});
after(async () => {
  await charts[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const ask = (manifest: object) =>
  cluster.kubectl(
    ["create", "--dry-run=server", "--validate=strict", "--warnings-as-errors", "--namespace=payments", "-f", "-"],
    JSON.stringify(manifest),
  );

/** The server takes it, and the pods that its controller would make of it. */
async function assertTaken(manifest: Manifest): Promise<void> {
  const existing = manifest.kind === "ServiceAccount";
  if (!existing) await ask(manifest);
  const pod = podOf(manifest);
  if (pod === undefined) return;
  assert.deepEqual(violations(pod), []);
  await ask(asPod(pod));
}

function podOf({ spec }: Manifest): Pod | undefined {
  return spec?.template?.spec;
}

function asPod(spec: Pod): object {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "as-made-by-a-controller" }, spec };
}

/** Its ConfigMap has a configuration that the loader takes and that fits the pod. */
async function assertConfigured(manifests: readonly Manifest[]): Promise<void> {
  const pod = manifests.map(podOf).find((found) => found !== undefined);
  const text = manifests.map(({ data }) => data?.["leafd.yaml"]).find((found) => found !== undefined);
  assert.ok(pod !== undefined && text !== undefined);
  const names = containersOf(pod).flatMap(({ env = [] }) => env.map(({ name }) => name));
  await assertFits(pod, parseText(text, Object.fromEntries(names.map((name) => [name, "node-1"]))).settings);
}

suite("the kustomize manifests", () => {
  for (const name of EXAMPLES)
    test(`${name} is taken by the API server, its pods by the profile "restricted"`, async () => {
      const manifests = await kustomized(`examples/${name}`);
      await assertConfigured(manifests);
      for (const manifest of manifests) await assertTaken(manifest);
      // What the tests without a cluster look at is what kustomize makes.
      const rendered = manifests.map(podOf).find((pod) => pod !== undefined);
      const named = (pod: Pod | undefined) => containersOf(pod ?? { containers: [], volumes: [] }).map((c) => c.name);
      assert.deepEqual(named(rendered), named(readExample(name).pod));
    });

  test("the rules and the monitor are what the operator takes", async () => {
    const manifests = await kustomized("prometheus");
    assert.deepEqual(manifests.map(({ kind }) => kind).sort(), ["PodMonitor", "PrometheusRule"]);
    for (const manifest of manifests) await assertTaken(manifest);
    const [first] = manifests;
    await assert.rejects(ask({ ...first, spec: { ...first?.spec, selectr: {} } }), /unknown field "spec\.selectr"/);
  });

  test("the network policy is taken", async () => {
    const file = "components/network-policy/networkpolicy.yaml";
    await assertTaken(parse(await readFile(join(KUSTOMIZE, file), "utf8")));
  });

  test("the API server refuses what the profile does not allow", async () => {
    const { pod } = readExample("nginx");
    const securityContext = { ...pod.securityContext, runAsUser: 0 };
    const lax = { ...pod, serviceAccountName: "payments-pod", securityContext };
    await assert.rejects(ask(asPod(lax)), /violates PodSecurity "restricted:latest": .*runAsUser=0/);
  });
});

const NODE_AGENT = {
  daemonSet: {
    enabled: true,
    containers: [
      {
        name: "agent",
        image: "registry.example/agent:1",
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
      },
    ],
  },
  env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
  config: {
    vault: { address: "https://vault.vault.svc:8200" },
    issuers: { main: { vault: { role: "nodes" } } },
    // biome-ignore lint: a variable of leafd.yaml
    services: { agent: { identity: { commonName: "${NODE_NAME}.nodes" }, output: { directory: "/tls/agent" } } },
  },
};

describe("the chart", () => {
  test("is without fault to helm", async () => {
    for (const chart of ["chart", "chart-example"] as const) await charts.lint(chart);
  });

  for (const mode of ["native", "once"])
    test(`as a dependency, mode ${mode}: the API server takes all of it`, async () => {
      const manifests = await charts.rendered("chart-example", { "leafd.mode": mode });
      await assertConfigured(manifests);
      for (const manifest of manifests) await assertTaken(manifest);
      const [pod] = manifests.flatMap((manifest) => podOf(manifest) ?? []);
      const leafd = mode === "native" ? ["leafd"] : ["leafd-once"];
      assert.deepEqual(
        pod?.initContainers?.map(({ name }) => name),
        leafd,
      );
    });

  for (const mode of ["native", "once"])
    test(`mode ${mode}: what looks like a number stays a name, and what is one stays whole`, async () => {
      const vault = { "vault.audience": "123", "vault.caConfigMap": "7", "vault.tokenExpirationSeconds": 1_000_000 };
      const odd = { mode, ...vault, startTimeoutSeconds: 2_000_000, "serviceAccount.name": "42" };
      const manifests = await charts.rendered("chart", { ...NODE_AGENT, ...odd });
      await assertConfigured(manifests);
      for (const manifest of manifests) await assertTaken(manifest);
    });

  test("twice in one release: nothing is of both", async () => {
    const { config } = NODE_AGENT;
    const manifests = await charts.rendered("chart-of-two", {
      web: { config, networkPolicy: { enabled: true } },
      frontEnd: { config, networkPolicy: { enabled: true }, serviceAccount: { name: "front-end" } },
    });
    assert.deepEqual(
      manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted(),
      ["ConfigMap", "NetworkPolicy"]
        .flatMap((kind) => [`${kind} payments-front-end`, `${kind} payments-web`])
        .concat("ServiceAccount front-end", "ServiceAccount payments"),
    );
    const selected = manifests.flatMap(({ spec }) => (spec === undefined ? [] : JSON.stringify(spec)));
    assert.equal(new Set(selected).size, 2);
  });

  test("is refused by clusters where its pods would never start", async () => {
    await assert.rejects(charts.rendered("chart", NODE_AGENT, "1.28.9"), /no native sidecars.*set mode: once/);
    await charts.rendered("chart", { ...NODE_AGENT, mode: "once" }, "1.28.9");
    await charts.rendered("chart", NODE_AGENT, "1.29.0-eks-1");
  });

  test("by itself, with a DaemonSet, a network policy, a monitor and the rules", async () => {
    const on = { "podMonitor.enabled": true, "prometheusRule.enabled": true, "networkPolicy.enabled": true };
    const manifests = await charts.rendered("chart", { ...NODE_AGENT, ...on });
    await assertConfigured(manifests);
    for (const manifest of manifests) await assertTaken(manifest);
    const kinds = new Set(manifests.map(({ kind }) => kind));
    for (const kind of ["DaemonSet", "NetworkPolicy", "PodMonitor", "PrometheusRule"]) assert.ok(kinds.has(kind));
    const rules = ({ kind }: Manifest) => kind === "PrometheusRule";
    assert.deepEqual(manifests.find(rules)?.spec, (await kustomized("prometheus")).find(rules)?.spec);
  });

  test("is installed by helm, and says what is to be done in Vault", async () => {
    const notes = await charts.install(cluster.kubeconfig, NODE_AGENT);
    assert.match(notes, /bound_service_account_names=agent \\\n +bound_service_account_namespaces=payments \\\n/);
    assert.match(await cluster.kubectl(["get", "daemonset", "--namespace=payments"]), /^agent-leafd /m);
  });

  test("says what is wrong with its values", async () => {
    await assert.rejects(charts.rendered("chart", { mode: "sidecar" }), /'\/mode': value must be one of/);
    await assert.rejects(charts.rendered("chart", { "image.tga": "1" }), /additional properties 'tga' not allowed/);
    await assert.rejects(charts.rendered("chart", { "daemonSet.enabled": true }), /'\/config'/);
    const withAuth = (auth: object) => ({ config: { ...NODE_AGENT.config, clusters: { dr: { auth } } } });
    await charts.rendered("chart", withAuth({ token: "${TOKEN}" }));
    await assert.rejects(charts.rendered("chart", withAuth({ token: "hvs.x" })), /dr\/auth\/token': .*pattern/);
  });
});
