import { randomUUID } from "node:crypto";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../../src/dev/demo/free-port.ts";
import { readPair } from "../../support/published-pair.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

/* Others who write where leafd writes. */

/** What lies in a directory after a crash, and what somebody may have planted there, before leafd starts. */
async function runPlanted(scene: Scene): Promise<Outcome> {
  const { pki, place, watch } = await daemonScene(scene);
  const findings = new Findings();
  await place.configure({ web: {} });
  await place.run("once");
  const live = place.live("web");
  const { generation, serial } = readPair(live);
  const victim = place.dir.join("victim");
  await writeFile(victim, "untouched");
  mkdirSync(join(live, "..gen-20200101T000000000Z-00000000"));
  await writeFile(join(live, "..gen-20200101T000000000Z-00000000/tls.key"), "half");
  await writeFile(join(live, `..tmp-${randomUUID()}`), "left");
  for (const [name, target] of [
    ["..data", "..gen-gone"],
    [`..tmp-${randomUUID()}`, victim],
    ["tls.key", victim],
    ["ca.crt", "../victim"],
    ["..delivered", victim],
    ["..owner", victim],
  ] as const) {
    rmSync(join(live, name), { force: true });
    await symlink(target, join(live, name));
  }
  await using leafd = place.start("run");
  const published = await leafd.next("published");
  findings.equal([published["cause"], published.serial], ["damaged", serial], "what repaired the directory");
  const watched = await watch("web");
  const { count } = await leafd.next("leftovers_removed");
  findings.equal(count, 3, "leftovers removed");
  const pair = readPair(live);
  findings.expect(pair.whole && pair.generation !== generation, `${pair.generation} is visible`);
  findings.equal(readFileSync(join(live, "tls.key"), "utf8").split("\n")[0], "-----BEGIN PRIVATE KEY-----", "tls.key");
  const hits = readFileSync(victim, "utf8") === "untouched" ? 0 : 1;
  findings.equal(hits, 0, "files that a planted link led to");
  await watched.end(findings, { leafds: [leafd], budget: 1 });
  await leafd.stop();

  await symlink("victim-directory", place.dir.join("link"));
  mkdirSync(place.dir.join("victim-directory"));
  await place.configure({ web: { output: { directory: place.dir.join("link") } } });
  await using refused = place.start("run");
  findings.equal((await refused.next("rotation_failed")).reason, "target_unsafe", "a link as the output directory");
  findings.equal(readdirSync(place.dir.join("victim-directory")), [], "what was written through it");
  findings.equal(await pki.issued(), 1, "certificates");
  return findings.outcome(`hits=${hits} issuance=0`);
}

/** What an outsider does to the output of a service, by its name; `inside` is the visible generation. */
const MEDDLING: Readonly<Record<string, (live: string, inside: string) => void>> = {
  chmod: (_, inside) => chmodSync(`${inside}/tls.key`, 0o666),
  edit: (_, inside) => appendFileSync(`${inside}/tls.crt`, "x"),
  delete: (_, inside) => rmSync(`${inside}/tls.key`),
  unlink: (live) => rmSync(`${live}/..data`),
  wipe: (live) => rmSync(live, { recursive: true }),
};

/** As often as the disk is looked at, and a little for the repair. */
const REPAIRED_WITHIN = 32;

async function runMeddling(scene: Scene): Promise<Outcome> {
  const { pki, place } = await daemonScene(scene);
  const findings = new Findings();
  const services = Object.keys(MEDDLING);
  const port = await freePort();
  const observe = { listen: `127.0.0.1:${port}` };
  await place.configure(Object.fromEntries(services.map((service) => [service, {}])), { observe });
  await using leafd = place.start("run");
  await leafd.each("published", ...services);
  const spoilt = Date.now();
  for (const [service, meddle] of Object.entries(MEDDLING)) {
    const live = place.live(service);
    meddle(live, join(live, readPair(live).generation));
  }
  const times: string[] = [];
  for (const service of services) {
    while (leafd.seen("published", service).length < 2) await leafd.next("published");
    const [repaired] = leafd.seen("published", service).slice(-1);
    findings.expect(/^(?:damaged|missing)$/.test(String(repaired?.["cause"])), `${service}: ${repaired?.msg}`);
    const seconds = (Date.parse(repaired?.time ?? "") - spoilt) / 1000;
    findings.expect(seconds <= REPAIRED_WITHIN, `${service}: repaired after ${seconds} s`);
    const pair = readPair(place.live(service));
    findings.expect(pair.whole, `${service}: what repaired it is not whole`);
    times.push(`${service}_s=${seconds.toFixed(0)}`);
  }
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counted = Number(/leafd_publications_total\{cause="damaged"\} (\d+)/.exec(metrics)?.[1]);
  findings.expect(counted >= 4, `${counted} repairs were counted`);
  const issued = await pki.issued();
  findings.expect(issued <= 2 * services.length, `${issued} certificates`);
  return findings.outcome(`${times.join(" ")} certificates=${issued - services.length}`);
}

/** One of them writes; the other says why it does not, on the same state directory and on the same output. */
async function runTwoDaemons(scene: Scene): Promise<Outcome> {
  const { place, watch } = await daemonScene(scene, { ttl: "12s" });
  const findings = new Findings();
  await place.configure({ web: { renewAt: "50%" } });
  await using first = place.start("run");
  await first.next("published");
  const watched = await watch("web");
  const locked = await place.run("run");
  findings.equal(locked.code, 75, "exit code on the same state directory");
  findings.expect(locked.stderr.includes(`another leafd (pid ${first.pid}) holds`), locked.stderr);
  await place.configure({ web: { renewAt: "50%" } }, { stateDir: place.dir.join("other-state") });
  await using second = place.start("run");
  const refused = await second.next("rotation_failed");
  findings.equal([refused["stage"], refused.reason], ["preflight", "target_foreign"], "on the same output");
  findings.expect(refused.msg.includes(`pid ${first.pid}`), refused.msg);
  await first.next("published", ({ cause }) => cause === "renewal_due");
  await first.next("published", ({ cause }) => cause === "renewal_due");
  const own = first.seen("published").map(({ generation }) => generation);
  const budget = own.length;
  const [seen] = await watched.end(findings, { leafds: [first, second], budget });
  const others = (seen?.generations ?? []).filter(({ generation }) => !own.includes(generation));
  findings.equal(others.length, 0, "generations of the other");
  findings.equal(second.seen("published").length, 0, "publications of the other");
  findings.expect(existsSync(join(place.live("web"), "..owner")), "nobody owns the directory");
  return findings.outcome(`double_writes=${others.length} exit_code=${locked.code} writes=${own.length}`);
}

export const OUTSIDER_ROWS: readonly FaultRow[] = [
  {
    id: 25,
    fault: "left-over temp, dangling `..data`, planted symlink at a temp or target name",
    expected: "repaired; refused",
    run: runPlanted,
  },
  {
    id: 26,
    fault: "an outsider chmods, edits, deletes an output",
    expected: "repaired ≤ 30 s, counted",
    run: runMeddling,
  },
  {
    id: 27,
    fault: "two daemons on one volume",
    expected: "one writer, the other says why",
    run: runTwoDaemons,
  },
];
