import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { withSources } from "../support/typescript-project.ts";
import { isEquivalent, unknownEquivalents } from "./equivalents.ts";
import { type Mutant, mutantsOf, type Target } from "./mutants.ts";
import { firstFailure } from "./trial.ts";

/*
 * `npm run test:mutation [-- PART …]`: breaks the code in one place after another and shows that a test notices. The
 * mutants are derived from the syntax tree of the code as it is (`operators.ts` has the kinds of changes), so that a
 * check, a rule or a rung that is added is covered from the first day. Nothing is written: each mutant lives in the
 * processes of its own test run only. Prints one line a mutant and ends with `N killed, M survived`; it fails when one
 * survived. One that behaves like the code itself is listed, with the reason, in `equivalents.ts`.
 */

const ROOT = resolve(import.meta.dirname, "../..");

/** Where a mistake costs a service its certificate. */
const PARTS: Readonly<Record<string, readonly Target[]>> = {
  checks: [{ file: "src/domain/verify/checks.ts", table: "CHECKS" }],
  rules: [{ file: "src/domain/rules.ts" }, { file: "src/domain/decide.ts" }],
  rungs: [{ file: "src/domain/ladder.ts" }, { file: "src/domain/circuit.ts" }],
  timing: [{ file: "src/domain/schedule.ts" }, { file: "src/domain/backoff.ts" }, { file: "src/domain/budget.ts" }],
};

/** What can tell: they are quick, and no busy machine makes them fail, which would count as noticing the mutant. */
const TESTS = "test/unit/domain/*.test.ts";

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
const targets = wanted.flatMap((part) => {
  const found = PARTS[part];
  if (found === undefined) throw new Error(`no part ${part}; there are ${Object.keys(PARTS).join(", ")}`);
  return found;
});
const mutants = withSources(join(ROOT, "tsconfig.json"), (sources) =>
  targets.flatMap((target) => mutantsOf(target, sources, ROOT)),
);
const different = mutants.filter((mutant) => !isEquivalent(mutant));

const tests = await quickestFirst(globSync(TESTS, { cwd: ROOT }));
let killed = 0;
let survived = 0;
const queue = different.values();
await Promise.all(Array.from({ length: availableParallelism() }, () => work()));
const stale = unknownEquivalents(mutants, targets);
for (const { place, what } of stale) console.log(`equivalents.ts names a mutant that is not there: ${place}: ${what}`);
console.log(`${mutants.length - different.length} left out: they behave like the code itself`);
console.log(`${killed} killed, ${survived} survived`);
process.exitCode = survived + stale.length > 0 || killed === 0 ? 1 : 0;

async function work(): Promise<void> {
  for (const mutant of queue) {
    const start = performance.now();
    const failed = await firstFailure({ files: inOrderFor(mutant), mutant, root: ROOT });
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    if (failed === undefined) survived++;
    else killed++;
    const { file, line, place, what } = mutant;
    const verdict = failed === undefined ? "SURVIVED" : "killed  ";
    console.log(`${verdict} ${file}:${line} ${place}: ${what} (${failed ?? "no test failed"}) (${seconds} s)`);
  }
}

/** The tests that carry the name of the mutated file come first. */
function inOrderFor({ file }: Mutant): readonly string[] {
  const subject = basename(file, ".ts");
  const isItsOwn = (path: string) => basename(path).startsWith(subject);
  return [...tests.filter(isItsOwn), ...tests.filter((path) => !isItsOwn(path))];
}

/** Each must pass on a mutant in which nothing is changed, else it would kill everything. */
async function quickestFirst(paths: readonly string[]): Promise<readonly string[]> {
  const [first] = mutants;
  if (first === undefined) return [];
  const unchanged = { ...first, end: first.start, text: "" };
  const timed: { path: string; took: number }[] = [];
  for (const path of paths.map((each) => join(ROOT, each))) {
    const start = performance.now();
    const failed = await firstFailure({ files: [path], mutant: unchanged, root: ROOT });
    if (failed !== undefined) throw new Error(`${relative(ROOT, path)} fails on the code as it is: ${failed}`);
    timed.push({ path, took: performance.now() - start });
  }
  return timed.sort((a, b) => a.took - b.took).map(({ path }) => path);
}
