import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rmdir, writeFile } from "node:fs/promises";
import { waitFor } from "./wait-for.ts";

/** A cgroup with little memory. */
interface MemoryRoom extends AsyncDisposable {
  /** The wrapper of a process in it (`LeafdOptions`), which the kernel picks first when memory runs out. */
  readonly wrapper: readonly string[];
  /** Uses up the memory, until somebody in it has been killed. */
  exhaust(): Promise<void>;
}

/** The places of the memory controller: version 1, then version 2. */
const CONTROLLERS = [
  { parent: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes" },
  { parent: "/sys/fs/cgroup", limit: "memory.max" },
] as const;

/** A room of this many bytes; undefined where no cgroup can be made. */
export async function memoryRoom(bytes: number): Promise<MemoryRoom | undefined> {
  for (const { parent, limit } of CONTROLLERS) {
    const path = `${parent}/leafd-test-${process.pid}`;
    const remove = () =>
      waitFor(
        () =>
          rmdir(path).then(
            () => true,
            () => false,
          ),
        { what: "the end of the cgroup" },
      );
    try {
      await mkdir(path);
    } catch {
      continue;
    }
    try {
      await writeFile(`${path}/${limit}`, String(bytes));
    } catch {
      await remove();
      continue;
    }
    const enter = (score: number) =>
      `echo ${score} > /proc/$$/oom_score_adj; echo $$ > ${path}/cgroup.procs; exec "$@"`;
    return {
      wrapper: ["sh", "-c", enter(1000), "sh"],
      exhaust: async () => {
        const eat = "const eaten = []; for (;;) eaten.push(Buffer.alloc(1 << 20, 1));";
        const command = ["-c", enter(-500), "sh", process.execPath, "-e", eat];
        await once(spawn("sh", command, { stdio: "ignore" }), "exit");
      },
      [Symbol.asyncDispose]: async () => void (await remove()),
    };
  }
  return undefined;
}
