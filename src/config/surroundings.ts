import type { IssuerSpec } from "../domain/cluster-spec.ts";
import type { Path, Problem } from "./report.ts";
import type { FileDefaults } from "./schema-service.ts";

export type Report = (problem: Problem) => unknown;

/** What a service of the file is completed from. */
export interface Surroundings {
  readonly defaults: FileDefaults;
  readonly issuers: ReadonlyMap<string, IssuerSpec>;
  /** Normalised. */
  readonly stateDir: string;
  readonly report: Report;
}

/** Where a key was written: at the service when it has a value of its own, else at `defaults`. */
export function origin(service: string, own: unknown): Path {
  return own === undefined ? ["defaults"] : ["services", service];
}

/**
 * What a key of a service comes from, as a problem with that key lacks it: the key and the maps around it, at the service
 * and at `defaults`.
 */
export function sourcesOf(service: string, ...keys: readonly string[]): Path[] {
  const starts = [["services", service], ["defaults"]];
  return starts.flatMap((start) => [start, ...keys.map((_, index) => [...start, ...keys.slice(0, index + 1)])]);
}
