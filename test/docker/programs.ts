import { execFile } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { debianRoot } from "../support/debian-root.ts";
import { findOpenBao } from "../support/openbao-binary.ts";

const run = promisify(execFile);

const CACHE = join(import.meta.dirname, "../../.cache/docker");
const COMPOSE = "v2.40.3";
/** The init and the certificates of leafd's image, nginx, and wget, which the images of Prometheus and Grafana have. */
const PACKAGES = ["ca-certificates", "nginx-light", "tini", "wget"];
const MUCH = { maxBuffer: 64 * 1024 * 1024 };

type Say = (line: string) => void;

/** What the tests need of this host. */
export interface Programs {
  /** A file system with Debian, nginx and tini. */
  readonly root: string;
  readonly bao: string;
  readonly prometheus: string;
  /** Compose v2, the plugin. */
  readonly compose: string;
}

/**
 * Finds them, and installs, fetches or builds what is missing: minutes the first time. Rejects with what cannot be had.
 * Needs root on a Debian, its package mirror, and Go for Compose, which Debian has no package of.
 */
export async function preparePrograms(say: Say): Promise<Programs> {
  if (process.getuid?.() !== 0) throw new Error("these tests start a Docker engine of their own: run them as root");
  await need("docker.io", "dockerd", say);
  await need("debootstrap", "debootstrap", say);
  await need("prometheus", "prometheus", say);
  const bao = await findOpenBao(say);
  if (bao === undefined) throw new Error("there is no OpenBao");
  const root = await debianRoot({ purpose: "docker", packages: PACKAGES, say });
  const prometheus = await inPath("prometheus");
  if (prometheus === undefined) throw new Error("there is no prometheus");
  return { root, bao, prometheus, compose: await findCompose(say) };
}

async function need(debianPackage: string, program: string, say: Say): Promise<void> {
  if ((await inPath(program)) !== undefined) return;
  say(`installing ${debianPackage}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-q"], MUCH);
  await run("apt-get", ["install", "-q", "-y", "--no-install-recommends", debianPackage], { ...MUCH, env });
}

async function inPath(program: string): Promise<string | undefined> {
  for (const directory of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"]) {
    const path = join(directory, program);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

/** Built from its module at the pinned version, once. */
async function findCompose(say: Say): Promise<string> {
  const binary = join(CACHE, `docker-compose-${COMPOSE}`);
  if (existsSync(binary)) return binary;
  say(`building Compose ${COMPOSE}; this takes some minutes once`);
  const module = join(CACHE, "compose");
  await rm(module, { recursive: true, force: true });
  await mkdir(module, { recursive: true });
  const path = "github.com/docker/compose/v2";
  await writeFile(join(module, "go.mod"), `module leafd.test/compose\n\ngo 1.24\n\nrequire ${path} ${COMPOSE}\n`);
  const flags = `-s -w -X ${path}/internal.Version=${COMPOSE}`;
  const args = ["-n", "10", "go", "build", "-mod=mod", "-trimpath", "-ldflags", flags, "-o", `${binary}.new`];
  await run("nice", [...args, `${path}/cmd`], { ...MUCH, cwd: module, env: { ...process.env, CGO_ENABLED: "0" } });
  await rename(`${binary}.new`, binary);
  await rm(module, { recursive: true });
  return binary;
}
