import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/*
 * Loaded with --import into a test process: gives Node one source file with one edit in it. What is on disk stays as it
 * is, so that mutants can run side by side and a crash leaves nothing behind.
 */

/** One edit of one file. Positions count UTF-16 units. */
export interface Swap {
  /** Absolute path. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export const SWAP_VARIABLE = "LEAFD_TEST_SWAP";

export function swapped(source: string, { start, end, text }: Swap): string {
  return source.slice(0, start) + text + source.slice(end);
}

const told = process.env[SWAP_VARIABLE];
if (told !== undefined) {
  const swap: Swap = JSON.parse(told);
  registerHooks({
    load: (url, context, next) => {
      if (!url.startsWith("file:") || fileURLToPath(url) !== swap.file) return next(url, context);
      const source = swapped(readFileSync(swap.file, "utf8"), swap);
      return { format: "module-typescript", source, shortCircuit: true };
    },
  });
}
