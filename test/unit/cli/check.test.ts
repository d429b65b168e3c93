import assert from "node:assert/strict";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { checkGiving, thisUser } from "../../../src/cli/check/giving.ts";
import { minimalConfig } from "../../support/config-file.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { leafd } from "../../support/terminal.ts";
import { TestCa } from "../../support/test-ca.ts";

/** What `check` says of a configuration with these further settings, the file names without the directory. */
async function check(directory: TempDir, settings: string, output = directory.join("web")) {
  await writeFile(directory.join("token"), "t");
  const text = minimalConfig(["/run/token", directory.join("token")], ["/srv/web", output]);
  await writeFile(directory.join("leafd.yaml"), `${text}${settings}\n`);
  const { exitCode, out } = await leafd("check", "-c", directory.join("leafd.yaml"));
  return { exitCode, lines: out.replaceAll(`${directory.path}/`, "").trimEnd().split("\n") };
}

test("check says nothing but ok of a place that is well", async () => {
  await using directory = await tempDir();
  const { exitCode, lines } = await check(directory, `stateDir: ${directory.join("state")}`);
  assert.equal(exitCode, 0);
  assert.deepEqual(lines, [
    "ok      leafd.yaml: 1 service",
    `ok      service web: web will be made in ${directory.path}`,
  ]);
});

test("check looks at the trust anchors", async () => {
  await using directory = await tempDir();
  const root = await TestCa.root({ name: "Root" });
  const below = await root.intermediate({ name: "Issuing" });
  const said = async (pem: string) => {
    await writeFile(directory.join("roots.pem"), pem);
    const settings = `stateDir: ${directory.join("state")}\ntrust: { roots: ${directory.join("roots.pem")} }`;
    const { exitCode, lines } = await check(directory, settings);
    return [exitCode, ...lines.filter((line) => !line.startsWith("ok "))];
  };
  assert.deepEqual(await said(root.certificate.pem), [0]);
  assert.deepEqual(await said(root.certificate.pem + below.certificate.pem), [
    0,
    'warning leafd.yaml:11:10: trust.roots: roots.pem holds "CN=Issuing", which is not self-signed [anchor_not_root]',
    "        OpenSSL peers need partial_chain to trust it; put its root there instead if you can.",
  ]);
  assert.deepEqual(await said("nothing\n"), [
    1,
    "error   leafd.yaml:11:10: trust.roots: roots.pem holds no PEM certificate [anchors_invalid]",
  ]);
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  assert.match(String((await said(broken))[1]), /^error {3}leafd.yaml:11:10: trust.roots: roots.pem: .*does not parse/);
});

test("check looks at the state directory, and then not at what lies below it", async () => {
  await using directory = await tempDir();
  const said = async (state: string) => {
    const { exitCode, lines } = await check(
      directory,
      `stateDir: ${directory.join(state)}`,
      directory.join(state, "live/web"),
    );
    return [exitCode, ...lines.slice(1)];
  };
  assert.deepEqual(await said("state"), [0, `ok      service web: state/live/web will be made in ${directory.path}`]);
  assert.deepEqual(await said("absent/state"), [
    1,
    "error   leafd.yaml:10:1: stateDir: absent does not exist [directory_unwritable]",
    "        Create absent, or correct the path; leafd's user has to write to it.",
  ]);
  await writeFile(directory.join("file"), "");
  assert.deepEqual(await said("file"), [
    1,
    "error   leafd.yaml:10:1: stateDir: file is not a directory [directory_unwritable]",
    "        Remove it, or choose another path.",
  ]);
  await mkdir(directory.join("open"));
  await chmod(directory.join("open"), 0o777);
  assert.deepEqual(await said("open"), [
    1,
    "error   leafd.yaml:10:1: stateDir: everybody may write to open, and so choose whom leafd trusts [state_open]",
    "        Run chmod o-w open.",
  ]);
});

test("check says that leafd would not replace the files of another tool", async () => {
  await using directory = await tempDir();
  await mkdir(directory.join("web"));
  await writeFile(directory.join("web/ca.crt"), "of Vault Agent");
  const { exitCode, lines } = await check(directory, `stateDir: ${directory.join("state")}`);
  assert.equal(exitCode, 1);
  assert.deepEqual(lines.slice(1), [
    "error   leafd.yaml:9:15: services.web.output.directory: web/ca.crt was made by another program [target_unsafe]",
    "        Move it away, or give leafd a directory of its own.",
  ]);
});

test("check says when the sockets would have too long a path", async () => {
  await using directory = await tempDir();
  const far = directory.join("s".repeat(100));
  const { exitCode, lines } = await check(directory, `stateDir: ${far}`);
  assert.equal(exitCode, 1);
  assert.match(
    lines[1] ?? "",
    /^error .*control.*: the socket path .* has \d+ bytes.*at most 107 \[socket_path_long\]$/,
  );
  assert.match(lines[2] ?? "", /Set control\.directory to a shorter path/);
});

test("check says when root looks in place of the user whom the state directory belongs to", async () => {
  assert.equal(process.getuid?.(), 0, "this test gives a directory away: run it as root");
  await using directory = await tempDir();
  const state = directory.join("state");
  await mkdir(state);
  const skipped = async () =>
    (await check(directory, `stateDir: ${state}`)).lines.filter((line) => line.startsWith("skipped"));
  assert.deepEqual(await skipped(), []);
  await chown(state, 65_534, 65_534);
  assert.deepEqual(await skipped(), [
    "skipped this user: what leafd's user may read and write was not looked at, since this is root: state belongs to uid 65534, who cannot use what root makes there [user_skipped]",
  ]);
});

test("check warns of an owner and a group that this user could not give files to", () => {
  const nobody = { uid: 65_534, gids: new Set([65_534, 33]), mayGiveAway: false };
  const said = (uid: number | undefined, gid: number | undefined, giver = nobody) =>
    checkGiving("web", { uid, gid }, giver).map((remark) => [remark.severity, "path" in remark && remark.path?.at(-1)]);
  assert.deepEqual(said(undefined, undefined), []);
  assert.deepEqual(said(65_534, 33), []);
  assert.deepEqual(said(undefined, 34), [["warning", "group"]]);
  assert.deepEqual(said(1, 33), [["warning", "owner"]]);
  assert.deepEqual(said(1, 34, { ...nobody, mayGiveAway: true }), []);
});

test("check without /proc, as in a chroot, takes root for one who may give files away", () => {
  assert.equal(thisUser("/nonexistent/status").mayGiveAway, process.geteuid?.() === 0);
});

test("check warns of a pair that is to outlive an outage, and would not outlive a restart", async () => {
  await using directory = await tempDir();
  const room = await mkdtemp("/dev/shm/leafd-test-");
  try {
    const said = async (lines: string, output: string) =>
      (await check(directory, `${lines}stateDir: ${directory.join("state")}`, output)).lines.slice(1);
    const survive = "    outage: { survive: 8h }\n";
    assert.deepEqual(await said(survive, `${room}/web`), [
      `ok      service web: ${room}/web will be made in ${room}`,
      `warning leafd.yaml:9:15: services.web.output.directory: ${room}/web is on a tmpfs, so a restart of this machine during an outage leaves nothing [output_volatile]`,
      "        Put it on a disk, or say nothing of outages to survive.",
    ]);
    assert.equal((await said("", `${room}/web`)).length, 1);
    assert.equal((await said(survive, directory.join("web"))).length, 1);
  } finally {
    await rm(room, { recursive: true });
  }
});

test("check says who could read a key or a credential, and nothing of what lies behind a closed door", async () => {
  await using directory = await tempDir();
  const web = directory.join("web");
  await mkdir(web);
  await writeFile(directory.join("web/..owner"), ""); // A leafd writes here.
  await writeFile(directory.join("web/tls.key"), "k", { mode: 0o600 });
  const said = async (modes: { readonly key: number; readonly token: number; readonly above: number }) => {
    await writeFile(directory.join("token"), "t");
    await chmod(directory.join("token"), modes.token);
    await chmod(directory.join("web/tls.key"), modes.key);
    await chmod(directory.path, modes.above);
    const { exitCode, lines } = await check(directory, `stateDir: ${directory.join("state")}`);
    return [exitCode, ...lines.filter((line) => /readable/.test(line))];
  };
  assert.deepEqual(await said({ key: 0o600, token: 0o600, above: 0o755 }), [0]);
  assert.deepEqual(await said({ key: 0o604, token: 0o644, above: 0o700 }), [0]);
  assert.deepEqual(await said({ key: 0o640, token: 0o640, above: 0o700 }), [
    1,
    "error   leafd.yaml:9:15: services.web.output.directory: its group can read the private key tls.key: its mode is 0640, and 0600 is meant [key_readable]",
  ]);
  assert.deepEqual(await said({ key: 0o604, token: 0o644, above: 0o755 }), [
    1,
    "error   leafd.yaml:9:15: services.web.output.directory: everybody on this host can read the private key tls.key: its mode is 0604, and 0600 is meant [key_readable]",
    "warning leafd.yaml:3:11: vault.auth.tokenFile.path: everybody on this host can read token: its mode is 0644 [credential_readable]",
  ]);
});

test("check reads the cron expressions of windows", async () => {
  await using directory = await tempDir();
  const windows = `    windows: [{ cron: "0 2 * * *", duration: 1h }, { cron: "0 25 * * *", duration: 1h }]\n`;
  const { exitCode, lines } = await check(directory, `${windows}stateDir: ${directory.join("state")}`);
  assert.equal(exitCode, 1);
  assert.match(
    lines.find((line) => line.startsWith("error")) ?? "",
    /^error {3}leafd.yaml:10:54: services.web.windows\[1\].cron: not a cron expression: /,
  );
});

test("check looks for the commands of every list of steps", async () => {
  await using directory = await tempDir();
  const { exitCode, lines } = await check(
    directory,
    `    preReload: [{ exec: { command: [/no/test] } }]
    escalate: [{ exec: { command: [/no/restart] } }]
    probe: { tls: "a.internal:1" }
    outage: { atExpiry: { exec: { command: [/no/drain] } } }
stateDir: ${directory.join("state")}`,
  );
  assert.equal(exitCode, 1);
  assert.deepEqual(
    lines.filter((line) => line.startsWith("error")),
    [
      "error   leafd.yaml:10:27: services.web.preReload[0].exec.command: /no/test does not exist [file_unreadable]",
      "error   leafd.yaml:11:26: services.web.escalate[0].exec.command: /no/restart does not exist [file_unreadable]",
      "error   leafd.yaml:13:35: services.web.outage.atExpiry.exec.command: /no/drain does not exist [file_unreadable]",
    ],
  );
});

test("check knows the group of the control sockets, or says that it does not", async () => {
  await using directory = await tempDir();
  const settings = `stateDir: ${directory.join("state")}\ncontrol: { group: no-such-group }`;
  const { exitCode, lines } = await check(directory, settings);
  assert.equal(exitCode, 1);
  assert.ok(
    lines.includes(
      'error   leafd.yaml:11:12: control.group: there is no group "no-such-group" on this machine [account_unknown]',
    ),
    lines.join("\n"),
  );
});
