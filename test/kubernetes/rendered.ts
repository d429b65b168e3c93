import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
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

/** What `kubectl kustomize` makes of a directory below deploy/kubernetes/kustomize. */
export async function kustomized(path: string): Promise<readonly Manifest[]> {
  const { stdout } = await run(tool("kubectl"), ["kustomize", join(KUSTOMIZE, path)]);
  return manifestsIn(stdout);
}

/** The charts, in a copy where the dependency of the example has been brought. */
export interface Charts extends AsyncDisposable {
  /** What `helm template` makes of `chart` or `chart-example` with these values. Rejects with what helm says. */
  rendered(chart: "chart" | "chart-example", values?: object): Promise<readonly Manifest[]>;
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
  await helm(copy, ["dependency", "update", directory("chart-example")]);
  const template = ["--kube-version=1.36.0", "--namespace=payments"];
  const given = (values: object) => Object.entries(values).flatMap(([key, value]) => ["--set-json", toSet(key, value)]);
  return {
    rendered: async (chart, values = {}) =>
      manifestsIn(await helm(copy, ["template", "payments", directory(chart), ...template, ...given(values)])),
    lint: (chart) => helm(copy, ["lint", "--strict", directory(chart)]),
    install: (kubeconfig, values) =>
      helm(copy, ["install", "agent", directory("chart"), "--namespace=payments", ...given(values)], kubeconfig),
    [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose](),
  };
}

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
