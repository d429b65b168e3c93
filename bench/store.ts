import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "../src/domain/secret.ts";
import type { OutputSpec } from "../src/domain/spec.ts";
import { systemClock } from "../src/runtime/clock.ts";
import { createStore } from "../src/store/store.ts";

/*
 * Commits per second and CPU per commit on the file system of a directory:
 *   node bench/store.ts /dev/shm [commits] [services at a time]
 */

const [parent = "/dev/shm", commits = "2000", width = "16"] = process.argv.slice(2);
const base = mkdtempSync(join(parent, "leafd-bench-"));
const store = createStore({ clock: systemClock, instance: "bench", takeover: false, warn: () => {} });
const material = { privateKey: new Secret("k".repeat(240)), certificate: "c".repeat(2000), trust: "r".repeat(1000) };
const facts = {
  service: "bench",
  requestHash: "v1:request",
  deliveryHash: "v1:delivery",
  serial: "0a",
  fingerprint: "ab".repeat(32),
  issuer: "main",
  rung: "primary",
  receivedAt: 0,
  firstDue: 0,
} as const;
const outputs: readonly OutputSpec[] = Array.from({ length: Number(width) }, (_, index) => ({
  directory: join(base, String(index)),
  modes: { key: 0o600, cert: 0o644, directory: 0o755 },
  layout: "generations",
}));

/** Runs `work` for each output in turn, `commits` times altogether, all outputs side by side. */
async function measure(what: string, work: (output: OutputSpec) => Promise<unknown>): Promise<void> {
  const rounds = Math.ceil(Number(commits) / outputs.length);
  const count = rounds * outputs.length;
  const started = performance.now();
  const cpu = process.cpuUsage();
  await Promise.all(
    outputs.map(async (output) => {
      for (let round = 0; round < rounds; round++) await work(output);
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  const rate = (1000 * count) / (performance.now() - started);
  console.log(`${what}: ${rate.toFixed(0)}/s, ${((user + system) / 1000 / count).toFixed(3)} ms of CPU each`);
}

try {
  for (const output of outputs) await store.commit(output, material, facts);
  await measure("commit", (output) => store.commit(output, material, facts));
  await measure("preflight", (output) => store.preflight(output, "bench"));
  await measure("inspect", (output) => store.inspect(output));
} finally {
  rmSync(base, { recursive: true });
}
