import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import test, { after, before } from "node:test";
import { parseText } from "../../support/config-file.ts";
import { opensslCsr } from "../../support/openssl-csr.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { TestCa } from "../../support/test-ca.ts";
import { changesIn, vaultSide } from "../../support/vault-bootstrap.ts";
import { startOpenBao, type TestVault } from "../../support/vault-server.ts";

let vault: TestVault;
let place: TempDir;

before(async () => {
  place = await tempDir();
  vault = await startOpenBao({ auditFile: place.join("audit.log") });
});
after(async () => {
  await vault.stop();
  await place[Symbol.asyncDispose]();
});

/** What the server was asked to change so far, as its audit log has it. */
async function writes(): Promise<string[]> {
  const lines = (await readFile(place.join("audit.log"), "utf8")).trim().split("\n");
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ type, request }) => type === "request" && !["read", "list"].includes(request.operation))
    .map(({ request }) => `${request.operation} ${request.path}`);
}

const withPki = (lines: string) => `
[pki]
${lines}
[service web]
names = web.internal
[leafd host]
services = web
`;

/** A certificate of the role `web`. */
async function sign(mount: string): Promise<X509Certificate> {
  const csr = await opensslCsr({ commonName: "web.internal", names: "DNS:web.internal" });
  const { data } = await vault.root("POST", `${mount}/sign/web`, { csr, common_name: "web.internal" });
  return new X509Certificate(data.certificate);
}

test("a dry run writes nothing, the first run all of it, the second nothing, and one after a drift just that", async () => {
  await using side = await vaultSide(vault);
  await side.settings(await readFile(new URL("../../../deploy/vault/example.conf", import.meta.url), "utf8"));
  const untouched = await writes();

  const dry = await side.bootstrap("--dry-run");
  assert.equal(dry.code, 0, dry.stderr);
  assert.deepEqual(await writes(), untouched);
  assert.match(dry.stdout, /^changes to make: \d+ \(dry run: nothing was written\)$/m);

  const first = await side.bootstrap();
  assert.equal(first.code, 0, first.stderr);
  const written = await writes();
  for (const path of ["pki/roles/payments", "pki/roles/payments-reserve", "auth/approle/role/web-1", "pki/config/crl"])
    assert.ok(written.includes(`update ${path}`) || written.includes(`create ${path}`), path);

  const second = await side.bootstrap();
  assert.deepEqual([second.code, changesIn(second)], [0, []], second.stderr);
  assert.match(second.stdout, /^changes: 0$/m);
  assert.deepEqual(await writes(), written);

  const { data: role } = await vault.root("GET", "pki/roles/payments");
  await vault.root("POST", "pki/roles/payments", { ...role, allow_subdomains: true, ttl: "2h" });
  const third = await side.bootstrap();
  assert.deepEqual(changesIn(third), [
    "changed   pki/roles/payments: allow_subdomains: true -> false; ttl: 7200 -> 86400",
  ]);
});

test("the key of an intermediate below an offline root never leaves the mount, and a new one takes over when it is signed", async () => {
  await using side = await vaultSide(vault);
  await vault.root("POST", "sys/mounts/safe", { type: "pki", config: { max_lease_ttl: "87600h" } });
  const { data: root } = await vault.root("POST", "safe/root/generate/internal", {
    common_name: "Offline Root",
    ttl: "87600h",
  });
  const signed = async (name: string) => {
    const csr = await readFile(side.dir.join(`${name}.csr`), "utf8");
    const order = { csr, use_csr_values: true, ttl: "43800h" };
    const { data } = await vault.root("POST", "safe/root/sign-intermediate", order);
    await writeFile(side.dir.join(`${name}.pem`), `${data.certificate}\n${root.certificate}\n`);
  };
  const describe = (name: string, more = "") =>
    side.settings(withPki(`mount = off/line\nissuer = ${name}\ncommon_name = CA ${name}\n${more}`));

  await describe("one");
  const waits = await side.bootstrap();
  assert.equal(waits.code, 3, waits.stderr);
  assert.match(waits.stdout, /^next: have your root sign one\.csr as a CA, set certificate in \[pki\]/m);
  const request = await readFile(side.dir.join("one.csr"), "utf8");
  const again = await side.bootstrap();
  assert.deepEqual([again.code, changesIn(again)], [3, []]);
  assert.equal(await readFile(side.dir.join("one.csr"), "utf8"), request);

  await writeFile(side.dir.join("one.pem"), root.certificate);
  await describe("one", "certificate = one.pem");
  const wrong = await side.bootstrap();
  assert.equal(wrong.code, 1);
  assert.doesNotMatch(wrong.stdout, /^created .*issuer/m);
  assert.match(wrong.stderr, /one\.pem does not hold one certificate of the key one in off\/line: nothing was kept/);
  assert.equal((await vault.request("LIST", "off/line/issuers")).status, 404);

  await signed("one");
  assert.equal((await side.bootstrap()).code, 0);
  assert.equal((await sign("off/line")).issuer, "CN=CA one");
  assert.deepEqual(changesIn(await side.bootstrap()), []);

  await describe("two", "certificate = two.pem");
  const unsigned = await side.bootstrap();
  assert.equal(unsigned.code, 3);
  assert.match(unsigned.stdout, /^next: .* put the result into two\.pem, which cannot be read yet /m);
  assert.equal((await sign("off/line")).issuer, "CN=CA one", "as long as the new one waits");
  await signed("two");
  assert.equal((await side.bootstrap()).code, 0);
  assert.equal((await sign("off/line")).issuer, "CN=CA two");
  assert.deepEqual(changesIn(await side.bootstrap()), []);
});

test("an intermediate from elsewhere comes in with its key, and says in its leaves where its CRL is", async () => {
  await using side = await vaultSide(vault);
  const root = await TestCa.root({ name: "Elsewhere" });
  const { certificate, privateKey } = await root.intermediate({ name: "Brought" });
  const bundle = [certificate.pem, privateKey.reveal(), root.certificate.pem].join("\n");
  await writeFile(side.dir.join("bundle.pem"), bundle);
  const settings = "mount = brought\nroot = imported\ncertificate = bundle.pem\nurl = https://v.example:8200";
  await side.settings(withPki(settings));
  const first = await side.bootstrap();
  assert.equal(first.code, 0, first.stderr);
  assert.ok(!first.stdout.includes("PRIVATE KEY"));
  const leaf = await sign("brought");
  assert.equal(leaf.issuer, "CN=Brought");
  const { data } = await vault.root("GET", "brought/issuer/issuing");
  const published = `https://v.example:8200/v1/brought/issuer/${String(data["issuer_id"])}`;
  assert.equal(leaf.infoAccess?.includes(`CA Issuers - URI:${published}/der`), true, leaf.infoAccess);
  assert.ok(leaf.raw.includes(`${published}/crl/der`));
  assert.deepEqual(changesIn(await side.bootstrap()), []);
});

test("the configuration that is printed has names and no numbers, whatever they look like", async () => {
  await using side = await vaultSide(vault);
  const service = "[service 1e3]\nnames = 1.5\nuris = spiffe://x/no\nreserve_ttl = 72h";
  await side.settings(`[pki]\nmount = 0x1\n${service}\n[leafd 007]\nservices = 1e3`);
  const { stdout } = await side.leafdConfig("--wrapped", "007");
  const [{ name, request, issuers, output } = assert.fail(stdout)] = parseText(stdout).settings.services;
  assert.deepEqual([name, request.names.commonName, output.directory], ["1e3", "1.5", "/var/lib/leafd/live/1e3"]);
  assert.deepEqual([issuers[0].mount, issuers[0].role], ["0x1", "1e3"]);
});

test("a server that cannot be asked is said with what to do, in two lines", async () => {
  await using side = await vaultSide(vault);
  await side.settings(withPki("root = trial"));
  const said = async (env: Readonly<Record<string, string>>) => (await side.bootstrapWith(env)).stderr;
  assert.match(
    await said({ VAULT_TOKEN: "wrong" }),
    /^bootstrap\.sh: cannot read sys\/mounts\/pki: Code: 403\. .*permission denied\n {2}VAULT_TOKEN, .* administrator\n$/,
  );
  assert.match(
    await said({ VAULT_ADDR: "http://127.0.0.1:1" }),
    /connection refused\n {2}look at VAULT_ADDR \(http:\/\/127\.0\.0\.1:1\), and whether the server runs\n$/,
  );
  const otherScheme = vault.address.replace(/^http:/, "https:");
  assert.match(await said({ VAULT_ADDR: otherScheme }), /\n {2}the server speaks no TLS: write VAULT_ADDR with http:/);
});

test("settings that cannot be are refused with their place before any server is asked", async () => {
  await using side = await vaultSide(vault);
  const untouched = await writes();
  await side.settings(
    withPki("mnt = pki\nroot = $(reboot)")
      .replace("web.internal", "*.internal\nttl = 90m\nmax_ttl = 1h")
      .replace("services = web", "services = nobody"),
  );
  const { code, stdout, stderr } = await side.bootstrap();
  assert.deepEqual([code, stdout], [2, ""]);
  assert.deepEqual(stderr.replaceAll(`${side.dir.path}/`, "").trim().split("\n"), [
    "vault.conf:3: [pki] has no setting mnt",
    'vault.conf:4: root cannot be "$(reboot)": it wants one of offline, imported, trial',
    'vault.conf:6: names cannot be "*.internal": it wants host names in lower case, each in full and without *',
    "vault.conf: [service web] has ttl = 90m, and max_ttl of [service web] is 1h",
    "vault.conf: [leafd host] names the service nobody, which has no section",
  ]);
  assert.deepEqual(await writes(), untouched);
});
