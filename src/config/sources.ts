import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Larger than 5,000 services in one file; anything above is no configuration. */
const LARGEST = 1024 * 1024;

/** The directory of the drop-ins, beside the main file. */
export const DROP_INS = "services.d";

/** A file of the configuration: its text, or why it could not be read. */
export interface Source {
  /** As a person would name it: the main file as it was given, a drop-in by the same directory. */
  readonly file: string;
  readonly text?: string;
  readonly problem?: string;
  /** What to do about it. */
  readonly hint?: string;
}

/**
 * Reads the main file and the drop-ins, `services.d/*.yaml` beside it in the order of their names; hidden files are
 * not drop-ins. Never rejects: what cannot be read says so in its source.
 */
export async function readSources(file: string): Promise<Source[]> {
  const directory = join(dirname(file), DROP_INS);
  const main = await readSource(file);
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    const isAbsent = ["ENOENT", "ENOTDIR"].includes(codeOf(error));
    return isAbsent ? [main] : [main, { file: directory, problem: describe(error) }];
  }
  const dropIns = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
  return [main, ...(await Promise.all(dropIns.map((name) => readDropIn(join(directory, name)))))];
}

/** SHA-256 over the names and bytes of all files, lower-case hex: equal for equal configurations on two hosts. */
export function hashSources(sources: readonly Source[]): string {
  const content = sources.map(({ file, text, problem }) => [basename(file), text ?? null, problem ?? null]);
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

async function readDropIn(file: string): Promise<Source> {
  // Left out in silence it would be a certificate that nobody misses until it is needed.
  return file.endsWith(".yml") ? { file, problem: "is not read under this name: call it .yaml" } : readSource(file);
}

async function readSource(file: string): Promise<Source> {
  try {
    // Before it is opened: opening a pipe waits for its writer.
    const stats = await stat(file);
    if (!stats.isFile()) return { file, problem: "is not a regular file" };
    if (stats.size > LARGEST) return { file, problem: "is larger than 1 MiB" };
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
    return text.includes("\0") ? { file, problem: "is not a text file" } : { file, text };
  } catch (error) {
    if (codeOf(error) === "ERR_ENCODING_INVALID_ENCODED_DATA") return { file, problem: "is not UTF-8 text" };
    return { file, problem: describe(error), ...adviceOn(error) };
  }
}

function adviceOn(error: unknown): Pick<Source, "hint"> {
  const code = codeOf(error);
  if (code === "ENOENT")
    return { hint: "write it (docs/get-started-vm.md begins with a small one), or name another with --config" };
  if (code === "EACCES") return { hint: "run this as leafd's user, or as a member of the group that may read it" };
  return {};
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "cannot be read: permission denied",
  EPERM: "cannot be read: permission denied",
  EISDIR: "is not a regular file",
  ENOTDIR: "is not a regular file",
};

function describe(error: unknown): string {
  const code = codeOf(error);
  return PROBLEMS[code] ?? `cannot be read: ${code}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
