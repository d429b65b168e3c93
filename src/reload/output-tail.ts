import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { redact } from "../domain/redact.ts";

/** How much of a command's output is kept: its end, where the error is. */
const KEPT_BYTES = 4096;
const CHARACTERS_SHOWN = 500;

/** Reads a stream to its end and keeps the last 4 KiB. Answers what gives its last lines, clean, without empty ones and without secrets. */
export function tailOf(stream: Readable | undefined): () => readonly string[] {
  let kept = Buffer.alloc(0);
  stream?.on("data", (chunk: Buffer) => {
    // Concatenating copies, so that a few kept bytes do not hold on to a whole chunk.
    kept = Buffer.concat([kept, chunk.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES);
  });
  // A pipe that breaks ends the output; the exit status says how the command fared.
  stream?.on("error", () => {});
  return () => linesOf(kept.toString("utf8"));
}

function linesOf(output: string): readonly string[] {
  // As a whole: of a key that is cut into lines, the lines in between look like nothing.
  return redact(stripVTControlCharacters(output))
    .split(/[\n\r]+/)
    .map((line) => line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").trim())
    .filter((line) => line !== "");
}

/** What a command said, to be put behind a message: `: its last lines`, or nothing when it said nothing. */
export function said(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `: ${lines.join(" | ").slice(-CHARACTERS_SHOWN)}`;
}
