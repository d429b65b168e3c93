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

const EQUIVALENTS: readonly Equivalent[] = [
  {
    file: "src/domain/circuit.ts",
    place: "mayReturn",
    what: 'circuit.kind !== "open" && circuit.streak >= RETURN_STREAK → (circuit.streak >= RETURN_STREAK)',
    why: "an open circuit has no streak, and undefined is not enough; only the compiler asks for the first half",
  },
  {
    file: "src/domain/ladder.ts",
    place: "askableFrom",
    what: "if (is.since === undefined) → if (false)",
    why: "no time is before undefined, so that what follows comes to the same; only the compiler asks for it",
  },
  {
    file: "src/domain/ladder.ts",
    place: "hasReturned",
    what: "is.since !== undefined && at <= is.since → (at <= is.since)",
    why: "no time is before undefined; only the compiler asks for the first half",
  },
  {
    file: "src/domain/rules.ts",
    place: "RULES",
    what: "reloadOwed || proofOwed !== undefined || lastConfirm === undefined → (reloadOwed || proofOwed !== undefined)",
    why: "five minutes after undefined is never, and never comes first; only the compiler asks for it",
  },
  {
    file: "src/domain/rules.ts",
    place: "issueFrom",
    what: "each.at < best.at → each.at <= best.at",
    why: "of two whose turn comes at the same time either is waited for: a wait names no issuer",
  },
  {
    file: "src/domain/rules.ts",
    place: "issueFrom",
    what: "first ?? IDLE → (first)",
    why: "every service has an issuer; only the compiler cannot see that each has a turn",
  },
  {
    file: "src/domain/backoff.ts",
    place: "retryDelay",
    what: "0 → 1 in slow ? 2 * FASTEST_SLOW : 0",
    why: "the cap that it is compared with is a second at least",
  },
  {
    file: "src/domain/backoff.ts",
    place: "retryDelay",
    what: "0 → 1 in remaining <= 0",
    why: "who has a millisecond left looks again after a second anyway",
  },
  {
    file: "src/domain/backoff.ts",
    place: "retryDelay",
    what: "0 → 1 in failure.retryAfter ?? 0",
    why: "every delay is half a second at least",
  },
];

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
