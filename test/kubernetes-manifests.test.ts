import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { describe } from "node:test";
import { parse } from "yaml";
import { readRules } from "./support/alert-rules.ts";
import { parseText } from "./support/config-file.ts";
import { KUSTOMIZE, readExample } from "./support/kustomize-example.ts";
import { assertFits, containersOf, type Pod } from "./support/pod.ts";
import { violations } from "./support/pod-security.ts";

/* The manifests of deploy/kubernetes, without a cluster. test/kubernetes renders them and asks a real API server. */

const EXAMPLES = readdirSync(join(KUSTOMIZE, "examples"));
assert.ok(EXAMPLES.length > 4);

function read(file: string) {
  return parse(readFileSync(join(KUSTOMIZE, file), "utf8"));
}

/** The settings of leafd in a pod: the variables that its container gets have some value. */
function settingsIn(pod: Pod, config: string) {
  const names = containersOf(pod).flatMap(({ env = [] }) => env.map(({ name }) => name));
  return parseText(config, Object.fromEntries(names.map((name) => [name, "node-1"]))).settings;
}

for (const name of EXAMPLES)
  describe(`the example ${name}`, () => {
    const { pod, config } = readExample(name);
    const settings = settingsIn(pod, config);

    test("is restricted, and has a root file system that nobody writes", () => {
      assert.deepEqual(violations(pod), []);
    });

    test("fits its leafd.yaml", async () => {
      await assertFits(pod, settings);
    });

    test("lets the application read its key, and leafd tell it", () => {
      const users = new Set(
        containersOf(pod).map(({ securityContext }) => securityContext?.runAsUser ?? pod.securityContext?.runAsUser),
      );
      for (const { output, reload } of settings.services) {
        if (users.size > 1) assert.equal(String(output.group), String(pod.securityContext?.fsGroup));
        const signals = reload.some(({ kind }) => kind === "signal");
        assert.equal(pod.shareProcessNamespace === true, signals);
        if (signals) assert.equal(users.size, 1);
      }
    });

    test("keeps keys and tokens in memory, and asks for a token that only Vault takes", () => {
      const memory = pod.volumes.filter(({ name: volume }) => ["leafd-tls", "leafd-state"].includes(volume));
      for (const volume of memory) assert.match(JSON.stringify(volume), /"medium":"Memory","sizeLimit":"\d+Mi"/);
      assert.equal(memory.length, 2);
      assert.match(JSON.stringify(pod.volumes), /"serviceAccountToken":\{"audience":"vault"/);
    });
  });

describe("the check of the profile", () => {
  const { pod } = readExample("nginx");
  const [app, ...others] = pod.containers;
  assert.ok(app);
  const withSecurity = (change: object): Pod => ({
    ...pod,
    containers: [{ ...app, securityContext: { ...app.securityContext, ...change } }, ...others],
  });
  const broken: readonly (readonly [what: string, pod: Pod])[] = [
    ["nginx: privileged", withSecurity({ privileged: true })],
    ["nginx: allowPrivilegeEscalation", withSecurity({ allowPrivilegeEscalation: undefined })],
    ["nginx: readOnlyRootFilesystem", withSecurity({ readOnlyRootFilesystem: false })],
    ["nginx: capabilities", withSecurity({ capabilities: { drop: ["ALL"], add: ["SYS_PTRACE"] } })],
    ["nginx: runAsNonRoot", withSecurity({ runAsNonRoot: false })],
    ["nginx: runAsUser", withSecurity({ runAsUser: 0 })],
    ["nginx: seccompProfile", withSecurity({ seccompProfile: { type: "Unconfined" } })],
    ["nginx: hostPort", { ...pod, containers: [{ ...app, ports: [{ containerPort: 1, hostPort: 1 }] }, ...others] }],
    ["hostPID", { ...pod, hostPID: true }],
    ["hostPath", { ...pod, volumes: [...pod.volumes, { name: "node", hostPath: { path: "/" } }] }],
  ];
  for (const [what, wrong] of broken)
    test(`finds ${what}`, () => {
      assert.deepEqual(violations(wrong), [what]);
    });
});

test("the rules for the operator are those of deploy/prometheus", () => {
  assert.deepEqual(read("prometheus/prometheusrule.yaml").spec.groups, readRules());
});

test("Prometheus finds the pods and their port, and the network policy lets it and Vault through", () => {
  for (const component of ["sidecar", "sidecar-once"]) {
    const { metadata, spec } = read(`components/${component}/patch.yaml`).spec.template;
    const [metrics] = containersOf({ containers: [], ...spec }).flatMap(({ ports = [] }) => ports);
    const port = metrics?.containerPort;
    assert.equal(metadata.annotations["prometheus.io/port"], String(port));
    const monitor = read("prometheus/podmonitor.yaml").spec;
    assert.equal(monitor.podMetricsEndpoints[0].port, metrics?.name);
    const policy = read("components/network-policy/networkpolicy.yaml").spec;
    for (const { matchLabels } of [monitor.selector, policy.podSelector])
      assert.deepEqual(matchLabels, metadata.labels);
    assert.equal(policy.ingress[0].ports[0].port, port);
    const { clusters } = parseText(readExample("nginx").config).settings;
    const [address = ""] = clusters.flatMap(({ addresses }) => addresses);
    assert.equal(policy.egress[1].ports[0].port, Number(new URL(address).port));
  }
});
