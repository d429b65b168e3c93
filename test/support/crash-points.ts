import assert from "node:assert/strict";
import { readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../src/runtime/clock.ts";
import type { StoreJob } from "../fixtures/store-process.ts";
import { exampleFacts, exampleMaterial, exampleOutput, exampleStore } from "./example-output.ts";
import { runStore } from "./run-store.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

/*
 * SIGKILL on entry to every system call that changes the file system: between two of them nothing changes, so these are
 * all the states that a crash can leave. strace counts each call by itself.
 */

/** One thing that the store does, and what a crash in the middle of it may leave visible. */
export interface CrashScenario {
  readonly what: string;
  readonly syscalls: readonly string[];
  /** Tags of the generations that are there before; the last one is visible. */
  readonly before: readonly string[];
  readonly job: Omit<StoreJob, "directory">;
  /** The tags that may be visible after the crash; undefined: nothing. */
  readonly visible: readonly (string | undefined)[];
  /** Crashes that must at least have happened. */
  readonly atLeast: number;
}

type Place = Pick<TempDir, "join">;

const COMMIT = ["mkdir", "write", "fchown", "fchmod", "symlink", "fsync", "rename"];
const isRoot = process.getuid?.() === 0;
const job: CrashScenario["job"] = { action: "commit", tag: "new", ...(isRoot && { output: { group: "65534" } }) };
export const CRASH_SCENARIOS: readonly CrashScenario[] = [
  { what: "the first commit", syscalls: COMMIT, before: [], job, visible: [undefined, "new"], atLeast: 25 },
  { what: "a renewal", syscalls: COMMIT, before: ["old"], job, visible: ["old", "new"], atLeast: 20 },
  {
    what: "a sweep",
    syscalls: ["write", "rename", "unlink", "rmdir"],
    before: ["oldest", "older", "old"],
    job: { action: "sweep" },
    visible: ["old"],
    atLeast: 6,
  },
];

/** Kills at every such call, in turn. Answers how often; rejects with an assertion when what a crash left is not whole. */
export async function crashEverywhere(scenario: CrashScenario): Promise<number> {
  let crashes = 0;
  for (const syscall of scenario.syscalls)
    for (let count = 1; await survivesCrash(scenario, syscall, count); count++) crashes++;
  assert.ok(crashes >= scenario.atLeast, `only ${crashes} crashes`);
  return crashes;
}

/** Answers false when the program had no such call left, and fails when what the crash left is not whole. */
async function survivesCrash(scenario: CrashScenario, syscall: string, count: number): Promise<boolean> {
  await using dir = await tempDir();
  const where = `at ${syscall} ${count}`;
  await publishBefore(dir, scenario.before);
  const strace = ["-e", `trace=${syscall}`, "-e", `inject=${syscall}:signal=SIGKILL:when=${count}`];
  const said = await runStore({ directory: dir.join("live"), ...scenario.job }, { strace });
  if (said !== undefined) assert.equal(said.ok, true, said.message);
  await assertWhole(dir, scenario.visible, where);
  assert.deepEqual(await assertRecovers(dir, where), [], where);
  return said === undefined;
}

/** Generations a minute apart, the newest of now. */
async function publishBefore(dir: TempDir, tags: readonly string[]): Promise<void> {
  const output = exampleOutput(dir.join("live"));
  for (const [index, tag] of tags.entries()) {
    const age = (tags.length - 1 - index) * 60_000;
    const store = exampleStore({ clock: { ...systemClock, now: () => systemClock.now() - age } });
    await store.commit(output, exampleMaterial(tag), exampleFacts());
    await store.release(output);
  }
}

/** Fails unless what is visible in `live` of this place is one whole generation of a tag that is allowed. */
export async function assertWhole(dir: Place, allowed: CrashScenario["visible"], where: string): Promise<void> {
  const seen = await visibleTag(dir.join("live"));
  assert.ok(allowed.includes(seen), `${where}: ${seen} is visible`);
  const found = await exampleStore().inspect(exampleOutput(dir.join("live")));
  if (seen !== undefined) {
    assert.ok(found.kind === "pair", `${where}: ${JSON.stringify(found)}`);
    assert.deepEqual(contentOf(found.material), contentOf(exampleMaterial(seen)), where);
  } else if (found.kind === "damaged" && found.rescue !== undefined)
    assert.deepEqual(contentOf(found.rescue.material), contentOf(exampleMaterial("new")), where);
  else assert.equal(found.kind, "none", where);
}

/** The tag of the visible generation as a dependent reads it; fails when the files are of two. */
async function visibleTag(live: string): Promise<string | undefined> {
  const inside = await realpath(join(live, "..data")).catch(() => undefined);
  if (inside === undefined) return undefined;
  const files = await Promise.all(["tls.key", "tls.crt", "ca.crt"].map((name) => readFile(join(inside, name), "utf8")));
  const tags = new Set(files.map((text) => text.split("\n")[1]));
  assert.equal(tags.size, 1, "torn");
  return [...tags][0];
}

function contentOf(material: ReturnType<typeof exampleMaterial>): readonly string[] {
  return [material.privateKey.reveal(), material.certificate, material.trust];
}

/** The next run publishes, cleans up, and there is no trace of the crash. Answers what it warned of. */
export async function assertRecovers(dir: Place, where: string): Promise<readonly string[]> {
  const output = exampleOutput(dir.join("live"));
  const warnings: string[] = [];
  const store = exampleStore({ warn: (_, { message }) => warnings.push(message) });
  await store.commit(output, exampleMaterial("after"), exampleFacts());
  await store.sweep(output);
  assert.equal(await visibleTag(output.directory), "after", where);
  const names = await readdir(output.directory);
  assert.deepEqual(
    names.filter((name) => name.startsWith("..tmp-")),
    [],
    where,
  );
  assert.ok(names.filter((name) => name.startsWith("..gen-")).length <= 3, `${where}: ${names.join(" ")}`);
  return warnings;
}
