import { hash } from "node:crypto";
import { lstatSync, readdirSync } from "node:fs";
import { LeafdError } from "../domain/errors.ts";
import type { Inspection, PairMaterial } from "../domain/inspection.ts";
import type { Manifest } from "../domain/manifest.ts";
import { Secret } from "../domain/secret.ts";
import { describeAccess } from "./access.ts";
import { describeBarePair } from "./bare-pair.ts";
import { type HeldDirectory, openOutput } from "./directory.ts";
import { errnoOf, unless } from "./disk-error.ts";
import { readBounded } from "./durable.ts";
import { brokenLink, linkTarget, visibleGeneration } from "./links.ts";
import { parseManifest, readManifest } from "./manifest-file.ts";
import { CERTIFICATE, DATA, generationTime, KEY, MANIFEST, TRUST, VISIBLE } from "./names.ts";

/** More than any real chain or bundle; stops a planted file from filling the memory. */
const LARGEST_FILE = 1024 * 1024;

/** The bytes of a generation, and the manifest they agree with. */
export interface Generation {
  readonly manifest: Manifest;
  readonly material: PairMaterial;
  /** What an operator should know of it. */
  readonly note?: string;
}

/**
 * Looks at an output directory as a restart does. `..data` is read once and everything else is read inside the
 * generation it names, so a commit that happens meanwhile cannot mix two.
 */
export function inspectOutput(path: string): Inspection {
  try {
    using directory = openOutput(path);
    return directory === undefined ? { kind: "none" } : inspectDirectory(directory);
  } catch (thrown) {
    if (!(thrown instanceof LeafdError) || thrown.reason !== "target_unsafe") throw thrown;
    return { kind: "damaged", reason: "target_unsafe", message: thrown.message };
  }
}

/**
 * The newest whole generation that is not the visible one: what a refused pair is taken back to. Undefined when there is
 * none, or no directory. Whole means that its manifest seals it; nothing is verified.
 */
export function previousGeneration(path: string): Generation | undefined {
  using directory = openOutput(path);
  if (directory === undefined) return undefined;
  return newestIntact(directory, visibleGeneration(directory));
}

function inspectDirectory(directory: HeldDirectory): Inspection {
  const current = visibleGeneration(directory);
  if (current === undefined) return inspectUnpublished(directory);
  const found = readGeneration(directory, current);
  if (typeof found === "string") return damaged(directory, found, current);
  const problem = drift(directory, found.manifest);
  if (problem === undefined) return { kind: "pair", ...found };
  return { kind: "damaged", reason: "pair_damaged", message: problem, rescue: found };
}

function inspectUnpublished(directory: HeldDirectory): Inspection {
  const entries = readdirSync(directory.at("."));
  if (entries.includes(DATA)) {
    const message = `${directory.path}/${DATA} is not a link to a generation (${linkTarget(directory, DATA) ?? "no link"})`;
    return { ...damaged(directory, message), reason: "target_unsafe" };
  }
  const lost = damaged(directory, `${directory.path}/${DATA} is missing`);
  return lost.rescue === undefined ? { kind: "none" } : lost;
}

function damaged(directory: HeldDirectory, message: string, current?: string): Inspection & { kind: "damaged" } {
  const rescue = (current === undefined ? undefined : withoutManifest(directory, current)) ?? newestIntact(directory);
  return { kind: "damaged", reason: "pair_damaged", message, ...(rescue === undefined ? {} : { rescue }) };
}

/** The visible generation, when nothing is wrong with it but its manifest: younger than any other. */
function withoutManifest(directory: HeldDirectory, name: string): Generation | undefined {
  try {
    using generation = directory.open(name);
    const manifest = unless(["ENOENT"], () => readText(generation, MANIFEST)) ?? "";
    return parseManifest(manifest) === undefined ? readBareGeneration(generation, name, manifest) : undefined;
  } catch {
    return undefined; // It is missing more than that.
  }
}

function newestIntact(directory: HeldDirectory, except?: string): Generation | undefined {
  for (const name of generations(readdirSync(directory.at(".")))) {
    if (name === except) continue;
    try {
      const found = readGeneration(directory, name);
      if (typeof found !== "string") return found;
    } catch {
      // Not readable: then it rescues nothing, and the next one may.
    }
  }
  return undefined;
}

/** Those names that are generations', complete or not, newest first. */
export function generations(names: readonly string[]): readonly string[] {
  return names
    .filter((name) => generationTime(name) !== undefined)
    .sort()
    .toReversed();
}

/** Reads one generation and compares it with its manifest; answers what is wrong as a sentence. */
export function readGeneration(directory: HeldDirectory, name: string): Generation | string {
  const where = `${directory.path}/${name}`;
  try {
    using generation = directory.open(name);
    const text = readText(generation, MANIFEST);
    const manifest = parseManifest(text);
    if (manifest === undefined) return readOfLaterLeafd(generation, name, text);
    if (manifest.generation !== name) return `${where}/${MANIFEST} belongs to ${manifest.generation}`;
    const contents = new Map<string, Buffer>();
    for (const [file, expected] of Object.entries(manifest.files)) {
      const bytes = readBounded(generation, file, LARGEST_FILE);
      if (hash("sha256", bytes) !== expected) return `${where}/${file} does not have the content it was written with`;
      contents.set(file, bytes);
    }
    return { manifest, material: materialOf(contents) };
  } catch (thrown) {
    if (thrown instanceof LeafdError) return thrown.message;
    const code = errnoOf(thrown);
    if (code === "EACCES" && isShut(directory, name)) return `${where} can no longer be read (its mode was changed)`;
    if (code === "ENOENT" || code === "ELOOP" || code === "ENOTDIR") return `${where} is incomplete (${code})`;
    throw thrown;
  }
}

/** A generation whose manifest is not of this version, when a later one wrote it; answers what is wrong as a sentence. */
function readOfLaterLeafd(generation: HeldDirectory, name: string, manifest: string): Generation | string {
  const { later } = readManifest(manifest);
  if (later === undefined) return `${generation.path}/${MANIFEST} cannot be understood`;
  const said = `${generation.path}/${MANIFEST} was written by a later leafd (version ${later})`;
  const found = readBareGeneration(generation, name, manifest);
  if (found === undefined) return `${said}, and there is no whole pair beside it`;
  return { ...found, note: `${said}; the pair is kept as it is until it is due` };
}

/** A generation by its files, and what of its manifest can be understood. */
function readBareGeneration(generation: HeldDirectory, name: string, manifest: string): Generation | undefined {
  const { known } = readManifest(manifest);
  const names = known.files ? Object.keys(known.files) : VISIBLE.filter((file) => generation.entry(file) !== undefined);
  const contents = new Map(names.map((file) => [file, readBounded(generation, file, LARGEST_FILE)]));
  const described = describeBarePair({ generation: name, contents, known });
  return described && { manifest: described, material: materialOf(contents) };
}

function readText(generation: HeldDirectory, name: string): string {
  return readBounded(generation, name, LARGEST_FILE).toString("utf8");
}

function materialOf(contents: ReadonlyMap<string, Buffer>): PairMaterial {
  const textOf = (name: string): string => contents.get(name)?.toString("utf8") ?? "";
  return { privateKey: new Secret(textOf(KEY)), certificate: textOf(CERTIFICATE), trust: textOf(TRUST) };
}

/** What somebody changed around good bytes: a visible name, a mode, an owner. */
function drift(directory: HeldDirectory, manifest: Manifest): string | undefined {
  const broken = brokenLink(directory, Object.keys(manifest.files));
  if (broken !== undefined) return `${directory.path}/${broken} is not the link to ${DATA}/${broken}`;
  for (const [file, expected] of Object.entries(manifest.access ?? {})) {
    const name = `${manifest.generation}/${file}`;
    const now = describeAccess(lstatSync(directory.at(name)));
    if (now !== expected) return `${directory.path}/${name} has mode and owner ${now}, was written with ${expected}`;
  }
  return undefined;
}

/** A generation of ours with a file that its own owner may not read: somebody took the permission away. */
function isShut(directory: HeldDirectory, name: string): boolean {
  const isOursAndShut = (path: string): boolean => {
    const { uid, mode } = lstatSync(path);
    return uid === process.geteuid?.() && (mode & 0o400) === 0;
  };
  const path = directory.at(name);
  return isOursAndShut(path) || readdirSync(path).some((file) => isOursAndShut(`${path}/${file}`));
}
