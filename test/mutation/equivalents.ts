import type { Mutant, Target } from "./mutants.ts";

/** A mutant that no test can notice. */
interface Equivalent {
  /** The function or constant that it is in. */
  readonly place: string;
  /** As it is printed. */
  readonly what: string;
  readonly file: string;
  /** Why it behaves like the code itself. */
  readonly why: string;
}

const EQUIVALENTS: readonly Equivalent[] = [];

export function isEquivalent(mutant: Mutant): boolean {
  return EQUIVALENTS.some((listed) => isSame(listed, mutant));
}

/** Those whose code has changed since: they must go from the list. */
export function unknownEquivalents(mutants: readonly Mutant[], targets: readonly Target[]): readonly Equivalent[] {
  const looked = EQUIVALENTS.filter(({ file }) => targets.some((target) => target.file === file));
  return looked.filter((listed) => !mutants.some((mutant) => isSame(listed, mutant)));
}

function isSame(listed: Equivalent, { file, place, what }: Mutant): boolean {
  return listed.file === file && listed.place === place && listed.what === what;
}
