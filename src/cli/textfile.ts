import { randomUUID } from "node:crypto";
import { closeSync, fchmodSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "./command.ts";

/** What the textfile collector of node_exporter reads: it looks at no file of another name. */
const SUFFIX = ".prom";
/** node_exporter is another user, as a rule, and nothing in it is secret. */
const MODE = 0o644;

/** The file of `--textfile`; UsageError when the collector would not read it. */
export function textfileOption(path: string | undefined): string | undefined {
  if (path === undefined || path.endsWith(SUFFIX)) return path;
  throw new UsageError(`--textfile ${path}: node_exporter reads files that end in ${SUFFIX}, and no others`);
}

/**
 * Writes a file for the textfile collector in one step: who reads it finds the text before or this one, whole. Throws
 * what the file system does, and leaves nothing behind.
 */
export function writeTextfile(path: string, text: string): void {
  // Beside it, so that the rename stays on one file system; under a name that the collector passes over.
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    const fd = openSync(temporary, "wx", MODE);
    try {
      writeFileSync(fd, text);
      fchmodSync(fd, MODE); // whatever the umask is
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
}
