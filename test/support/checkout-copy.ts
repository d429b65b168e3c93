import { execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const CHECKOUT = join(import.meta.dirname, "../..");

/** What builds a release, besides the packages that the program depends on. */
const TOOLS = ["node_modules/esbuild", "node_modules/@esbuild"];

/** Copies what is in the repository, or would be with the next commit, and the installed packages that a release needs. */
export async function copyCheckout(to: string): Promise<void> {
  const listed = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: CHECKOUT });
  const installed = [...(await packagesOfTheProgram()), ...TOOLS];
  for (const path of [...listed.stdout.split("\0").filter(Boolean), ...installed]) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await cp(join(CHECKOUT, path), join(to, path), { recursive: true });
  }
}

async function packagesOfTheProgram(): Promise<string[]> {
  const lock: { readonly packages: Readonly<Record<string, { readonly dev?: true; readonly optional?: true }>> } =
    JSON.parse(await readFile(join(CHECKOUT, "package-lock.json"), "utf8"));
  const all = Object.entries(lock.packages).filter(([path, { dev, optional }]) => path !== "" && !dev && !optional);
  return all.map(([path]) => path);
}

/** Makes a release in a checkout, as `npm run release` does; its files are then in `dist/` there. */
export async function makeRelease(checkout: string, moment: string): Promise<void> {
  const env = { ...process.env, SOURCE_DATE_EPOCH: moment };
  await run(process.execPath, ["deploy/release/main.ts"], { cwd: checkout, env });
}

/** Gives a copy of the checkout the version that its next release will have, where a maintainer writes it. */
export async function setVersion(checkout: string, version: string): Promise<void> {
  for (const file of ["package.json", "src/version.ts"]) {
    const path = join(checkout, file);
    const text = await readFile(path, "utf8");
    const changed = text.replace(/(version"?: |VERSION = )"[^"]+"/, `$1"${version}"`);
    if (changed === text) throw new Error(`there is no version in ${file}`);
    await writeFile(path, changed);
  }
}
