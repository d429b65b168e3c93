import { join, relative } from "node:path";
import { run } from "node:test";
import type { Mutant } from "./mutants.ts";
import { SWAP_VARIABLE, type Swap } from "./swapped-source.ts";

/** A test file that takes longer than this is hanging in the mutant: one that never ends is noticed, too. */
const FILE_TIMEOUT = 60_000;

const SWAPPER = join(import.meta.dirname, "swapped-source.ts");

interface Trial {
  /** Absolute paths, in the order in which they are tried. */
  readonly files: readonly string[];
  readonly mutant: Mutant;
  readonly root: string;
}

/** Runs the test files one after another up to the first failure: that test's name, or undefined when all pass. */
export async function firstFailure({ files, mutant, root }: Trial): Promise<string | undefined> {
  const { file, start, end, text } = mutant;
  const swap: Swap = { file: join(root, file), start, end, text };
  const stop = new AbortController();
  let failed: string | undefined;
  const tests = run({
    files: [...files],
    concurrency: 1,
    timeout: FILE_TIMEOUT,
    signal: stop.signal,
    execArgv: ["--import", SWAPPER],
    env: { ...process.env, [SWAP_VARIABLE]: JSON.stringify(swap) },
  });
  tests.on("test:fail", ({ name, file: where = name }) => {
    failed ??= name === where ? `${relative(root, where)} does not end or does not load` : name;
    stop.abort();
  });
  // The stream has to be read to its end.
  for await (const _ of tests);
  return failed;
}
