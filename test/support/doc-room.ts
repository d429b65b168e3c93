import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Duplex, Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { findOpenBao } from "./openbao-binary.ts";
import { tempDir } from "./temp-dir.ts";

const CHECKOUT = join(import.meta.dirname, "../..");

/** Directories of the room that are its own, empty or a copy. */
const OWN = ["/etc", "/var/lib", "/var/log", "/usr/local/bin", "/run"];

/**
 * Mounts what is the room's own, makes the checkout read-only, starts the loopback of its network, and carries out one
 * script after the other in one shell, as a reader does in one terminal. Arguments: the directory of the room, node, bao. Scripts come on descriptor 3;
 * on 4 is said of each what failed in it, or nothing.
 */
const SHELL = `
set -e
ip link set lo up
for own in ${OWN.join(" ")}; do mount --bind "$1$own" $own; done
touch /usr/local/bin/node /usr/local/bin/bao
mount --bind "$2" /usr/local/bin/node
mount --bind "$3" /usr/local/bin/bao
mount --bind . "$PWD" && mount -o remount,ro,bind "$PWD" && cd "$PWD"
set +e -E -o pipefail
trap 'failed="\${failed:-$BASH_COMMAND}"' ERR
while read -r how script <&3; do
  failed=
  case $how in
    run) . "$script" </dev/null >"$script.out" 2>&1 3<&- 4>&- ;;
    start) ( . "$script" ) </dev/null >"$script.out" 2>&1 3<&- 4>&- & ;;
  esac
  echo "\${failed//$'\\n'/ }" >&4
done
`;

export interface Outcome {
  /** Of both streams. */
  readonly output: string;
  /** The first command that failed. */
  readonly failed?: string;
}

/** A machine as a reader of the documentation has it: root, an empty disk where they write, ports that are free. */
export interface DocRoom extends AsyncDisposable {
  /** Runs commands in the terminal of the room, in the checkout. */
  run(commands: string): Promise<Outcome>;
  /** Starts commands that go on; answers how to read what they have printed so far. */
  start(commands: string): Promise<() => Promise<string>>;
  /** Writes a file, whose directory must be there, as the page would have it written. */
  put(file: string, content: string): Promise<Outcome>;
}

/**
 * A new room: namespaces of its own for mounts, network and processes, which end with it. It has `node` and `bao` on
 * PATH, and is where no reader's machine is changed. Needs root, unshare(1), ip(8) and an OpenBao; without them it rejects.
 */
export async function docRoom(): Promise<DocRoom> {
  const bao = await findOpenBao();
  if (bao === undefined) throw new Error("the documentation is tried with a real OpenBao, and there is none");
  const dir = await tempDir();
  for (const own of OWN) await mkdir(dir.join(own), { recursive: true });
  await cp("/etc", dir.join("etc"), { recursive: true, verbatimSymlinks: true });
  for (const directory of ["var/lib/nginx", "var/log/nginx", "home"])
    await mkdir(dir.join(directory), { recursive: true });
  for (const own of OWN) await chmod(dir.join(own), 0o755);

  const own = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const args = [...own, "bash", "--norc", "-c", SHELL, "bash", dir.path, process.execPath, bao];
  const env = { PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: dir.join("home"), LANG: "C.UTF-8" };
  const shell = spawn("unshare", args, { cwd: CHECKOUT, env, stdio: ["ignore", "inherit", "pipe", "pipe", "pipe"] });
  const say = terminalOf(shell);
  const kill = () => shell.kill("SIGKILL");
  process.once("exit", kill);

  let count = 0;
  const script = async (how: "run" | "start", commands: string) => {
    const file = dir.join(`script-${(count += 1)}`);
    await writeFile(file, commands);
    return { file, failed: await say(`${how} ${file}`) };
  };
  const run: DocRoom["run"] = async (commands) => {
    const { file, failed } = await script("run", commands);
    return { output: await readFile(`${file}.out`, "utf8"), ...(failed === "" ? {} : { failed }) };
  };
  return {
    run,
    async start(commands) {
      const { file } = await script("start", commands);
      return () => readFile(`${file}.out`, "utf8");
    },
    async put(file, content) {
      const source = dir.join(`content-${(count += 1)}`);
      await writeFile(source, content);
      return run(`test -d ${dirname(file)} && cp ${source} ${file}`);
    },
    async [Symbol.asyncDispose]() {
      process.removeListener("exit", kill);
      const ended = once(shell, "exit");
      if (shell.exitCode === null && kill()) await ended;
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Says a line to the shell and answers its line; rejects with what it wrote to standard error when it has ended. */
function terminalOf(shell: ChildProcess): (line: string) => Promise<string> {
  const [, , complaints, scripts, answers] = shell.stdio;
  if (!(complaints instanceof Readable) || !(scripts instanceof Duplex) || !(answers instanceof Duplex))
    throw new Error("a shell without its descriptors");
  const complained = readText(complaints);
  scripts.on("error", () => {}); // It has ended: the answer that does not come says so.
  const lines = createInterface(answers)[Symbol.asyncIterator]();
  return async (line) => {
    scripts.write(`${line}\n`);
    const answer = await lines.next();
    if (answer.done === true) throw new Error(`the room is closed: ${await complained}`);
    return answer.value;
  };
}
