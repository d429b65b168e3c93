import { renameSync, writeFileSync } from "node:fs";
import { mountConfigMap } from "../../support/config-map.ts";
import { LeafdProcess } from "../../support/leafd-process.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

const SERVICE = '"web": {';

/** What is made of a good configuration (JSON, which is YAML), and how the report names it. */
const SPOILT: readonly (readonly [what: string, spoil: (good: string) => string, says: RegExp])[] = [
  ["bad YAML", (good) => good.replace("}", ""), /not valid YAML/],
  ["a duplicate target", twice, /is the output directory of service "\w+" too/],
  ["an unknown key", (good) => good.replace('"services"', '"srevices"'), /srevices: unknown key/],
  ["10 MB", (good) => `${good}# ${"x".repeat(10_000_000)}\n`, /large|bytes|MiB/],
  ["deep nesting", (good) => good.replace('"level": "debug"', `"level": ${nested(50_000)}`), /deep|nest/],
  ["__proto__", (good) => good.replace(SERVICE, `"__proto__": { "x": 1 }, ${SERVICE}`), /__proto__/],
  ["a traversal", (good) => good.replace(SERVICE, '"../../web": {'), /"\.\.\/\.\.\/web": must be a name/],
];

function twice(good: string): string {
  const { services, ...rest } = JSON.parse(good);
  return JSON.stringify({ ...rest, services: { ...services, other: services.web } }, undefined, 2);
}

function nested(depth: number): string {
  return `${"[".repeat(depth)}${"]".repeat(depth)}`;
}

/** In one step: a file that is written in place may be read half. */
function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

async function runBadConfig(scene: Scene): Promise<Outcome> {
  const { place, watch } = await daemonScene(scene, { ttl: "10s" });
  const findings = new Findings();
  await place.configure({ web: {} });
  await using leafd = place.start("run");
  await leafd.next("published");
  const watched = await watch("web");
  const good = place.text({ web: {} });
  let slowest = 0;
  for (const [what, spoil, says] of SPOILT) {
    replaceFile(place.file, spoil(good));
    const written = performance.now();
    leafd.signal("SIGHUP");
    const { msg, level } = await leafd.next("config_rejected", (line) => says.test(line.msg));
    slowest = Math.max(slowest, performance.now() - written);
    findings.equal(level, "error", what);
    findings.expect(
      /leafd\.yaml:\d+:\d+/.test(msg) || what === "10 MB",
      `${what}: no position in ${msg.slice(0, 300)}`,
    );
    replaceFile(place.file, good);
    leafd.signal("SIGHUP");
    await leafd.next("config_loaded");
  }
  await leafd.next("published");
  findings.equal(leafd.seen("rotation_failed").length, 0, "failed rotations");
  await leafd.stop();
  await watched.end(findings, { leafds: [leafd], budget: leafd.seen("published").length });
  return findings.outcome(`rejected=${SPOILT.length} slowest_ms=${slowest.toFixed(0)}`);
}

const SWAPS = 100;

async function runSwaps(scene: Scene): Promise<Outcome> {
  const { pki, place, watch } = await daemonScene(scene);
  const findings = new Findings();
  const config = place.dir.join("config");
  const version = (at: number, services = {}) =>
    mountConfigMap(config, `v${at}`, place.text({ web: { renewAt: `${50 + (at % 20)}%` }, ...services }));
  await version(0);
  const args = ["run", "--config", `${config}/leafd.yaml`];
  await using leafd = new LeafdProcess(args);
  await leafd.next("published");
  const watched = await watch("web");
  for (let at = 1; at < SWAPS; at++) {
    await version(at);
    for (let storm = 0; storm < 3; storm++) leafd.signal("SIGHUP");
  }
  // The last one raises nothing but the event of the file system.
  await version(SWAPS, { last: {} });
  const last = await leafd.next("published", ({ service }) => service === "last");
  await leafd.stop();
  const loads = leafd.seen("config_loaded").length;
  findings.equal(leafd.seen("config_rejected").length, 0, "half read configurations");
  findings.equal(leafd.seen("published", "web").length, 1, "certificates of the service that stayed");
  await watched.end(findings, { leafds: [leafd], budget: 2 });
  const certificates = (await pki.issued()) - 2;
  return findings.outcome(`certificates=${certificates} swaps=${SWAPS} loads=${loads} last=${String(last["cause"])}`);
}

export const CONFIG_ROWS: readonly FaultRow[] = [
  {
    id: 38,
    fault:
      "config: bad YAML, duplicate target, unknown key, 10 MB, deep nesting, `__proto__`, traversal in a service name",
    expected: "rejected with position, old one runs",
    run: runBadConfig,
  },
  {
    id: 39,
    fault: "ConfigMap swapped 100 times; SIGHUP storm",
    expected: "last wins, none lost, no re-issue",
    run: runSwaps,
  },
];
