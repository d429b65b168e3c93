import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { programOf } from "../support/debian-package.ts";
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
  await programOf({ package: "docker.io", program: "dockerd", say });
  const prometheus = await programOf({ package: "prometheus", program: "prometheus", say });
  const bao = await findOpenBao(say);
  if (bao === undefined) throw new Error("there is no OpenBao");
  const root = await debianRoot({ purpose: "docker", packages: PACKAGES, say });
  return { root, bao, prometheus, compose: await findCompose(say) };
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
