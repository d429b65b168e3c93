import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import type { Programs } from "./programs.ts";

const run = promisify(execFile);
const CHECKOUT = join(import.meta.dirname, "../..");
const NAMESPACES = ["--net", "--mount", "--pid", "--cgroup", "--fork", "--kill-child", "--mount-proc"];
const MUCH = { maxBuffer: 64 * 1024 * 1024 };

/** The image that stands for all those of others: a Debian with node, OpenBao, nginx and Prometheus. */
export const BASE_IMAGE = "leafd-test/base";

/** A Docker engine that nobody else uses, without a way out to the network. */
export interface Engine extends AsyncDisposable {
  /** The command line of Docker; answers what it printed, without blanks at the ends. Rejects when it fails. */
  docker(...args: readonly string[]): Promise<string>;
  /** `docker compose` with the file of the checkout, its images those that are here; what it printed on both streams. */
  compose(...args: readonly string[]): Promise<string>;
  /** For programs that are to find it. */
  readonly env: NodeJS.ProcessEnv;
}

/** Starts one in namespaces of its own, which end with it and take every container along. */
export async function startEngine(programs: Programs): Promise<Engine> {
  await using resources = new AsyncDisposableStack();
  const dir = resources.use(await tempDir());
  const child = spawn("unshare", [...NAMESPACES, join(import.meta.dirname, "engine.sh"), dir.path], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  resources.defer(() => stop(child));
  let log = "";
  child.stderr.on("data", (text: Buffer) => (log = (log + text).slice(-5000)));
  const env = {
    ...process.env,
    DOCKER_HOST: `unix://${dir.join("docker.sock")}`,
    DOCKER_CONFIG: dir.path,
    DOCKER_BUILDKIT: "0", // the builder that needs no plugin of the client
    COMPOSE_PROGRESS: "plain",
    NODE_IMAGE: BASE_IMAGE,
    VAULT_IMAGE: BASE_IMAGE,
    NGINX_IMAGE: BASE_IMAGE,
    PROMETHEUS_IMAGE: BASE_IMAGE,
  };
  const options = { ...MUCH, cwd: CHECKOUT, env };
  await mkdir(dir.join("cli-plugins"));
  await symlink(programs.compose, dir.join("cli-plugins/docker-compose"));
  const engine = {
    docker: async (...args: readonly string[]) => (await run("docker", args, options)).stdout.trim(),
    async compose(...args: readonly string[]) {
      const { stdout, stderr } = await run("docker", ["compose", ...args], options);
      return `${stdout}${stderr}`;
    },
  };
  const answers = async () => {
    if (child.exitCode !== null) throw new Error(`the engine ended: ${log}`);
    return engine.docker("version").then(
      () => true,
      () => false,
    );
  };
  await waitFor(answers, { what: "the engine to answer", within: 60_000, every: 200 });
  await importBase(programs, env, dir.join("programs"));
  const kept = resources.move();
  return { ...engine, env, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** No registry can be reached: a root file system is what there is to begin with. */
async function importBase(programs: Programs, env: NodeJS.ProcessEnv, scratch: string): Promise<void> {
  const binaries = { node: process.execPath, bao: programs.bao, prometheus: programs.prometheus };
  const folder = "usr/local/bin";
  await mkdir(join(scratch, folder), { recursive: true });
  for (const [name, file] of Object.entries(binaries)) await copyFile(file, join(scratch, folder, name));
  const files = Object.keys(binaries).map((name) => `${folder}/${name}`);
  const tar = spawn("tar", ["-c", "-C", programs.root, ".", "-C", scratch, ...files], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const docker = spawn("docker", ["import", "-", BASE_IMAGE], { env, stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(docker, "exit");
  await pipeline(tar.stdout, docker.stdin);
  const [code] = await ended;
  if (code !== 0) throw new Error(`docker import ended with ${code}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL"); // --kill-child: the namespaces end with it
  await ended;
}
