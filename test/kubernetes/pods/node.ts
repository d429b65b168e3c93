import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { startProgram } from "../../support/server-program.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";
import type { Cluster } from "../cluster.ts";
import { tool } from "../tools.ts";
import { IMAGES, writeImage } from "./image.ts";

const run = promisify(execFile);

/** The address that inside.sh gives the node. */
export const NODE_ADDRESS = "10.77.0.1";

/** Joins one node to the cluster, with the controllers that make pods; resolves when the node is ready. */
export async function startNode(cluster: Cluster): Promise<AsyncDisposable> {
  await using resources = new AsyncDisposableStack();
  const directory = resources.use(await tempDir());
  const socket = await startContainerd(directory, resources);
  const archive = await writeImage(directory);
  await run("ctr", ["--address", socket, "--namespace=k8s.io", "images", "import", "--all-platforms", archive]);
  const as = ["--kubeconfig", cluster.kubeconfig];
  const shared = [...as, "--leader-elect=false", "--bind-address=127.0.0.1"];
  const anyOutput = { ready: (output: string) => output.length > 0 };
  resources.use(await startProgram([tool("kube-controller-manager"), ...shared], anyOutput));
  resources.use(await startProgram([tool("kube-scheduler"), ...shared], anyOutput));
  const config = directory.join("kubelet.yaml");
  await writeFile(config, stringify(kubeletConfig(directory, socket)));
  const kubelet = [
    tool("kubelet"),
    ...as,
    `--config=${config}`,
    `--root-dir=${directory.join("kubelet")}`,
    `--cert-dir=${directory.join("kubelet-pki")}`,
    "--hostname-override=node-1",
    `--node-ip=${NODE_ADDRESS}`,
  ] as const;
  const started = resources.use(await startProgram(kubelet, anyOutput));
  const ready = ["get", "node", "node-1", '--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}'];
  await waitFor(async () => (await cluster.kubectl(ready)) === "True", {
    what: "the node to be ready",
    within: 120_000,
    every: 500,
  }).catch((cause: unknown) => {
    throw new Error(started.output().slice(-3000), { cause });
  });
  return resources.move();
}

async function startContainerd(directory: TempDir, resources: AsyncDisposableStack): Promise<string> {
  await mkdir(directory.join("cni"));
  const ranges = [[{ subnet: "10.78.0.0/24" }]];
  const ipam = { type: "host-local", dataDir: directory.join("ipam"), ranges, routes: [{ dst: "0.0.0.0/0" }] };
  const network = {
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [{ type: "bridge", bridge: "pods0", isGateway: true, ipam }],
  };
  await writeFile(directory.join("cni/pods.conflist"), JSON.stringify(network));
  const socket = directory.join("containerd.sock");
  const plugin = 'plugins."io.containerd.grpc.v1.cri"';
  const lines = [
    "version = 2",
    `root = "${directory.join("containerd")}"`,
    `state = "${directory.join("containerd-state")}"`,
    "[grpc]",
    `address = "${socket}"`,
    `[${plugin}]`,
    `sandbox_image = "${IMAGES.pause}"`,
    // Where root may not lower the score of a process below its own.
    "restrict_oom_score_adj = true",
    `[${plugin}.cni]`,
    'bin_dir = "/usr/lib/cni"',
    `conf_dir = "${directory.join("cni")}"`,
  ];
  await writeFile(directory.join("containerd.toml"), `${lines.join("\n")}\n`);
  const answers = async () => (await run("ctr", ["--address", socket, "version"])).stdout.includes("Server:");
  resources.use(await startProgram(["containerd", "--config", directory.join("containerd.toml")], { ready: answers }));
  return socket;
}

function kubeletConfig(directory: TempDir, socket: string): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    cgroupDriver: "cgroupfs",
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    containerRuntimeEndpoint: `unix://${socket}`,
    // Nobody else is in this network.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    address: NODE_ADDRESS,
    resolvConf: "",
    podLogsDir: directory.join("logs"),
    localStorageCapacityIsolation: false,
    evictionHard: { "memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
  };
}
