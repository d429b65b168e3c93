import { dirname, join } from "node:path/posix";
import type { SourceFacts } from "./source-facts.ts";

/** One rule of the house: it answers its violations as `file:line: what`, which is nothing when all is well. */
interface Rule {
  readonly name: string;
  violations(files: readonly SourceFacts[]): string[];
}

const BUDGET = { file: 200, function: 50, parameters: 3 };

/** Folders of src that are not adapters: what they may import besides their own folder. "" is src itself. */
const OTHER_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  "": ["*"],
  cli: ["*"],
  "dev/demo": ["*"],
  domain: [],
  rotation: ["domain"],
};
const ADAPTER_MAY = ["domain", "rotation/ports.ts"];

/** Node modules that only compute. */
const PURE = new Set(["node:crypto", "node:net", "node:url"]);

const IMPURE = ["process.env", "process.exit", "Date.now", "performance.now", "Math.random", "new Date()"];

/** The program's edges, where the process may be touched. */
const EDGES = ["src/main.ts", "src/cli/", "src/dev/demo/main.ts", "deploy/", "bench/", "test/"];

export const RULES: readonly Rule[] = [
  {
    name: "imports point inwards: adapters know the domain and the ports, never each other",
    violations: (files) =>
      eachImport(files, (file, target) => {
        if (target === undefined || !file.path.startsWith("src/")) return false;
        const folder = folderOf(file.path);
        const allowed = [...(OTHER_FOLDERS[folder] ?? ADAPTER_MAY), folder];
        const inside = target.replace("src/", "");
        return !allowed.some((may) => may === "*" || may === inside || may === folderOf(target));
      }),
  },
  {
    name: "the program does not import its development server",
    violations: (files) =>
      eachImport(
        files,
        (file, target) => isBelow(target ?? "", ["src/dev/"]) && !isBelow(file.path, ["src/dev/", "test/", "bench/"]),
      ),
  },
  { name: "no file imports itself, at any distance", violations: cycles },
  {
    name: "the domain is pure: no packages, of Node only what computes, no clock, chance or process",
    violations: (files) => {
      const domain = files.filter((file) => file.path.startsWith("src/domain/"));
      const isImpure = (_: SourceFacts, target: string | undefined, specifier: string) =>
        target === undefined && !PURE.has(specifier);
      return [...eachImport(domain, isImpure), ...mentions(domain, IMPURE, [])];
    },
  },
  { name: "a package is imported by one file of src", violations: sharedPackages },
  {
    name: `a file has at most ${BUDGET.file} lines`,
    violations: (files) =>
      files
        .filter((file) => !file.path.endsWith(".test.ts"))
        .filter((file) => lineCount(file) > BUDGET.file && !file.text.slice(0, 20).some(isWaiver))
        .map((file) => `${file.path}: ${lineCount(file)} lines`),
  },
  {
    name: `a function has at most ${BUDGET.function} lines and ${BUDGET.parameters} parameters`,
    violations: (files) => files.filter((file) => !isBelow(file.path, ["test/"])).flatMap(longFunctions),
  },
  {
    name: "no barrels but the public entry of the mTLS library",
    violations: (files) =>
      files
        .filter((file) => file.barrel && file.path !== "src/mtls/index.ts")
        .map((file) => `${file.path}: only re-exports`),
  },
  {
    name: "no default exports",
    violations: (files) => files.filter((file) => file.defaultExport).map((file) => `${file.path}: default export`),
  },
  {
    name: "nothing is called utils, helpers or manager",
    violations: (files) =>
      files.map((file) => file.path).filter((path) => /\b(utils?|helpers?|managers?)\b/i.test(path)),
  },
  {
    name: "the environment and the exit belong to the program's edges",
    violations: (files) => mentions(files, ["process.env", "process.exit"], EDGES),
  },
  {
    name: "the time comes from the clock",
    violations: (files) =>
      mentions(
        files,
        ["Date.now", "performance.now", "new Date()"],
        ["src/runtime/clock.ts", "src/observe/page/clock.js", "deploy/", "bench/", "test/"],
      ),
  },
  {
    name: "TLS verification is never switched off, but where a certificate is looked at and nothing is sent",
    violations: (files) => mentions(files, ["rejectUnauthorized: false"], ["src/reload/probe.ts", "test/", "bench/"]),
  },
];

type ImportJudge = (file: SourceFacts, target: string | undefined, specifier: string) => boolean;

/** The imports that the judge finds wrong. `target` is the path of a file of ours, undefined for packages and Node. */
function eachImport(files: readonly SourceFacts[], isWrong: ImportJudge): string[] {
  return files.flatMap((file) =>
    file.imports
      .filter(({ specifier }) => isWrong(file, resolveImport(file, specifier), specifier))
      .map(({ specifier, line }) => `${file.path}:${line}: imports ${specifier}`),
  );
}

function resolveImport(file: SourceFacts, specifier: string): string | undefined {
  return specifier.startsWith(".") ? join(dirname(file.path), specifier) : undefined;
}

/** `src/dev/demo/main.ts` → `dev/demo`, `src/store/lock.ts` → `store`, `src/main.ts` → ``. Other subfolders count as their parent. */
function folderOf(path: string): string {
  const [, first = "", ...rest] = dirname(path).split("/");
  return first === "dev" && rest[0] === "demo" ? "dev/demo" : first;
}

function cycles(files: readonly SourceFacts[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
    if (trail.includes(path) || finished.has(path)) return;
    const file = byPath.get(path);
    for (const { specifier } of file?.imports ?? []) {
      const target = file && resolveImport(file, specifier);
      if (target !== undefined) walk(target, [...trail, path]);
    }
    finished.add(path);
  };
  for (const file of files) walk(file.path, []);
  return found;
}

function sharedPackages(files: readonly SourceFacts[]): string[] {
  const importers = new Map<string, Set<string>>();
  for (const file of files.filter(({ path }) => path.startsWith("src/")))
    for (const { specifier } of file.imports) {
      if (specifier.startsWith(".") || specifier.startsWith("node:")) continue;
      const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
      importers.set(name, (importers.get(name) ?? new Set()).add(file.path));
    }
  return [...importers]
    .filter(([, paths]) => paths.size > 1)
    .map(([name, paths]) => `${name}: ${[...paths].join(", ")}`);
}

function longFunctions(file: SourceFacts): string[] {
  return file.functions
    .filter(({ lines, parameters }) => lines > BUDGET.function || parameters > BUDGET.parameters)
    .filter(({ line }) => !file.text.slice(Math.max(0, line - 3), line).some(isWaiver))
    .map(
      ({ name, line, lines, parameters }) =>
        `${file.path}:${line}: ${name} has ${lines} lines, ${parameters} parameters`,
    );
}

/** `// waiver(lines): why`, in the head of a file or within two lines above a function. */
function isWaiver(line: string): boolean {
  return /\/\/ waiver\((lines|parameters)\): \S/.test(line);
}

function lineCount(file: SourceFacts): number {
  return file.text.at(-1) === "" ? file.text.length - 1 : file.text.length;
}

function mentions(files: readonly SourceFacts[], what: readonly string[], except: readonly string[]): string[] {
  return files
    .filter((file) => !isBelow(file.path, except))
    .flatMap((file) => file.mentions.map((mention) => ({ ...mention, path: file.path })))
    .filter((mention) => what.includes(mention.what))
    .map((mention) => `${mention.path}:${mention.line}: ${mention.what}`);
}

/** Equal to one of the paths, or below one that ends with a slash. */
function isBelow(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || (place.endsWith("/") && path.startsWith(place)));
}
