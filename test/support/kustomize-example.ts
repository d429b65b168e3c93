import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Pod } from "./pod.ts";

export const KUSTOMIZE = join(import.meta.dirname, "../../deploy/kubernetes/kustomize");

interface Kustomization {
  readonly resources: readonly string[];
  readonly components: readonly string[];
  readonly patches?: readonly { readonly path: string }[];
}

interface Workload {
  readonly kind: string;
  readonly spec: { readonly template: { readonly spec: Pod } };
}

interface Example {
  readonly pod: Pod;
  /** leafd.yaml. */
  readonly config: string;
}

/** The text of a file of an example. */
export function readExampleFile(name: string, file: string): string {
  return readFileSync(join(KUSTOMIZE, "examples", name, file), "utf8");
}

/** The pod of an example with the component that it names: what `kubectl kustomize` makes, as far as a pod goes. */
export function readExample(name: string): Example {
  const directory = join(KUSTOMIZE, "examples", name);
  const read = (file: string) => parse(readFileSync(join(directory, file), "utf8"));
  const { resources, components, patches = [] }: Kustomization = read("kustomization.yaml");
  const workload = resources.map((file): Workload => read(file)).find(({ kind }) => kind !== "ServiceAccount");
  if (workload === undefined) throw new Error(`${name} has no workload`);
  const parts = [...components.map((component) => join(component, "patch.yaml")), ...patches.map(({ path }) => path)];
  const pod = parts.map((file): Pod => read(file).spec.template.spec).reduce(merge, workload.spec.template.spec);
  return { pod, config: readExampleFile(name, "leafd.yaml") };
}

/** Lays `over` over `under`; items of lists are the same when they have the same name, and new ones come first. */
function merge<Value>(under: Value, over: Value): Value;
function merge(under: unknown, over: unknown): unknown {
  if (Array.isArray(under) && Array.isArray(over)) {
    const same = (a: unknown, b: unknown) => isRecord(a) && isRecord(b) && a["name"] === b["name"];
    const fresh = over.filter((item) => !under.some((old) => same(old, item)));
    return [...fresh, ...under.map((old) => merge(old, over.find((item) => same(old, item)) ?? old))];
  }
  if (!isRecord(under) || !isRecord(over)) return over;
  const merged = Object.entries(over).map(([key, value]) => [key, key in under ? merge(under[key], value) : value]);
  return { ...under, ...Object.fromEntries(merged) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
