import { mkdirSync, writeFileSync } from "node:fs";
import { chmod, chown, mkdir, readdir } from "node:fs/promises";
import { commitWith } from "../../support/failing-commit.ts";
import type { LeafdPlace } from "../../support/leafd-place.ts";
import type { LeafdOptions } from "../../support/leafd-process.ts";
import { withMounts } from "../../support/mount-room.ts";
import { readPair } from "../../support/published-pair.ts";
import { refusal } from "../../support/refusal.ts";
import { straced } from "../../support/strace.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import { renew } from "../renew.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

/** Calls of a commit that can fail, as many times as a process of the store makes them (Node's own writes among them). */
const CALLS = [
  ["fsync", 7],
  ["write", 14],
  ["rename", 2],
] as const;
/** Of these, the store's own. */
const OWN_CALLS = 14;
/** The syncs of one commit; one pool thread does them all. */
const SYNCS = 7;

async function runIoErrors(scene: Scene): Promise<Outcome> {
  const findings = new Findings();
  let points = 0;
  for (const [syscall, most] of CALLS)
    for (let count = 1; count <= most; count++) {
      const { said, found, visible, retried } = await commitWith(syscall, "EIO", count);
      if (said?.ok !== false) continue;
      points += 1;
      const isAfterSwap = syscall === "fsync" && count === SYNCS;
      const expected = ["io_error", "pair", isAfterSwap ? "new" : "old", "retry"];
      findings.equal([said.reason, found, visible, retried], expected, `EIO on ${syscall} ${count}`);
    }
  findings.equal(points, OWN_CALLS, "calls that failed");
  const recovered = await failingSync(scene, findings);
  return findings.outcome(`points=${points} violations=${findings.count} recovery_s=${recovered.toFixed(1)}`);
}

/** The whole daemon, whose second commit cannot be synced: the certificate is kept and written once more, all of it. */
async function failingSync(scene: Scene, findings: Findings): Promise<number> {
  const { place, watch } = await daemonScene(scene);
  const watched = await watch("web");
  await place.configure({ web: {} });
  const wrapper = straced("fsync", `error=EIO:when=${SYNCS + 1}`);
  await using leafd = place.start("run", [], { wrapper, env: { UV_THREADPOOL_SIZE: "1" } });
  const { generation } = await leafd.next("published");
  await renew(place, leafd, "web");
  const failed = await leafd.next("rotation_failed");
  findings.equal([failed["stage"], failed.reason], ["store", "io_error"], "the failed sync");
  findings.equal(readPair(place.live("web")).generation, generation, "the pair meanwhile");
  const names = await readdir(place.live("web"));
  findings.equal(
    names.filter((name) => /^\.\.(?:gen|tmp)-/.test(name)),
    [generation],
    "what the failure left",
  );
  const published = await leafd.next("published");
  await watched.end(findings, { leafds: [leafd], budget: 2 });
  return (Date.parse(published.time) - Date.parse(failed.time)) / 1000;
}

/** Where a certificate could not be stored, none is asked for. */
async function runDeniedTargets(scene: Scene): Promise<Outcome> {
  const { front, pki, place } = await daemonScene(scene);
  const findings = new Findings();
  const own = place.dir.join("own");
  await mkdir(own);
  const nobody = await asNobody(place, own);
  await mkdir(place.live("ro"));
  await mkdir(place.live("shut"), { mode: 0o555 });
  const cases: readonly (readonly [service: string, reason: string, options: LeafdOptions, output?: object])[] = [
    ["ro", "target_denied", { wrapper: withMounts(["-t", "tmpfs", "-o", "ro", "tmpfs", place.live("ro")]) }],
    ["shut", "target_denied", nobody],
    ["orphan", "target_missing", {}, { directory: place.dir.join("no", "such", "live") }],
  ];
  for (const [service, reason, options, output] of cases) {
    const settings = { stateDir: `${own}/state-${service}` };
    await place.configure({ [service]: output === undefined ? {} : { output } }, settings);
    const { code, says } = await refusal(place, { ...options, known: { [front.address]: "VAULT" } });
    findings.equal(code, 1, `${service}: exit code`);
    findings.expect(says.startsWith(`${service}: FAILED, no certificate: ${reason}: `), `${service}: ${says}`);
  }
  const issued = await pki.issued();
  findings.equal(issued, 0, "certificates");
  return findings.outcome(`issuance=${issued} refusals=${cases.length}`);
}

/** Root may write everywhere; leafd then runs as nobody, which owns this directory and the credentials. */
async function asNobody(place: LeafdPlace, own: string): Promise<LeafdOptions> {
  await chmod(place.dir.path, 0o755);
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = [65534, 65534];
  for (const path of [own, place.dir.join("secret-id")]) await chown(path, uid, gid);
  return { uid, gid };
}

async function runMountedFile(scene: Scene): Promise<Outcome> {
  const { pki, place } = await daemonScene(scene);
  const findings = new Findings();
  const file = `${place.live("web")}/tls.crt`;
  mkdirSync(place.live("web"));
  writeFileSync(file, "");
  writeFileSync(place.dir.join("single"), "mounted");
  const wrapper = withMounts(["--bind", place.dir.join("single"), file]);
  await place.configure({ web: {} });
  const once = await refusal(place, { wrapper });
  findings.equal(once.code, 1, "exit code of once");
  findings.expect(/target_unsafe: .*tls\.crt is mounted by itself/.test(once.says), once.says);
  findings.expect(once.hint?.includes("Mount the directory") === true, `hint: ${once.hint}`);
  await using leafd = place.start("run", [], { wrapper });
  const failed = await leafd.next("rotation_failed");
  findings.equal([failed["stage"], failed.reason], ["preflight", "target_unsafe"], "run");
  findings.equal(await pki.issued(), 0, "certificates");
  return findings.outcome(`exit_code=${once.code} issuance=0`);
}

export const DISK_ROWS: readonly FaultRow[] = [
  { id: 20, fault: "EIO on write or fsync", expected: "fresh temp, never trusted", run: runIoErrors },
  {
    id: 21,
    fault: "EROFS, EACCES, missing parent on the target",
    expected: "found before asking Vault",
    run: runDeniedTargets,
  },
  {
    id: 22,
    fault: "bind-mounted single file (EBUSY, EXDEV)",
    expected: "clear refusal at start",
    run: runMountedFile,
  },
];
