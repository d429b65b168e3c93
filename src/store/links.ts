import { closeSync, constants, openSync, readFileSync, readlinkSync, unlinkSync } from "node:fs";
import { LeafdError } from "../domain/errors.ts";
import type { OutputSpec } from "../domain/spec.ts";
import type { HeldDirectory } from "./directory.ts";
import { unless } from "./disk-error.ts";
import { replaceLink } from "./durable.ts";
import { DATA, generationTime, VISIBLE, visibleNames } from "./names.ts";

/*
 * The visible names: links through `..data`, made before the first swap (until then they lead nowhere, all of them
 * together) and never touched again, unless somebody else did.
 */

/** O_PATH (open(2)): a descriptor of the file itself, without permission to read it. Node does not export it. */
const O_PATH = 0o10000000;

/** What a link holds; undefined when nothing is there, or something that is no link. */
export function linkTarget(directory: HeldDirectory, name: string): string | undefined {
  // Looked at first: most links of a new directory are missing, and a failed readlink costs several times this.
  if (directory.entry(name)?.isSymbolicLink() !== true) return undefined;
  return unless(["ENOENT", "EINVAL"], () => readlinkSync(directory.at(name)));
}

/** The generation that `..data` names; undefined when there is none or it is not one of ours. */
export function visibleGeneration(directory: HeldDirectory): string | undefined {
  const target = linkTarget(directory, DATA);
  return target !== undefined && generationTime(target) !== undefined ? target : undefined;
}

/** The first visible name of `names` that does not lead through `..data`. */
export function brokenLink(directory: HeldDirectory, names: readonly string[]): string | undefined {
  return names.find((name) => linkTarget(directory, name) !== `${DATA}/${name}`);
}

/**
 * Makes the visible names of this layout. A wrong one is replaced before the swap: it then agrees with the other names
 * at every moment, because they all show the generation of before.
 */
export function ensureLinks(directory: HeldDirectory, output: OutputSpec): void {
  for (const name of visibleNames(output.layout)) {
    const target = `${DATA}/${name}`;
    if (linkTarget(directory, name) !== target) replaceLink(directory, name, target);
  }
}

/** Removes our links that this layout no longer has; anything else under these names is not ours. */
export function removeStaleLinks(directory: HeldDirectory, output: OutputSpec): void {
  const current = visibleNames(output.layout);
  for (const name of VISIBLE)
    if (!current.includes(name) && linkTarget(directory, name) === `${DATA}/${name}`) unlinkSync(directory.at(name));
}

/** Refuses names at which a link can never be put: a directory, or a file that is mounted there. */
export function refuseImmovable(directory: HeldDirectory, output: OutputSpec): void {
  for (const name of [DATA, ...visibleNames(output.layout)]) {
    const stat = directory.entry(name);
    if (stat === undefined || stat.isSymbolicLink()) continue;
    const where = `${directory.path}/${name}`;
    if (mountId(directory.at(name)) !== mountId(directory.at(".")))
      throw unsafe(where, "is mounted by itself", "Mount the directory instead: a mounted file never updates.");
    if (stat.isDirectory()) throw unsafe(where, "is a directory", "Remove it, or choose another directory.");
  }
}

/** Refuses to replace what another program left in a directory that no leafd has ever written to. */
export function refuseForeign(directory: HeldDirectory, output: OutputSpec): void {
  const names = visibleNames(output.layout).filter((name) => directory.entry(name) !== undefined);
  const isForeign = directory.entry(DATA) !== undefined && visibleGeneration(directory) === undefined;
  const name = brokenLink(directory, names) ?? (isForeign ? DATA : undefined);
  if (name === undefined) return;
  refuseImmovable(directory, output); // Says it better when both are true.
  throw unsafe(
    `${directory.path}/${name}`,
    "was made by another program",
    "Move it away, or give leafd a directory of its own.",
  );
}

/** Bind mounts of one file system share their device number, so ask which mount a name is on (proc(5), fdinfo). */
function mountId(path: string): string | undefined {
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    return /^mnt_id:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
  } finally {
    closeSync(fd);
  }
}

function unsafe(where: string, what: string, hint: string): LeafdError {
  return new LeafdError("target_unsafe", `${where} ${what}`, { hint });
}
