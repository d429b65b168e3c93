import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";

/** A package of which something is in the program. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX identifier or expression. */
  readonly licence: string;
  /** Its licence file, and its NOTICE where it has one. */
  readonly licenceText: string;
  /** Of the archive in the registry, as in package-lock.json: `sha512-` and base64. */
  readonly integrity: string;
  /** Web address of its source. */
  readonly source?: string;
}

const LEGAL_FILES = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

/**
 * The packages that esbuild has taken files from, by name. An error for one without a licence, a licence text or a
 * place in package-lock.json: a program whose parts may not be passed on is none to release.
 */
export async function findPackages(metafile: Metafile): Promise<readonly BundledPackage[]> {
  const folders = new Set(Object.keys(metafile.inputs).flatMap((input) => folderOf(input) ?? []));
  const lock = JSON.parse(await readFile("package-lock.json", "utf8"));
  const found = await Promise.all([...folders].map((folder) => describe(folder, lock.packages[folder]?.integrity)));
  return found.toSorted((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/** `node_modules/a/node_modules/@b/c/index.js` → `node_modules/a/node_modules/@b/c`; undefined for a file of ours. */
function folderOf(input: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

async function describe(folder: string, integrity: unknown): Promise<BundledPackage> {
  const { name, version, license, homepage, repository } = JSON.parse(
    await readFile(join(folder, "package.json"), "utf8"),
  );
  const texts = (await readdir(folder)).filter((file) => LEGAL_FILES.test(file)).toSorted(compare);
  const licence = licenceOf(license);
  if (licence === "" || texts.length === 0) throw new Error(`${folder} says no licence, or has no text of it`);
  if (typeof integrity !== "string") throw new Error(`${folder} is not in package-lock.json`);
  const source = webAddress(typeof repository === "string" ? repository : (repository?.url ?? homepage));
  const text = await Promise.all(texts.map((file) => readFile(join(folder, file), "utf8")));
  const licenceText = text.map((each) => each.replaceAll("\r\n", "\n").trim()).join("\n\n");
  return { name, version, licence, licenceText, integrity, ...(source === undefined ? {} : { source }) };
}

/** Old package files have a list to choose from, of which those count that SPDX has a name for. */
function licenceOf(license: unknown): string {
  if (typeof license === "string") return license;
  const types: unknown[] = Array.isArray(license) ? license.map((each) => each?.type) : [];
  return types.filter((type) => typeof type === "string" && /^[\w.+-]+$/.test(type)).join(" OR ");
}

/** Package files write `git+https://…`, `git://…` and `owner/name`. */
function webAddress(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  if (/^[\w.-]+\/[\w.-]+$/.test(text)) return `https://github.com/${text}`;
  const [, rest] = /^(?:git\+)?(?:https?|git|ssh):\/\/(?:git@)?(.+)$/.exec(text) ?? [];
  return rest && `https://${rest}`;
}

/** By bytes and not by locale: the order must be the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
