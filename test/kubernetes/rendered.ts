import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments, stringify } from "yaml";
import { KUSTOMIZE } from "../support/kustomize-example.ts";
import type { Pod } from "../support/pod.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { tool } from "./tools.ts";

const run = promisify(execFile);

const DEPLOY = join(import.meta.dirname, "../../deploy");

/** An object of the API, as far as it is looked at. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template?: { readonly metadata: object; readonly spec: Pod } };
}

type Chart = "chart" | "chart-example" | "chart-of-two";

/** What `kubectl kustomize` makes of a directory below deploy/kubernetes/kustomize. */
export async function kustomized(path: string): Promise<readonly Manifest[]> {
  const { stdout } = await run(tool("kubectl"), ["kustomize", join(KUSTOMIZE, path)]);
  return manifestsIn(stdout);
}

/** The charts, in a copy where dependencies have been brought; `chart-of-two` has leafd as `web` and as `frontEnd`. */
export interface Charts extends AsyncDisposable {
  /** What `helm template` makes of a chart with these values, for this version of Kubernetes. Rejects with what helm says. */
  rendered(chart: Chart, values?: object, kubernetes?: string): Promise<readonly Manifest[]>;
  /** What `helm lint` says; rejects when it finds fault. */
  lint(chart: "chart" | "chart-example"): Promise<string>;
  /** `helm install` of `chart` into a cluster; answers the notes that it prints. */
  install(kubeconfig: string, values: object): Promise<string>;
}

export async function copyCharts(): Promise<Charts> {
  const copy = await tempDir();
  // As they lie in the checkout: links from one into another lead to the same places.
  await cp(DEPLOY, copy.join("deploy"), { recursive: true, verbatimSymlinks: true });
  const directory = (chart: string) => copy.join("deploy/kubernetes", chart);
  await mkdir(directory("chart-of-two"));
  await writeFile(join(directory("chart-of-two"), "Chart.yaml"), stringify(CHART_OF_TWO));
  for (const chart of ["chart-example", "chart-of-two"]) await helm(copy, ["dependency", "update", directory(chart)]);
  const given = (values: object) => Object.entries(values).flatMap(([key, value]) => ["--set-json", toSet(key, value)]);
  return {
    rendered: async (chart, values = {}, kubernetes = "1.36.0") => {
      const template = [`--kube-version=${kubernetes}`, "--namespace=payments", ...given(values)];
      return manifestsIn(await helm(copy, ["template", "payments", directory(chart), ...template]));
    },
    lint: (chart) => helm(copy, ["lint", "--strict", directory(chart)]),
    install: (kubeconfig, values) =>
      helm(copy, ["install", "agent", directory("chart"), "--namespace=payments", ...given(values)], kubeconfig),
    [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose](),
  };
}

const CHART_OF_TWO = {
  apiVersion: "v2",
  name: "of-two",
  version: "0.1.0",
  dependencies: ["web", "frontEnd"].map((alias) => ({
    alias,
    name: "leafd",
    version: "0.1.0",
    repository: "file://../chart",
  })),
};

function toSet(key: string, value: unknown): string {
  return `${key}=${JSON.stringify(value)}`;
}

async function helm(home: TempDir, args: readonly string[], kubeconfig = home.join("none")): Promise<string> {
  const env = { HOME: home.path, PATH: process.env["PATH"], KUBECONFIG: kubeconfig };
  return (await run(tool("helm"), args, { env })).stdout;
}

function manifestsIn(text: string): Manifest[] {
  const values: (Manifest | null)[] = parseAllDocuments(text).map((document) => document.toJS());
  return values.filter((value) => value !== null);
}
