import { readFile } from "node:fs/promises";
import { exampleFacts, exampleMaterial, exampleOutput, exampleStore } from "./example-output.ts";
import { runStore, type StoreOutcome } from "./run-store.ts";
import { tempDir } from "./temp-dir.ts";

interface FailedCommit {
  readonly said: StoreOutcome;
  /** What inspection finds of the pair that is visible. */
  readonly found: string;
  /** The tag of the visible certificate. */
  readonly visible: string | undefined;
  /** The same after the next commit, by a store that knows nothing of the failure. */
  readonly retried: string | undefined;
}

/** Commits `new` over `old` while the `count`-th call fails with this errno, and then `retry` without a failure. */
export async function commitWith(syscall: string, errno: string, count: number): Promise<FailedCommit> {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  const store = exampleStore();
  await store.commit(output, exampleMaterial("old"), exampleFacts());
  await store.release(output);
  const strace = ["-e", `trace=${syscall}`, "-e", `inject=${syscall}:error=${errno}:when=${count}`];
  const said = await runStore({ directory: output.directory, action: "commit", tag: "new" }, { strace });
  const { kind } = await exampleStore().inspect(output);
  const tag = async () => (await readFile(dir.join("live", "tls.crt"), "utf8")).split("\n")[1];
  const visible = await tag();
  await exampleStore().commit(output, exampleMaterial("retry"), exampleFacts());
  return { said, found: kind, visible, retried: await tag() };
}
