import { globSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { runWhereOthersMayRead } from "./open-checkout.ts";
import { findOpenBao, serverName } from "./openbao-binary.ts";
import { keepServerLog, readServerLog } from "./server-log.ts";
import { Tally } from "./tally.ts";
import { tempDir } from "./temp-dir.ts";

/*
 * `npm test [-- FILE|DIRECTORY …]`: runs the test files, all or those below the arguments, each in a process of its
 * own, prints what ran against which server, and ends with the line `N passed, N failed`. A skipped test, a file
 * without tests and a run without tests are failures.
 */

const REPOSITORY = resolve(import.meta.dirname, "../..");

/** Cheap kinds first, so that a mistake shows early. Files directly in test/ (architecture, docs) come before all. */
const KINDS = ["unit", "contract", "integration", "simulation", "faults", "e2e"];

/** Kinds that need root and a platform that they make for themselves: they run when they are named. */
const PLATFORMS = new Set(["systemd", "docker", "kubernetes"]);

/** A file that takes longer is hanging. */
const FILE_TIMEOUT = 5 * 60_000;

const elsewhere = runWhereOthersMayRead(REPOSITORY);
if (elsewhere !== undefined) process.exit(elsewhere);

const binary = await findOpenBao((line) => console.error(line));
if (binary === undefined && process.env["CI"] === "true")
  throw new Error("CI=true and no real server: the figures must come from one");

// The test processes need not look for it again.
process.env["LEAFD_TEST_BAO"] = binary ?? "none";
const selected = selectFiles(process.argv.slice(2));
const files = selected.filter((file) => binary !== undefined || !needsRealServer(file));
const leftOut = selected.filter((file) => !files.includes(file)).map((file) => relative(REPOSITORY, file));

await using scratch = await tempDir();
const serverLog = scratch.join("servers");
keepServerLog(serverLog);
const tally = new Tally(binary === undefined ? { leftOut } : { realServer: await serverName(binary) });
const tests = run({ files, concurrency: 2, timeout: FILE_TIMEOUT });
tests.on("test:start", (test) => tally.start(test));
tests.on("test:pass", (test) => tally.pass(test));
tests.on("test:fail", (test) => tally.fail(test));
for await (const chunk of tests.compose(new spec())) process.stdout.write(chunk);
console.log(tally.summary(readServerLog(serverLog)).join("\n"));
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;

function selectFiles(wanted: readonly string[]): string[] {
  const paths = wanted.map((path) => resolve(path));
  const kind = (file: string) => relative(join(REPOSITORY, "test"), file).split(sep)[0] ?? "";
  const isNamed = (file: string) => paths.some((path) => file === path || file.startsWith(path + sep));
  const isWanted = (file: string) => (paths.length === 0 ? !PLATFORMS.has(kind(file)) : isNamed(file));
  const rank = (file: string) => KINDS.indexOf(kind(file));
  return globSync("test/**/*.test.ts", { cwd: REPOSITORY })
    .map((file) => join(REPOSITORY, file))
    .filter(isWanted)
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** A file that starts the real server by name, instead of the one that is there, or has a reader of the documentation do so. */
function needsRealServer(file: string): boolean {
  return /startOpenBao\(|docRoom\(/.test(readFileSync(file, "utf8"));
}
