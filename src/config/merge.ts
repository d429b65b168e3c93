import type { ConfigDocument } from "./document.ts";
import { isPlainMap, type PlainMap } from "./plain.ts";
import { type Finding, MOST_FINDINGS, type Problem } from "./report.ts";

/** All files as one configuration, and the way back from a path to the file that it came from. */
export interface MergedConfig {
  readonly value: PlainMap;
  readonly findings: readonly Finding[];
  locate(problem: Problem): Finding;
}

/**
 * Adds the services of the drop-ins to those of the main file. A drop-in has one key, `services`, in the same shape as
 * in the main file; a service that two files define is an error, not a question of order.
 */
export function mergeDocuments(main: ConfigDocument, dropIns: readonly ConfigDocument[]): MergedConfig {
  const findings: Finding[] = [];
  const report = (document: ConfigDocument, problem: Problem) =>
    findings.length < MOST_FINDINGS && findings.push(document.locate(problem));
  const origins = new Map<string, ConfigDocument>();
  const services: Record<string, unknown> = {};

  const add = (document: ConfigDocument, given: unknown) => {
    if (given === null || given === undefined) return;
    if (!isPlainMap(given)) {
      report(document, { path: ["services"], at: "value", message: "must be a map of services" });
      return;
    }
    for (const [name, service] of Object.entries(given)) {
      const other = origins.get(name);
      if (other === undefined) {
        services[name] = service;
        origins.set(name, document);
      } else {
        const message = `is defined in ${other.file} already`;
        report(document, { path: ["services", name], at: "key", message });
      }
    }
  };

  if (!isPlainMap(main.value)) {
    const message = main.value === null ? "holds no configuration" : "must be a map of keys, such as vault:";
    findings.push({ file: main.file, line: 0, column: 0, path: "", message });
  }
  const { services: own, ...rest } = isPlainMap(main.value) ? main.value : {};
  add(main, own);
  for (const document of dropIns) add(document, servicesOf(document, report));
  return {
    value: { ...rest, services },
    findings,
    locate(problem) {
      const [section, name] = problem.path;
      const document = section === "services" ? origins.get(String(name)) : undefined;
      return (document ?? main).locate(problem);
    },
  };
}

function servicesOf(
  document: ConfigDocument,
  report: (document: ConfigDocument, problem: Problem) => unknown,
): unknown {
  if (document.value === null) return undefined;
  const hint = `a drop-in begins with "services:" and has the services below it, as in the main file`;
  if (!isPlainMap(document.value)) {
    report(document, { path: [], at: "value", message: "must be a map with the key services", hint });
    return undefined;
  }
  for (const key of Object.keys(document.value))
    if (key !== "services") report(document, { path: [key], at: "key", message: "is not a key of a drop-in", hint });
  return document.value["services"];
}
