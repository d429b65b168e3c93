import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/*
 * What must hold during every fault, as a reader of the output directories sees it:
 *
 *     I1  no torn, empty or missing file, for a reader that resolves `..data` once
 *     I2  the pair on disk parses and matches
 *     I3  no secret in anything that leafd tells
 *     I4  no more certificates than the budget, counted on the server
 *     I5  a good pair is never replaced by a worse one: same request and rung, not ending later; where an operator
 *         forced the renewal, ending earlier
 */

export const INVARIANTS = ["I1", "I2", "I3", "I4", "I5"] as const;
type Invariant = (typeof INVARIANTS)[number];

/** How often each was violated. */
export type InvariantCounts = Readonly<Record<Invariant, number>>;

export function sumOf(a: InvariantCounts, b: InvariantCounts): InvariantCounts {
  return { I1: a.I1 + b.I1, I2: a.I2 + b.I2, I3: a.I3 + b.I3, I4: a.I4 + b.I4, I5: a.I5 + b.I5 };
}

/** A generation that the reader met. */
export interface SeenGeneration {
  readonly at: number;
  readonly generation: string;
  readonly serial: string;
  readonly notAfter: number;
  /** It matched and was valid when it appeared. */
  readonly good: boolean;
  /** What was asked of whom: only pairs with the same text are better or worse than each other. */
  readonly request: string;
  /** The lines of the private key that tell something about it. */
  readonly keyLines: readonly string[];
  /** Why it does not parse. */
  readonly problem?: string;
}

/** What the reader saw of one directory. */
export interface SeenDirectory {
  readonly directory: string;
  reads: number;
  torn: number;
  empty: number;
  /** Files that were not there, after the first pair was. */
  missing: number;
  /** Reads of a pair that had ended. No invariant: in a long outage that is what is left. */
  expired: number;
  readonly generations: readonly SeenGeneration[];
}

interface WatchOptions {
  /** Output directories of layout `generations`; they need not exist yet. */
  readonly directories: readonly string[];
  /** Secrets that nobody may be told; the private keys that appear are added. */
  readonly canaries: readonly string[];
}

/** What only the row knows at its end. */
interface Evidence {
  /** All that leafd told: log, standard output, metrics, status. */
  readonly told: readonly string[];
  /** Certificates counted on the server, and how many they may be. */
  readonly issued: number;
  readonly budget: number;
  /** The generations that an operator forced. */
  readonly forced?: ReadonlySet<string>;
  /** The generations that were put back because the dependent refused the one after them: as good as what it takes. */
  readonly returned?: ReadonlySet<string>;
}

export interface InvariantReport {
  readonly counts: InvariantCounts;
  /** One line a violation. */
  readonly problems: readonly string[];
  readonly seen: readonly SeenDirectory[];
}

export interface InvariantWatch extends AsyncDisposable {
  /** Ends the reading and holds what was seen against I1–I5. */
  end(evidence: Evidence): Promise<InvariantReport>;
}

/** What looks like a token of Vault or OpenBao. */
const TOKEN = /\bhv[sbr]\.[\w-]{8,}|\b[sbr]\.[A-Za-z0-9]{24,}|PRIVATE KEY/;

/** Begins to read, about a thousand times a second, in a process of its own. */
export async function watchInvariants({ directories, canaries }: WatchOptions): Promise<InvariantWatch> {
  const program = join(import.meta.dirname, "../fixtures/invariant-reader.ts");
  const child = spawn(process.execPath, [program, ...directories], { stdio: ["ignore", "pipe", "inherit"] });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  if ((await lines.next()).value !== "reading") throw new Error("the reader did not start");
  return {
    end: async (evidence) => {
      child.kill("SIGTERM");
      const { value } = await lines.next();
      const seen: readonly SeenDirectory[] = JSON.parse(String(value));
      return judge(seen, { ...evidence, canaries });
    },
    [Symbol.asyncDispose]: async () => {
      process.removeListener("exit", kill);
      kill();
    },
  };
}

function judge(seen: readonly SeenDirectory[], evidence: Evidence & Pick<WatchOptions, "canaries">): InvariantReport {
  const violations: Readonly<Record<Invariant, readonly string[]>> = {
    I1: seen.flatMap(tornReads),
    I2: seen.flatMap(({ generations }) => generations.filter((each) => !each.good).map(broken)),
    I3: toldSecrets(seen, evidence),
    I4: evidence.issued > evidence.budget ? [`${evidence.issued} certificates, ${evidence.budget} allowed`] : [],
    I5: seen.flatMap(({ generations }) => worse(generations, evidence)),
  };
  const { I1, I2, I3, I4, I5 } = violations;
  return {
    counts: { I1: I1.length, I2: I2.length, I3: I3.length, I4: I4.length, I5: I5.length },
    problems: INVARIANTS.flatMap((each) => violations[each].map((problem) => `${each}: ${problem}`)),
    seen,
  };
}

function tornReads({ directory, reads, torn, empty, missing }: SeenDirectory): string[] {
  if (torn + empty + missing === 0) return [];
  return [`${directory}: ${torn} torn, ${empty} empty, ${missing} missing of ${reads} reads`];
}

function broken({ generation, problem }: SeenGeneration): string {
  return `${generation}: ${problem ?? "it does not match its key, or is not valid now"}`;
}

function toldSecrets(seen: readonly SeenDirectory[], { told, canaries }: Evidence & Pick<WatchOptions, "canaries">) {
  const keys = seen.flatMap(({ generations }) => generations.flatMap(({ keyLines }) => keyLines));
  const secrets = [...canaries, ...keys];
  return told.flatMap((text) => {
    const token = TOKEN.exec(text)?.[0];
    const found = secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret.slice(0, 6)}… was told`);
    return token === undefined ? found : [...found, `${token.slice(0, 6)}… was told`];
  });
}

/** Each replacement of a good pair by another leaf of the same request that does not end later. */
function worse(generations: readonly SeenGeneration[], { forced, returned }: Evidence): string[] {
  return generations.flatMap((now, at) => {
    const before = generations[at - 1];
    if (before === undefined || !before.good || before.notAfter <= now.at) return [];
    if (before.serial === now.serial || before.request !== now.request || now.notAfter > before.notAfter) return [];
    if (forced?.has(now.generation) && now.notAfter === before.notAfter) return [];
    if (returned?.has(now.generation)) return [];
    return [`${before.generation} was replaced by ${now.generation}, which ends no later`];
  });
}
