import { randomUUID } from "node:crypto";
import type { OutputSpec } from "../domain/spec.ts";
import type { EpochMillis } from "../domain/units.ts";

/*
 * The names inside an output directory. All of leafd's own begin with two dots, as in Kubernetes' AtomicWriter, so
 * that `*.crt`-like globs and people pass over them.
 *
 *   tls.crt -> ..data/tls.crt      what dependents open; made once, never changed
 *   ..data -> ..gen-<time>-<rand>  the one link that a commit moves
 *   ..gen-<time>-<rand>/           a generation: complete before it is visible, never changed after
 *   ..owner  ..delivered           records (owner.ts, delivery.ts)
 *   ..tmp-<rand>                   a link or record on its way to its name
 */

/** The link to the visible generation. */
export const DATA = "..data";
/** Leaf, then intermediates. */
export const CERTIFICATE = "tls.crt";
/** PKCS#8 PEM. */
export const KEY = "tls.key";
/** The trust bundle: self-signed roots. */
export const TRUST = "ca.crt";
/** Key, leaf and chain in one file (`layout: bundle`). */
export const COMBINED = "tls-combined.pem";
/** Who writes here: it comes before any generation. */
export const OWNER = "..owner";
/** What was asked and got; inside the generation only. */
export const MANIFEST = "manifest.json";

/** Every name that any layout makes visible. */
export const VISIBLE = [CERTIFICATE, KEY, TRUST, COMBINED] as const;

/** The names that this layout makes visible. */
export function visibleNames(layout: OutputSpec["layout"]): readonly string[] {
  return layout === "bundle" ? VISIBLE : [CERTIFICATE, KEY, TRUST];
}

const GENERATION = /^\.\.gen-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{8}$/;
const TEMPORARY = /^\.\.tmp-[0-9a-f-]{36}$/;

/**
 * A new generation's name: `..gen-20261123T175944123Z-1f2e3d4c`. Names sort by time; `after` (the visible generation)
 * makes it later than that one even when the wall clock went back, because `sweep` goes by this order.
 */
export function generationName(now: EpochMillis, after: string | undefined): string {
  const floor = after === undefined ? undefined : generationTime(after);
  const at = floor === undefined ? now : Math.max(now, floor + 1);
  const stamp = new Date(at).toISOString().replace(/[-:.]/g, "");
  return `..gen-${stamp}-${randomUUID().slice(0, 8)}`;
}

/** When a generation was made, by its name; undefined when this is not the name of a generation. */
export function generationTime(name: string): EpochMillis | undefined {
  const parts = GENERATION.exec(name);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, millis] = parts;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millis}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** A name for something that is renamed to its own name once it is complete; nobody can guess and plant it. */
export function temporaryName(): string {
  return `..tmp-${randomUUID()}`;
}

/** Whether the name is one of `temporaryName`: what a crash left on its way. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}
