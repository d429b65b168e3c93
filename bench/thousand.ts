import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { setUpPki, type TestPki } from "../test/support/pki-setup.ts";
import { startTestVault, type TestVault } from "../test/support/vault-server.ts";

/*
 * First certificates for many services, and the cold start to the first one, with a server beside the client. The
 * bundle is measured, so build it before:
 *   npm run build && node bench/thousand.ts [services] [rounds] [directory]
 */

const [services = "1000", rounds = "3", parent = "/dev/shm"] = process.argv.slice(2);
/** A start is short and varies much. */
const STARTS = 15;
const BUNDLE = join(import.meta.dirname, "../dist/leafd.mjs");

interface Run {
  /** Milliseconds from the start of the process to its end. */
  readonly wall: number;
  /** Milliseconds to the line of the log that says `published`. */
  readonly first: number;
  /** Milliseconds of CPU, user and system. */
  readonly cpu: number;
  /** The highest resident set, MB. */
  readonly memory: number;
}

/** One `leafd once` on empty directories. */
function runOnce(room: string, config: string, env: NodeJS.ProcessEnv): Promise<Run> {
  for (const name of ["live", "state"]) rmSync(join(room, name), { recursive: true, force: true });
  mkdirSync(join(room, "live"));
  const usageReport = new URL("report-usage.mjs", import.meta.url).href;
  const args = ["--import", usageReport, BUNDLE, "once", "--config", config];
  const started = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const [, , log, report] = child.stdio;
  let first: number | undefined;
  let usage = "";
  log?.on("data", (text: Buffer) => {
    if (text.includes("published")) first ??= performance.now() - started;
  });
  report?.on("data", (text: Buffer) => (usage += text.toString()));
  return new Promise((resolve, reject) => {
    child.once("close", (code) => {
      const wall = performance.now() - started;
      if (code !== 0 || first === undefined) return reject(new Error(`leafd once ended with ${code}`));
      const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(usage);
      resolve({ wall, first, cpu: (userCPUTime + systemCPUTime) / 1000, memory: maxRSS / 1024 });
    });
  });
}

async function series(count: number, run: () => Promise<Run>): Promise<Readonly<Record<keyof Run, number>>> {
  const runs: Run[] = [];
  for (let index = 0; index < count; index++) runs.push(await run());
  const median = (key: keyof Run) => runs.map((each) => each[key]).sort((a, b) => a - b)[count >> 1] ?? 0;
  return { wall: median("wall"), first: median("first"), cpu: median("cpu"), memory: median("memory") };
}

function writeConfig(room: string, count: number, { vault, pki }: { vault: TestVault; pki: TestPki }): string {
  const secretId = join(room, "secret-id");
  writeFileSync(secretId, pki.secretId);
  const names = Array.from({ length: count }, (_, index) => `s${index}`);
  const lines = names.map(
    (name) => `  ${name}: { identity: { dns: [${name}.svc] }, output: { directory: ${join(room, "live", name)} } }`,
  );
  const file = join(room, `leafd-${count}.yaml`);
  writeFileSync(
    file,
    `vault: { address: "${vault.address}", auth: { approle: { roleId: ${pki.roleId}, secretIdFile: ${secretId} } } }
issuers: { main: { vault: { mount: ${pki.mount}, role: ${pki.role} } } }
stateDir: ${join(room, "state")}
services:
${lines.join("\n")}
`,
  );
  return file;
}

const room = mkdtempSync(join(parent, "leafd-bench-"));
const { NODE_COMPILE_CACHE: _cache, ...plain } = process.env;
try {
  await using vault = await startTestVault();
  const pki = await setUpPki(vault, { roleSettings: { no_store: true } });
  console.log(`Node ${process.versions.node}, ${availableParallelism()} CPUs, load ${loadavg()[0]?.toFixed(1)}`);

  const many = writeConfig(room, Number(services), { vault, pki });
  const { wall, cpu, memory } = await series(Number(rounds), () => runOnce(room, many, plain));
  const rate = `${((1000 * Number(services)) / wall).toFixed(0)}/s`;
  console.log(
    `${services} services (median of ${rounds}): ${(wall / 1000).toFixed(2)} s, ${rate}, ` +
      `${(cpu / Number(services)).toFixed(2)} ms of CPU each, ${memory.toFixed(0)} MB`,
  );

  const one = writeConfig(room, 1, { vault, pki });
  const cached = { ...plain, NODE_COMPILE_CACHE: join(room, "compile-cache") };
  await runOnce(room, one, cached);
  for (const [how, env] of Object.entries({ "without a compile cache": plain, "with NODE_COMPILE_CACHE": cached })) {
    const start = await series(STARTS, () => runOnce(room, one, env));
    console.log(
      `first certificate ${how} (median of ${STARTS}): ${start.first.toFixed(0)} ms after the start, ` +
        `${start.cpu.toFixed(0)} ms of CPU, ${start.memory.toFixed(0)} MB`,
    );
  }
  console.log(`load now ${loadavg()[0]?.toFixed(1)}`);
} finally {
  rmSync(room, { recursive: true });
}
