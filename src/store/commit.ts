import { closeSync, fstatSync, mkdirSync } from "node:fs";
import { LeafdError } from "../domain/errors.ts";
import type { ManifestFacts } from "../domain/inspection.ts";
import type { Manifest } from "../domain/manifest.ts";
import type { OutputSpec } from "../domain/spec.ts";
import { describeAccess, directoryAccess, setAccess } from "./access.ts";
import type { Ownership } from "./accounts.ts";
import type { HeldDirectory } from "./directory.ts";
import { createFile, readBounded, replaceLink, syncAll } from "./durable.ts";
import { type FileContent, manifestOf } from "./generation-files.ts";
import { ensureLinks, removeStaleLinks, visibleGeneration } from "./links.ts";
import { DATA, MANIFEST } from "./names.ts";
import { removeGeneration } from "./sweep.ts";

export interface Commit {
  readonly directory: HeldDirectory;
  readonly output: OutputSpec;
  readonly ownership: Ownership;
  /** The name of the new generation. */
  readonly generation: string;
  readonly files: readonly FileContent[];
  readonly facts: ManifestFacts;
}

/** Writes a generation and swaps it in: the transcript at the head of durable.ts, top to bottom. */
export async function commitGeneration(commit: Commit): Promise<Manifest> {
  const { directory, output, generation } = commit;
  try {
    const manifest = await writeAndSwap(commit);
    await syncAll(directory, [directory.fd]);
    directory.assertInPlace();
    removeStaleLinks(directory, output);
    return manifest;
  } catch (thrown) {
    if (visibleGeneration(directory) !== generation) discard(directory, generation);
    directory.assertInPlace(); // When it was replaced, that is why, whatever failed first.
    throw thrown;
  }
}

async function writeAndSwap(commit: Commit): Promise<Manifest> {
  const { directory, output, generation } = commit;
  mkdirSync(directory.at(generation), 0o700);
  using inside = openOwn(directory, generation);
  const written = writeFiles(inside, commit);
  try {
    ensureLinks(directory, output);
    await syncAll(directory, [...written.fds, inside.fd, directory.fd]);
    for (const file of written.files) compare(inside, file);
  } finally {
    for (const fd of written.fds) closeSync(fd);
  }
  directory.assertInPlace();
  replaceLink(directory, DATA, generation);
  return written.manifest;
}

/** Opens the directory just made; refused when somebody put another one in its place meanwhile. */
function openOwn(directory: HeldDirectory, generation: string): HeldDirectory {
  const inside = directory.open(generation);
  const { uid, mode } = fstatSync(inside.fd);
  if (uid === process.geteuid?.() && (mode & 0o777) === 0o700) return inside;
  inside[Symbol.dispose]();
  throw new LeafdError("target_unsafe", `${inside.path} was replaced while leafd wrote it`, {
    hint: "Find out who else may write to this directory, and take that permission away.",
  });
}

interface Written {
  readonly manifest: Manifest;
  readonly files: readonly FileContent[];
  /** Still open, to be synced. */
  readonly fds: readonly number[];
}

function writeFiles(inside: HeldDirectory, commit: Commit): Written {
  const { files, output, ownership } = commit;
  const fds: number[] = [];
  try {
    const access: Record<string, string> = {};
    for (const file of files) {
      const fd = createFile(inside.at(file.name), file.bytes, { mode: file.mode, ...ownership });
      fds.push(fd);
      access[file.name] = describeAccess(fstatSync(fd));
    }
    setAccess(inside.fd, directoryAccess(output, ownership));
    access["."] = describeAccess(fstatSync(inside.fd));
    const manifest: Manifest = { ...manifestOf(commit.facts, commit.generation, files), access };
    const seal = {
      name: MANIFEST,
      bytes: Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`),
      mode: output.modes.cert,
    };
    fds.push(createFile(inside.at(seal.name), seal.bytes, { mode: seal.mode, ...ownership }));
    return { manifest, files: [...files, seal], fds };
  } catch (thrown) {
    for (const fd of fds) closeSync(fd);
    throw thrown;
  }
}

function compare(inside: HeldDirectory, file: FileContent): void {
  if (readBounded(inside, file.name, file.bytes.length).equals(file.bytes)) return;
  throw new LeafdError("io_error", `${inside.path}/${file.name} reads back other bytes than were written`, {
    hint: "Look at the kernel's log (`dmesg`) and at the disk's health.",
  });
}

/** Removes what a failed commit left, as far as that goes: `sweep` removes the rest. */
function discard(directory: HeldDirectory, generation: string): void {
  try {
    removeGeneration(directory, generation);
  } catch {
    // The failure that is being reported is the one that matters.
  }
}
