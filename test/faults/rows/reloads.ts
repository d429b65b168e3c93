import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NOTE_RELOAD } from "../../support/kill-drills.ts";
import type { LeafdProcess } from "../../support/leafd-process.ts";
import { type SignalListener, startListener } from "../../support/signal-listener.ts";
import { waitFor } from "../../support/wait-for.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

const fixture = (name: string): string => join(import.meta.dirname, "../../fixtures", name);

/** What the memory of leafd may grow by while a command prints 100 MB, in KiB. */
const GROWTH = 64 * 1024;

async function runBadCommands(scene: Scene): Promise<Outcome> {
  const { place, watch } = await daemonScene(scene);
  const findings = new Findings();
  const [gate, pids, stubborn] = [place.dir.join("gate"), place.dir.join("pids"), place.dir.join("stubborn")];
  const exec = (...command: readonly string[]) => ({ reload: [{ exec: { command, timeout: "2s" } }] });
  const services = {
    fails: exec("test", "-e", gate),
    hangs: exec(fixture("hang.sh"), pids),
    ignores: exec(fixture("ignore-sigterm.sh"), stubborn),
    forks: exec(fixture("hold-stdout.sh")),
    floods: exec(fixture("flood.sh")),
    quiet: exec("true"),
  };
  await place.configure(services);
  await using leafd = place.start("run");
  await leafd.each("published", ...Object.keys(services));
  const watched = await watch(...Object.keys(services));
  await leafd.each("delivered", "forks", "quiet");
  const before = memory(leafd.pid);
  for (const [service, reason] of [
    ["fails", "reload_failed"],
    ["hangs", "reload_timeout"],
    ["ignores", "reload_timeout"],
    ["floods", "reload_failed"],
  ] as const) {
    await tries(leafd, service, 2);
    const reasons = leafd.seen("reload_failed", service).map((line) => line.reason);
    findings.equal(new Set(reasons), new Set([reason]), `why ${service} failed`);
  }
  const growth = memory(leafd.pid) - before;
  findings.expect(growth < GROWTH, `the memory of leafd grew by ${growth} KiB`);
  const longest = Math.max(...leafd.log.map(({ msg }) => msg.length));
  findings.expect(longest <= 4096, `a line of the log has ${longest} characters`);
  writeFileSync(gate, "");
  const opened = Date.now();
  const delivered = await leafd.next("delivered", ({ service }) => service === "fails");
  await leafd.stop();
  for (const file of [pids, stubborn])
    for (const pid of readFileSync(file, "utf8").trim().split(" "))
      await waitFor(() => !isRunning(pid), { what: `the end of ${pid}` });
  killLeftBehind(leafd);
  await watched.end(findings, { leafds: [leafd], budget: Object.keys(services).length });
  const retried = (Date.parse(delivered.time) - opened) / 1000;
  return findings.outcome(`retry_s=${retried.toFixed(1)} growth_KiB=${growth} longest_line=${longest}`);
}

async function tries(leafd: LeafdProcess, service: string, count: number): Promise<void> {
  while (leafd.seen("reload_failed", service).length < count) await leafd.next("reload_failed");
}

/** Resident memory at its highest so far, in KiB. */
function memory(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function isRunning(pid: string): boolean {
  return existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
}

/** What a successful command leaves behind is not leafd's to end, but ours. */
function killLeftBehind(leafd: LeafdProcess): void {
  for (const { detail } of leafd.seen("reloaded", "forks")) {
    const pid = /left (\d+) behind/.exec(String(detail))?.[1];
    if (pid !== undefined && isRunning(pid)) process.kill(Number(pid), "SIGKILL");
  }
}

/** Collects what it prints until it is stopped. */
function collect(listener: SignalListener): { readonly lines: readonly string[]; readonly ended: Promise<void> } {
  const lines: string[] = [];
  const read = async (): Promise<void> => {
    for (;;) lines.push(await listener.line());
  };
  return { lines, ended: read().catch(() => undefined) };
}

async function runPidFiles(scene: Scene): Promise<Outcome> {
  const { place, watch } = await daemonScene(scene);
  const findings = new Findings();
  const listener = async (name: string) => scene.resources.use(await startListener({ name }));
  const file = (name: string) => place.dir.join(`${name}.pid`);
  const ended = await listener("ended");
  writeFileSync(file("stale"), `${ended.pid}\n`);
  await ended.stop();
  const bystander = await listener("bystander");
  const met = collect(bystander);
  writeFileSync(file("reused"), `${bystander.pid}\n`);
  const longAgo = Date.now() / 1000 - 3600;
  utimesSync(file("reused"), longAgo, longAgo);
  const old = await listener("old");
  writeFileSync(file("restarted"), `${old.pid}\n`);
  const gate = place.dir.join("gate");
  const signal = (name: string) => ({ signal: { signal: "SIGHUP", pidFile: file(name) } });
  await place.configure({
    stale: { reload: [signal("stale")] },
    reused: { reload: [signal("reused")] },
    restarted: {
      reload: [{ exec: { command: [NOTE_RELOAD, place.dir.join("told"), gate] } }, signal("restarted")],
    },
  });
  await using leafd = place.start("run");
  await leafd.each("published", "stale", "reused", "restarted");
  const watched = await watch("stale", "reused", "restarted");
  await leafd.each("reload_started", "restarted");
  await old.stop();
  const fresh = await listener("fresh");
  writeFileSync(file("restarted"), `${fresh.pid}\n`);
  writeFileSync(gate, "");
  findings.equal(await fresh.line(), `SIGHUP ${fresh.pid}`, "what the restarted dependent got");
  await leafd.each("delivered", "stale", "restarted");
  await tries(leafd, "reused", 2);
  const [refused] = leafd.seen("reload_failed", "reused");
  findings.equal(refused?.reason, "reload_target", "a pid that was used again");
  rmSync(file("reused"));
  await leafd.each("delivered", "reused");
  await leafd.stop();
  await bystander.stop();
  await met.ended;
  findings.equal(met.lines, [], "signals to a process that is not meant");
  await watched.end(findings, { leafds: [leafd], budget: 3 });
  return findings.outcome(`wrong_signals=${met.lines.length}`);
}

const MANY = 200;
/** What the services of one dependent may cost in reloads when all of them are issued at once. */
const FEW = 10;

async function runManyBehindOne(scene: Scene): Promise<Outcome> {
  const { place } = await daemonScene(scene);
  const findings = new Findings();
  const dependent = scene.resources.use(await startListener({ name: "dependent" }));
  const met = collect(dependent);
  const pidFile = place.dir.join("dependent.pid");
  writeFileSync(pidFile, `${dependent.pid}\n`);
  const shared = { reload: [{ signal: { signal: "SIGHUP", pidFile } }] };
  const names = Array.from({ length: MANY }, (_, at) => `s${at}`);
  const stopped = { reload: [{ signal: { signal: "SIGHUP", pidFile: place.dir.join("none.pid") } }] };
  await place.configure({ ...Object.fromEntries(names.map((name) => [name, shared])), stopped });
  await using leafd = place.start("run");
  await leafd.each("delivered", ...names, "stopped");
  const [discharged] = leafd.seen("reloaded", "stopped");
  findings.expect(String(discharged?.["detail"]).endsWith("not running, nothing to reload"), "the stopped dependent");
  await leafd.stop();
  await dependent.stop();
  await met.ended;
  const reloads = met.lines.length;
  findings.expect(reloads >= 1 && reloads <= FEW, `${reloads} reloads for ${MANY} services`);
  findings.equal(leafd.seen("reload_failed").length, 0, "failed reloads");
  return findings.outcome(`reloads=${reloads} services=${MANY}`);
}

export const RELOAD_ROWS: readonly FaultRow[] = [
  {
    id: 29,
    fault: "reload command fails, hangs, forks, prints 100 MB",
    expected: "reason, group killed, output bounded, retried",
    run: runBadCommands,
  },
  {
    id: 30,
    fault: "pid file stale, pid reused, process restarted between write and signal",
    expected: "start time checked; the one that runs now is signalled",
    run: runPidFiles,
  },
  {
    id: 52,
    fault: "dependent stopped; 200 services behind one dependent",
    expected: "reload discharged; coalesced into few",
    run: runManyBehindOne,
  },
];
