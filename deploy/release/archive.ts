import { gzipSync } from "node:zlib";

export interface Entry {
  /** Relative, with slashes. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

/** A record of a tar archive, in bytes. */
const RECORD = 512;

/**
 * A .tar.gz in the ustar format of POSIX.1-2017 (pax, "ustar Interchange Format"): files only, of root, sorted by path,
 * all of one time. The same entries give the same bytes, on whatever machine, which tar(1) and gzip(1) of different
 * makes do not. An error for a path that is too long for the format.
 *
 * `seconds`: the time of last modification, since the epoch.
 */
export function archive(entries: readonly Entry[], seconds: number): Uint8Array {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const parts = sorted.flatMap((entry) => [header(entry, seconds), padded(entry.content)]);
  const zipped = gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * RECORD)]), { level: 9 });
  zipped[9] = 255; // The operating system that packed it (RFC 1952 §2.3.1): unknown.
  return zipped;
}

/** Where each field begins, and what is in it. */
function header({ path, content, executable }: Entry, seconds: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`${path} is too long for the archive: 100 bytes at most`);
  const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, "0");
  const fields: readonly (readonly [number, string])[] = [
    [0, path],
    [100, octal(executable ? 0o755 : 0o644, 8)],
    [108, octal(0, 8)], // the user
    [116, octal(0, 8)], // the group
    [124, octal(content.length, 12)],
    [136, octal(seconds, 12)],
    [148, " ".repeat(8)], // the checksum, which counts itself as blanks
    [156, "0"], // a file
    [257, "ustar"],
    [263, "00"],
    [265, "root"],
    [297, "root"],
  ];
  const block = Buffer.alloc(RECORD);
  for (const [at, text] of fields) block.write(text, at);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}

function padded(content: Uint8Array): Buffer {
  return Buffer.concat([content, Buffer.alloc((RECORD - (content.length % RECORD)) % RECORD)]);
}
