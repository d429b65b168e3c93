import assert from "node:assert/strict";
import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { after, before, suite, test } from "node:test";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import type { LeafdOptions } from "../support/leafd-process.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { type Refusal, refusal } from "../support/refusal.ts";
import { createTlsFiles } from "../support/tls-files.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";

/* What Vault, the disk and other leafds refuse, as an operator meets it: the exact words and the exit code. */

let vault: TestVault;
let pki: TestPki;
before(async () => {
  vault = await startTestVault();
  pki = await setUpPki(vault, { policy: 'path "pki/sign/*" { capabilities = ["update"] }' });
});
after(() => vault.stop());

const known = () => ({ [vault.address]: "VAULT" });

/** `once` with one service, to its first failure. */
async function refused(place: LeafdPlace, service: object = {}, settings: object = {}): Promise<Refusal> {
  await place.configure({ web: { ...service } }, { ...settings });
  return refusal(place, { known: known() });
}

function says(actual: Refusal, message: string, hint: string): void {
  assert.deepEqual(actual, { code: 1, says: `web: FAILED, no certificate: ${message}`, hint });
}

const signedBy = (issuer: object) => ({ issuers: { main: { vault: issuer } } });
const loggedInBy = (auth: object) => ({ vault: { address: vault.address, auth } });

suite("refused by Vault", () => {
  test("a role that does not exist", async () => {
    await using place = await leafdPlace({ vault, pki });
    says(
      await refused(place, {}, signedBy({ mount: "pki", role: "nope" })),
      "role_missing: write pki/sign/nope at VAULT: HTTP 400: unknown role: nope",
      "check the issuer's `role`, or create it",
    );
  });

  test("a name that the role does not allow", async () => {
    await using place = await leafdPlace({ vault, pki });
    says(
      await refused(place, { identity: { commonName: "web.svc", dns: ["evil.org"] } }),
      "name_denied: write pki/sign/svc at VAULT: HTTP 400: subject alternate name evil.org not allowed by this role",
      "ask only for names that the role allows, or change the role",
    );
  });

  test("a mount that does not exist", async () => {
    await using place = await leafdPlace({ vault, pki });
    says(
      await refused(place, {}, signedBy({ mount: "other", role: "svc" })),
      "mount_missing: read other/CA at VAULT: HTTP 403: permission denied",
      "check the issuer's `mount`: no PKI is mounted there",
    );
  });

  test("a mount that the policy does not allow", async () => {
    await setUpPki(vault, { mount: "theirs" });
    await using place = await leafdPlace({ vault, pki });
    says(
      await refused(place, {}, signedBy({ mount: "theirs", role: "svc" })),
      "permission_denied: write theirs/sign/svc at VAULT: HTTP 403: 1 error occurred: * permission denied",
      'give the token a policy with: path "theirs/sign/svc" { capabilities = ["update"] } (deploy/vault/policies/sign.hcl); or correct the mount',
    );
  });

  test("a token that has ended", async () => {
    await using place = await leafdPlace({ vault, pki });
    const token = await pki.login();
    await vault.request("POST", "auth/token/revoke-self", undefined, { token });
    await writeFile(place.dir.join("token"), token, { mode: 0o600 });
    says(
      await refused(place, {}, loggedInBy({ tokenFile: place.dir.join("token") })),
      "token_invalid: read auth/token/lookup-self at VAULT: HTTP 403: permission denied",
      "give leafd a new token: this one is revoked or has ended (or its policies do not let it look itself up)",
    );
  });

  test("a secret-id that is not one", async () => {
    await using place = await leafdPlace({ vault, pki });
    await writeFile(place.dir.join("secret-id"), "not one", { mode: 0o600 });
    says(
      await refused(place),
      "login_denied: write auth/approle/login at VAULT: HTTP 400: invalid role or secret ID",
      "check the role-id, and that the secret-id has not ended or been used up; deliver a new one",
    );
  });

  test("a server that another CA vouches for", async () => {
    await using secure = await startTestVault({ tls: true });
    await using place = await leafdPlace({ vault: secure, pki });
    const { caFile } = await createTlsFiles(place.dir.path);
    const auth = { tokenFile: place.dir.join("secret-id") };
    await place.configure({ web: {} }, { vault: { address: secure.address, tls: { caFile }, auth } });
    says(
      await refusal(place, { known: { [secure.address]: "VAULT" } }),
      "tls: VAULT: unable to verify the first certificate",
      "check `tls.caFile` and `tls.serverName` of the cluster, and the end of Vault's own certificate",
    );
  });

  test("an offline root that nobody has named", async () => {
    const offline = await setUpPki(vault, { mount: "offline", offlineRoot: true });
    await using place = await leafdPlace({ vault, pki: offline });
    says(
      await refused(place),
      'no_trust: issuer "main": the PKI mount holds no self-signed root, only intermediates, and trust.roots is not set',
      "Put the offline root into a PEM file and name it in trust.roots, or import the root certificate into the mount.",
    );
    await writeFile(place.dir.join("roots.pem"), offline.root);
    await place.configure({ web: {} }, { trust: { roots: place.dir.join("roots.pem") } });
    assert.equal((await place.run("once")).code, 0, "the hint is right");
  });

  test("a sealed Vault", async () => {
    await using place = await leafdPlace({ vault, pki });
    await vault.seal();
    try {
      says(await refused(place), "sealed: read pki/CA at VAULT: HTTP 503: Vault is sealed", "unseal Vault");
    } finally {
      await vault.unseal();
    }
  });
});

suite("refused by the disk", () => {
  /** Root may do everything: then leafd runs as nobody. */
  const unprivileged: LeafdOptions = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

  /** A place that an unprivileged leafd can work in: all of it but its top is the leafd's own. */
  async function placeOfNobody(): Promise<LeafdPlace & { readonly own: string }> {
    const place = await leafdPlace({ vault, pki });
    const own = place.dir.join("own");
    await mkdir(own);
    const { uid, gid } = unprivileged;
    if (uid !== undefined && gid !== undefined)
      for (const path of [own, place.dir.join("secret-id")]) await chown(path, uid, gid);
    await chmod(place.dir.path, 0o755);
    return { ...place, own };
  }

  test("a directory that cannot be written", async () => {
    await using place = await placeOfNobody();
    await mkdir(place.live("web"), { mode: 0o555 });
    await place.configure({ web: {} }, { stateDir: `${place.own}/state` });
    says(
      await refusal(place, { ...unprivileged, known: known() }),
      "target_denied: cannot prepare DIR/live-web: permission denied (EACCES on open)",
      "Let leafd's user write there: check the owner and mode of the directory and of its parents.",
    );
    const check = await place.run("check", [], unprivileged);
    assert.equal(check.code, 1);
    assert.equal(
      check.stdout.replaceAll(place.dir.path, "DIR"),
      `ok      DIR/leafd.yaml: 1 service
error   DIR/leafd.yaml:32:9: services.web.output.directory: DIR/live-web cannot be written by this user [directory_unwritable]
        Let leafd's user write to it; this was looked at as uid ${unprivileged.uid ?? process.getuid?.()}.
`,
    );
  });

  test("a group that leafd may not give files to", async () => {
    await using place = await placeOfNobody();
    const output = { directory: `${place.own}/live`, group: "0" };
    await place.configure({ web: { output } }, { stateDir: `${place.own}/state` });
    const { uid = process.getuid?.() } = unprivileged;
    says(
      await refusal(place, { ...unprivileged, known: known() }),
      `group_denied: this user may not give files to uid ${uid}, gid 0`,
      "Make leafd's user a member of that group, or give leafd CAP_CHOWN; another owner always needs CAP_CHOWN.",
    );
    const check = await place.run("check", [], unprivileged);
    assert.equal(check.code, 0); // The unit may give it rights that a shell has not.
    assert.match(check.stdout, /^warning .*output\.group: this user is no member of that group.* \[group_denied\]$/m);
  });
});

test("root in the place of leafd's user gets its certificate, and is told what comes of it", async () => {
  assert.equal(process.getuid?.(), 0, "this test gives a directory away: run it as root");
  await using place = await leafdPlace({ vault, pki });
  await place.configure({ web: {} });
  const state = place.dir.join("state");
  await mkdir(state);
  await chown(state, 65534, 65534);
  const { code, log } = await place.run("once");
  assert.equal(code, 0);
  const { msg, hint } = log.find(({ event }) => event === "warning") ?? {};
  assert.match(String(msg), /state belongs to uid 65534, who cannot use what root makes there/);
  assert.match(String(hint), /^Run leafd as that user/);
});

suite("refused because of another leafd", () => {
  test("on the same state directory", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    await using first = place.start("run");
    await first.next("published");
    for (const command of ["run", "once"]) {
      const { code, stdout, stderr, log } = await place.run(command);
      assert.deepEqual([code, stdout, log], [75, "", []]);
      assert.equal(
        stderr.replaceAll(place.dir.path, "DIR"),
        `leafd ${command}: another leafd (pid ${first.pid}) holds DIR/state\n` +
          "  Stop that one, or give this one a stateDir and output directories of its own.",
      );
    }
  });

  test("unless an init that is started again is content with what that one keeps", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    await using first = place.start("run");
    await first.next("published");
    const { code, stdout } = await place.run("once", ["--accept-running"]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^web: valid for .*, kept by the running leafd \\(pid ${first.pid}\\)\n$`));
    await place.configure({ web: {}, later: {} });
    first.signal("SIGHUP");
    await first.next("published", ({ service }) => service === "later");
    assert.match((await place.run("once", ["--accept-running"])).stdout, /^later: valid/m);
  });

  test("on the same output directory", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    await using first = place.start("run");
    await first.next("published");
    await place.configure({ web: {} }, { stateDir: place.dir.join("other-state") });
    const actual = await refusal(place, { known: { ...known(), [hostname()]: "HOST" } });
    says(
      actual,
      `target_foreign: DIR/live-web is written by another leafd (pid ${first.pid} on HOST, "web")`,
      "Stop that one or use another directory; if it is gone for good, start once with --takeover.",
    );
    const check = await place.run("check");
    assert.equal(check.code, 1);
    assert.match(
      check.stdout,
      /^error .*\.output\.directory: .* is written by another leafd \(pid .*\[target_foreign\]$/m,
    );
    await place.configure({ web: {} });
    assert.equal((await place.run("check")).code, 0, "it is that one's own");
    assert.deepEqual(first.seen("rotation_failed"), []);
  });
});
