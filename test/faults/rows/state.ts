import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seenBy, withMounts } from "../../support/mount-room.ts";
import { readPair } from "../../support/published-pair.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import { renew } from "../renew.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

/* What a start finds on disk, and a state directory that has no room. */

/** The machine comes back and Vault does not: what lies on a disk serves at once, what lay in memory was warned of. */
async function runReboot(scene: Scene): Promise<Outcome> {
  const { vault, place, watch } = await daemonScene(scene);
  const findings = new Findings();
  const memory = join("/dev/shm", `leafd-test-${process.pid}`);
  scene.resources.defer(() => rmSync(memory, { recursive: true, force: true }));
  const outage = { survive: "8h" };
  await place.configure({ disk: { outage }, memory: { outage, output: { directory: memory } } });
  const check = await place.run("check");
  const warned = check.stdout.split("\n").filter((line) => line.startsWith("warning"));
  findings.expect(warned.length === 1 && warned[0]?.includes("is on a tmpfs") === true, `check: ${check.stdout}`);
  await using first = place.start("run");
  await first.each("published", "disk", "memory");
  const { serial } = readPair(place.live("disk"));
  const watched = await watch("disk");
  await vault.seal();
  await first.stop("SIGKILL");
  rmSync(memory, { recursive: true });

  const began = performance.now();
  await using second = place.start("run");
  const recovered = await second.next("recovered");
  const served = (performance.now() - began) / 1000;
  findings.equal([recovered.service, recovered.serial], ["disk", serial], "what came back");
  findings.expect(served < 5, `it took ${served} s`);
  await second.next("rotation_failed", ({ service, reason }) => service === "memory" && reason === "sealed");
  findings.equal(readPair(place.live("disk")).serial, serial, "the pair in the outage");
  await vault.unseal();
  await second.next("published", ({ service }) => service === "memory");
  await watched.end(findings, { leafds: [first, second], budget: 3 });
  return findings.outcome(`disk_s=${served.toFixed(1)} tmpfs=warned`);
}

async function runFullState(scene: Scene): Promise<Outcome> {
  const { place, watch } = await daemonScene(scene);
  const findings = new Findings();
  const state = place.dir.join("state");
  mkdirSync(state, { mode: 0o711 });
  await place.configure({ web: {} }, { control: { directory: place.dir.join("control") } });
  const wrapper = withMounts(["-t", "tmpfs", "-o", "size=256k,mode=0711", "tmpfs", state]);
  await using leafd = place.start("run", [], { wrapper });
  await leafd.next("published");
  const watched = await watch("web");
  const filler = join(seenBy(leafd.pid, state), "filler");
  try {
    for (;;) appendFileSync(filler, Buffer.alloc(4096, 1));
  } catch {
    // It is full.
  }
  await renew(place, leafd, "web");
  const alert = await leafd.next("warning");
  findings.equal(alert.reason, "disk_full", "the alert");
  await leafd.next("published");
  findings.equal(leafd.seen("rotation_failed").length, 0, "failed rotations");
  await watched.end(findings, { leafds: [leafd], budget: 2 });
  return findings.outcome(`rotations=1 alerts=${leafd.seen("warning").length}`);
}

/** Each entry makes of a manifest of this version one of another. */
const VERSIONS: readonly (readonly [what: string, edit: (manifest: Record<string, unknown>) => object])[] = [
  ["of the version before, without what this one has added", (manifest) => ({ ...manifest, access: undefined })],
  ["of a later version", (manifest) => ({ ...manifest, labels: ["a"], quarantine: { until: 1 } })],
];

async function runUpgrade(scene: Scene): Promise<Outcome> {
  const { pki, place, watch } = await daemonScene(scene);
  const findings = new Findings();
  await place.configure({ web: {} });
  await place.run("once");
  const before = readPair(place.live("web"));
  const watched = await watch("web");
  const path = join(place.live("web"), before.generation, "manifest.json");
  const written = readFileSync(path, "utf8");
  const leafds = [];
  for (const [what, edit] of VERSIONS) {
    writeFileSync(path, JSON.stringify(edit(JSON.parse(written))));
    const leafd = scene.resources.use(place.start("run"));
    leafds.push(leafd);
    const found = await leafd.next("recovered");
    findings.equal(found.serial, before.serial, `a manifest ${what}`);
    await leafd.stop();
    findings.equal(leafd.seen("rotation_started").length, 0, `rotations with a manifest ${what}`);
  }
  findings.equal(readPair(place.live("web")).generation, before.generation, "the visible generation");
  const issued = await pki.issued();
  await watched.end(findings, { leafds, budget: 1 });
  return findings.outcome(`certificates=${issued - 1} versions=${VERSIONS.length}`);
}

export const STATE_ROWS: readonly FaultRow[] = [
  {
    id: 53,
    fault: "reboot during an outage (state on disk, outputs on disk or tmpfs)",
    expected: "disk: served at once; tmpfs: warned beforehand",
    run: runReboot,
  },
  {
    id: 54,
    fault: "`stateDir` full while the outputs are fine",
    expected: "rotation goes on, alert",
    run: runFullState,
  },
  { id: 55, fault: "upgrade with a manifest of the previous version", expected: "0 certificates", run: runUpgrade },
];
