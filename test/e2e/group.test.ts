import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, chown, mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";

/*
 * The layout of README.md: outputs below stateDir, for a group. leafd runs as a user of its own with that group among
 * its further ones; who reads is a user of the group, and of nothing else.
 */

let vault: TestVault;
let pki: TestPki;
before(async () => {
  vault = await startTestVault();
  pki = await setUpPki(vault);
});
after(() => vault.stop());

const isRoot = process.getuid?.() === 0;
const LEAFD = 65_534;
/** Where the tests run as another user than root, everybody is that one. */
const GROUP = isRoot ? 54_321 : (process.getgid?.() ?? 0);
const asLeafd = isRoot ? ["setpriv", `--reuid=${LEAFD}`, `--regid=${LEAFD}`, `--groups=${GROUP}`] : [];
const member = isRoot ? { uid: 54_322, gid: GROUP } : {};
const stranger = { uid: 54_322, gid: 54_322 };

/** A place that leafd's user owns. */
async function ownPlace(): Promise<LeafdPlace> {
  const place = await leafdPlace({ vault, pki });
  await chmod(place.dir.path, 0o755);
  if (isRoot) for (const path of [place.dir.path, place.dir.join("secret-id")]) await chown(path, LEAFD, LEAFD);
  return place;
}

const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

/** What `cat` says of the file to this user. */
function readAs(user: { readonly uid?: number; readonly gid?: number }, file: string) {
  const { status, stdout, stderr } = spawnSync("cat", [file], { ...user, encoding: "utf8", env: { LC_ALL: "C" } });
  return status === 0 ? stdout : stderr;
}

test("a group reads its key below the state directory and asks for the status; nobody else does", async () => {
  await using place = await ownPlace();
  const state = place.dir.join("state");
  const directory = join(state, "live/team/payments");
  await place.configure(
    { payments: { output: { directory, group: GROUP } } },
    { control: { group: GROUP }, trust: { newRoot: "accept" } },
  );
  const check = await place.run("check", [], { wrapper: asLeafd });
  assert.match(
    check.stdout,
    new RegExp(`^ok {6}service payments: ${directory} will be made in ${place.dir.path}$`, "m"),
  );
  await using leafd = place.start("run", [], { wrapper: ["sh", "-c", 'umask 077; exec "$@"', "sh", ...asLeafd] });
  await leafd.each("published", "payments");

  const key = await readFile(join(directory, "tls.key"), "utf8");
  assert.equal(readAs(member, join(directory, "tls.key")), key);
  assert.equal(await modeOf(join(directory, "tls.key")), "640");
  const status = await place.run("status", [], member);
  assert.deepEqual([status.code, status.stderr], [0, ""]);
  assert.match(status.stdout, /^payments +ok /m);

  const modes = await Promise.all(
    ["", "live", "live/team", "control", "ledger", "trust"].map((name) => modeOf(join(state, name))),
  );
  assert.deepEqual(modes, ["711", "755", "755", "755", "700", "700"]);
  const files = (await readdir(state, { withFileTypes: true })).filter((entry) => entry.isFile());
  for (const { name } of files) assert.equal(await modeOf(join(state, name)), "600", name);
  if (!isRoot) return; // Only root can be somebody else.
  for (const file of ["tls.key", "tls.crt"])
    assert.match(readAs(stranger, join(directory, file)), /Permission denied/, file);
  assert.match(readAs(member, join(state, "lock.pid")), /Permission denied/);
  const denied = await place.run("status", [], stranger);
  assert.match(denied.stderr, /EACCES|permission|may not/);
  const renewal = await place.run("renew", ["payments"], member);
  assert.notEqual(renewal.code, 0);
});

test("a parent below the state directory that went away is made again, one elsewhere is not", async () => {
  await using place = await ownPlace();
  const live = place.dir.join("state/live");
  await place.configure({
    inside: { output: { directory: join(live, "inside") } },
    outside: { output: { directory: place.dir.join("mount/outside") } },
  });
  await mkdir(place.dir.join("mount"));
  await using leafd = place.start("run");
  await leafd.each("published", "inside", "outside");
  for (const path of [live, place.dir.join("mount")]) await rm(path, { recursive: true });
  await place.run("renew", ["--all"]);
  await leafd.next("published", ({ service }) => service === "inside");
  const [failure] = leafd.seen("rotation_failed");
  const { service, reason, stage } = failure ?? (await leafd.next("rotation_failed"));
  assert.deepEqual([service, reason, stage], ["outside", "target_missing", "preflight"]);
});

test("check says which directory a group cannot pass", async () => {
  await using place = await ownPlace();
  const state = place.dir.join("state");
  await mkdir(state, { mode: 0o700 });
  if (isRoot) await chown(state, LEAFD, LEAFD);
  const group = isRoot ? GROUP : 54_321;
  await place.configure(
    { payments: { output: { directory: join(state, "live/payments"), group } } },
    { control: { group } },
  );
  const { code, stdout } = await place.run("check", [], { wrapper: asLeafd });
  assert.equal(code, 0);
  const warnings = stdout.split("\n").filter((line) => /^warning|chmod/.test(line));
  assert.deepEqual(
    warnings.map((line) => line.replace(/.*?: [a-z.]+: /, "")),
    [
      `the group ${group} cannot pass ${state}, so it cannot read the status [group_shut_out]`,
      `        Run chmod o+x ${state}.`,
      `the group ${group} cannot pass ${state}, so it cannot read what is published below [group_shut_out]`,
      `        Run chmod o+x ${state}.`,
    ],
  );
});
