import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { programOf } from "../support/debian-package.ts";
import { debianRoot } from "../support/debian-root.ts";
import { waitFor } from "../support/wait-for.ts";

const run = promisify(execFile);

const PACKAGES =
  "systemd,systemd-sysv,dbus,libpam-systemd,polkitd,nginx-light,ca-certificates,openssl,iproute2,procps".split(",");

/** SIGRTMIN+3: systemd shuts down as `poweroff` does. Node knows no real-time signals by name. */
const SHUT_DOWN = 37;

export interface Answer {
  readonly code: number;
  /** Standard output and error. */
  readonly text: string;
}

/** A Debian that runs under its own systemd, on the network of this host. */
export interface Machine extends AsyncDisposable {
  /** A path of the machine, as this host sees it. */
  path(inside: string): string;
  /** Runs a command in it, to its end. */
  run(...argv: readonly string[]): Promise<Answer>;
  /** The same, whose success is expected; answers what it printed, without the last newline. */
  ok(...argv: readonly string[]): Promise<string>;
  /** Shuts it down in order, and boots it again. */
  reboot(): Promise<void>;
}

type Say = (line: string) => void;

/** The Debian that is booted, and what boots it: minutes the first time. Rejects with what cannot be had. */
export async function prepareMachine(say: Say): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error("these tests boot a Debian in namespaces of its own: run them as root");
  await programOf({ package: "systemd-container", program: "systemd-nspawn", say });
  return debianRoot({ purpose: "systemd", packages: PACKAGES, say });
}

/** Boots a fresh copy of the Debian. What cannot be had fails, with the reason. */
export async function bootMachine(say: Say): Promise<Machine> {
  const name = `leafd-test-${process.pid}`;
  const root = join(tmpdir(), name);
  // `cp` of the core copies sockets and devices of a root file system as they are.
  await run("cp", ["--archive", "--reflink=auto", await prepareMachine(say), root]);
  let booted = await boot(root, name);
  const forget = (): void => {
    booted.child.kill("SIGKILL");
    rmSync(root, { recursive: true, force: true });
  };
  process.once("exit", forget);
  const machine: Machine = {
    path: (inside) => join(root, inside),
    run: (...argv) => enter(booted.leader, argv),
    async ok(...argv) {
      const { code, text } = await enter(booted.leader, argv);
      if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}: ${text}`);
      return text.trimEnd();
    },
    async reboot() {
      await shutDown(booted);
      booted = await boot(root, name);
    },
    async [Symbol.asyncDispose]() {
      await shutDown(booted);
      process.removeListener("exit", forget);
      await rm(root, { recursive: true, force: true });
      await removeGroups(name);
    },
  };
  return machine;
}

interface Booted {
  readonly child: ChildProcess;
  /** The pid of its systemd, as this host counts. */
  readonly leader: number;
}

async function boot(root: string, name: string): Promise<Booted> {
  const child = spawn("bash", [join(import.meta.dirname, "boot.sh"), root, name], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text: Buffer) => (printed += text));
  const died = once(child, "exit").then(() => {
    throw new Error(`the machine did not boot: ${printed.slice(-2000)}`);
  });
  died.catch(() => undefined);
  const up = waitFor(
    async () => {
      const leader = await leaderOf(child.pid ?? 0);
      if (leader === undefined) return undefined;
      const { text } = await enter(leader, ["systemctl", "is-system-running"]);
      return /^(running|degraded)/.test(text) ? leader : undefined;
    },
    { what: "the boot of the machine", within: 60_000 },
  );
  return { child, leader: await Promise.race([up, died]) };
}

/** The one child of nspawn is the machine's PID 1. */
async function leaderOf(nspawn: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${nspawn}/task/${nspawn}/children`, "utf8").catch(() => "");
  for (const pid of children.trim().split(" ").filter(Boolean)) {
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    if (name.trim() === "systemd") return Number(pid);
  }
  return undefined;
}

async function enter(leader: number, argv: readonly string[]): Promise<Answer> {
  const child = spawn("nsenter", [`--target=${leader}`, "-m", "-u", "-i", "-n", "-p", "-C", "--", ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (some: Buffer) => (text += some));
  const [code]: unknown[] = await once(child, "close");
  return { code: typeof code === "number" ? code : -1, text };
}

async function shutDown({ child, leader }: Booted): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  process.kill(leader, SHUT_DOWN);
  await ended;
}

/** The control groups that booting made. */
async function removeGroups(name: string): Promise<void> {
  const hierarchies = await readdir("/sys/fs/cgroup");
  for (const each of ["", ...hierarchies])
    await run("find", [join("/sys/fs/cgroup", each, name), "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]).catch(
      () => undefined,
    );
}
