import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { archive, type Entry } from "./archive.ts";

/*
 * `npm run release`: builds, then packs dist/leafd-VERSION.tar.gz, and writes dist/SHA256SUMS. Two releases of one commit
 * are the same to the byte, wherever they are made, by the Node that package-lock.json names: whoever doubts one makes it
 * again. All files in it have the time of the commit, or SOURCE_DATE_EPOCH
 * (https://reproducible-builds.org/specs/source-date-epoch/).
 */

/** What users get besides the program. The image is made from a checkout, see deploy/docker/Dockerfile. */
const FILES = ["LICENSE", "README.md", "CHANGELOG.md", "config/*", "docs/**/*", "deploy/**/*"];
const NOT_FOR_USERS = ["deploy/**/*.ts", "deploy/docker/**", "deploy/compose/**"];
/** What `helm dependency update` leaves in a checkout. */
const HELMS = ["charts/**", "Chart.lock"].map((path) => `deploy/kubernetes/chart-example/${path}`);
const BUILT = ["dist/leafd.mjs", "dist/leafd.cdx.json", "dist/THIRD-PARTY-LICENSES.txt"];

await import("../build.ts");
const { version } = JSON.parse(await readFile("package.json", "utf8"));
const name = `leafd-${version}`;
const files = globSync(FILES, { exclude: [...NOT_FOR_USERS, ...HELMS] });
const entries = (await Promise.all([...files, ...BUILT].map((file) => entryOf(file, name)))).flat();
const packed = archive(entries, commitTime());
await writeFile(`dist/${name}.tar.gz`, packed);
const sums = [...BUILT, `dist/${name}.tar.gz`].map(
  async (file) => `${sha256(await readFile(file))}  ${basename(file)}\n`,
);
await writeFile("dist/SHA256SUMS", (await Promise.all(sums)).join(""));
console.log(`dist/${name}.tar.gz: ${(packed.length / 1024).toFixed(0)} kB, ${entries.length} files`);

/** Nothing for a directory. What was built stands at the top. */
async function entryOf(file: string, root: string): Promise<readonly Entry[]> {
  const facts = await stat(file);
  if (!facts.isFile()) return [];
  const path = `${root}/${file.replace(/^dist\//, "")}`;
  return [{ path, content: await readFile(file), executable: (facts.mode & 0o100) !== 0 }];
}

function commitTime(): number {
  const told = process.env["SOURCE_DATE_EPOCH"];
  const text = told ?? execFileSync("git", ["log", "-1", "--format=%ct"], { encoding: "utf8" }).trim();
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Error(`SOURCE_DATE_EPOCH is a number of seconds, and this is ${JSON.stringify(text)}`);
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
