import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import test, { describe } from "node:test";
import { promisify } from "node:util";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { inspect } from "../../support/inspect.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { leafd } from "../../support/terminal.ts";
import { TestCa } from "../../support/test-ca.ts";

const run = promisify(execFile);
const root = await TestCa.root({ name: "Test Root" });
const issuing = await root.intermediate({ name: "Test Issuing" });
const good = await issuing.leaf({ dns: ["payments.svc"], uris: ["spiffe://corp/payments"] });

/** A directory as leafd and Kubernetes write one. */
async function pairIn(dir: TempDir, { leaf = good, chain = [issuing.certificate.pem] } = {}): Promise<void> {
  await writeFile(dir.join("tls.crt"), [leaf.certificate.pem, ...chain].join(""));
  await writeFile(dir.join("tls.key"), leaf.privateKey.reveal(), { mode: 0o600 });
  await writeFile(dir.join("ca.crt"), root.certificate.pem);
}

describe("it agrees with openssl", async () => {
  const brief = await root.intermediate({ name: "Brief", notBefore: Date.now() - HOUR, notAfter: Date.now() - MINUTE });
  const stranger = await (await TestCa.root({ name: "Stranger" })).intermediate({ name: "Unknown" });
  const tooDeep = await (await root.intermediate({ name: "Upper", pathLength: 0 })).intermediate({ name: "Deep" });
  const over = { notBefore: Date.now() - HOUR, notAfter: Date.now() - MINUTE };
  const samples = [
    ["a good chain", await issuing.leaf({ dns: ["a.example"] }), [issuing]],
    ["RSA below P-256", await issuing.leaf({ dns: ["a.example"], key: "rsa-2048" }), [issuing]],
    ["a missing intermediate", await issuing.leaf({ dns: ["a.example"] }), []],
    ["an ended leaf", await issuing.leaf({ dns: ["a.example"], ...over }), [issuing]],
    [
      "a leaf of tomorrow",
      await issuing.leaf({ notBefore: Date.now() + HOUR, notAfter: Date.now() + 2 * HOUR }),
      [issuing],
    ],
    ["an ended CA", await brief.leaf({ dns: ["a.example"] }), [brief]],
    ["an unknown authority", await stranger.leaf({ dns: ["a.example"] }), [stranger]],
    ["too many CAs", await tooDeep.leaf({ dns: ["a.example"] }), [tooDeep]],
    ["a signature with SHA-1", await issuing.leaf({ dns: ["a.example"], digest: "SHA-1" }), [issuing]],
    ["straight below the root", await root.leaf({ dns: ["a.example"] }), []],
  ] as const;
  for (const [title, leaf, chain] of samples)
    test(title, async () => {
      await using dir = await tempDir();
      const files = { leaf: dir.join("leaf.pem"), chain: dir.join("chain.pem"), ca: dir.join("root.pem") };
      const pems = chain.map((ca) => ca.certificate.pem).join("");
      await writeFile(files.leaf, leaf.certificate.pem + pems);
      await writeFile(files.chain, leaf.certificate.pem + pems);
      await writeFile(files.ca, root.certificate.pem);
      const verify = ["verify", "-auth_level", "1", "-CAfile", files.ca, "-untrusted", files.chain, files.leaf];
      const accepted = await run("openssl", verify).then(
        () => true,
        () => false,
      );
      const { exitCode, answer, said } = await inspect(files.leaf, "--ca", files.ca);
      assert.equal(exitCode === 0, accepted, String(said));
      const [shown] = answer.inspected[0]?.chains[0]?.certificates ?? [];
      const { stdout } = await run("openssl", [
        "x509",
        "-in",
        files.leaf,
        "-noout",
        "-serial",
        "-startdate",
        "-enddate",
      ]);
      const [, serial, begin, end] = /^serial=(\S+)\nnotBefore=(.+)\nnotAfter=(.+)$/m.exec(stdout) ?? [];
      assert.equal(shown?.["serial"], serial?.toLowerCase());
      assert.equal(Date.parse(String(shown?.["notBefore"])), Date.parse(begin ?? ""));
      assert.equal(Date.parse(String(shown?.["notAfter"])), Date.parse(end ?? ""));
    });
});

test("a directory of PEM files is judged as one: its key, its anchors, its chain", async () => {
  await using dir = await tempDir();
  await pairIn(dir);
  const { exitCode, answer, said } = await inspect(dir.path, "--name", "spiffe://corp/payments");
  assert.deepEqual([exitCode, said], [0, []]);
  const [chain] = answer.inspected[0]?.chains ?? [];
  assert.deepEqual([chain?.where, chain?.trust, chain?.anchor], ["tls.crt", "ca.crt", "CN=Test Root"]);
  assert.deepEqual(chain?.key, { file: "tls.key", mode: "0600", algorithm: "ec-p256", matches: true });
});

test("a key that every user may read, a key of another certificate, a chain in a file beside", async () => {
  await using dir = await tempDir();
  await pairIn(dir, { chain: [] });
  await chmod(dir.join("tls.key"), 0o644);
  await writeFile(dir.join("chain.pem"), issuing.certificate.pem);
  assert.deepEqual((await inspect(dir.path)).said, ["error key_exposed", "warning chain_broken"]);
  await writeFile(dir.join("tls.key"), (await issuing.leaf()).privateKey.reveal());
  await chmod(dir.join("tls.key"), 0o600);
  assert.deepEqual((await inspect(dir.path)).said, ["error key_mismatch", "warning chain_broken"]);
});

test("no byte of a private key reaches the answer", async () => {
  await using dir = await tempDir();
  await pairIn(dir);
  const key = good.privateKey.reveal();
  await writeFile(dir.join("broken.key"), key.replace(/.{10}\n-----END/, "!!!\n-----END"));
  await writeFile(dir.join("bundle.pem"), key + good.certificate.pem);
  const lines = key.split("\n").filter((line) => !line.startsWith("-----") && line !== "");
  for (const target of [dir.path, ...["tls.key", "broken.key", "bundle.pem"].map((name) => dir.join(name))])
    for (const format of [[], ["--json"]]) {
      const { out, err } = await leafd("inspect", target, ...format);
      assert.ok(
        lines.every((line) => !`${out}${err}`.includes(line.slice(0, 20))),
        target,
      );
    }
});

test("hostile files are refused, at once and with their reason", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("large.pem"), Buffer.alloc(10 * 1024 * 1024, good.certificate.pem));
  await writeFile(dir.join("cut.der"), Buffer.from("308203", "hex"));
  await writeFile(dir.join("open.pem"), "-----BEGIN CERTIFICATE-----\n".repeat(30_000));
  await symlink("loop.pem", dir.join("loop.pem"));
  await symlink("nowhere", dir.join("dangling.pem"));
  await run("mkfifo", [dir.join("pipe.pem")]);
  const message = async (name: string) => {
    const { exitCode, answer, said } = await inspect(dir.join(name));
    assert.deepEqual([exitCode, said], [1, ["error unreadable"]], name);
    return answer.inspected[0]?.findings[0]?.message ?? "";
  };
  assert.match(await message("large.pem"), /has 10485760 bytes; the limit is 1048576$/);
  assert.match(await message("cut.der"), /byte 1: this certificate does not parse: /);
  assert.match(await message("open.pem"), /line 1: the PEM block CERTIFICATE has no END line$/);
  assert.match(await message("pipe.pem"), /is not a regular file$/);
  const loop = await leafd("inspect", dir.join("loop.pem"));
  assert.deepEqual(
    [loop.exitCode, loop.err.split("\n")[0]],
    [1, `leafd inspect: ${dir.join("loop.pem")} is a loop of symbolic links`],
  );
  await mkdir(dir.join("all"));
  await run("sh", ["-c", "mv *.pem *.der all"], { cwd: dir.path });
  const all = await inspect(dir.join("all"));
  assert.equal(all.exitCode, 1);
  assert.equal(
    all.said.filter((each) => each === "error unreadable").length,
    5,
    "every file but the pipe has its line",
  );
});

test("requests and revocation lists of openssl are named, in PEM and in DER", async () => {
  await using dir = await tempDir();
  const request = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x"];
  const out = ["-keyout", dir.join("k.pem"), "-out"];
  await run("openssl", [...request, ...out, dir.join("x.csr")]);
  await run("openssl", [...request, ...out, dir.join("x.der"), "-outform", "der"]);
  for (const file of ["x.csr", "x.der"]) {
    const { exitCode, out: text } = await leafd("inspect", dir.join(file));
    assert.equal(exitCode, 1);
    assert.match(text, /also +\S+ holds a certificate signing request, which no CA has signed yet/);
    assert.match(text, /error +no_certificate: /);
  }
});

test("a path that is none, an address that is none and half a pair are wrong command lines", async () => {
  const wrong = [
    [
      ["nothing-here"],
      /there is no file or directory nothing-here, and a server is HOST:PORT, such as example.com:443/,
    ],
    [["https://www.example.org/"], /such as www.example.org:443/],
    [["host:0"], /and a server is HOST:PORT/],
    [[], /name a file, a directory or HOST:PORT, or say --service/],
    [["host:1", "--at", "yesterday"], /--at yesterday: write a time such as/],
    [["host:1", "--starttls", "smtp"], /--starttls smtp: only postgres is known/],
    [["host:1", "--cert", "x"], /--cert and --key go together/],
  ] as const;
  for (const [args, message] of wrong) {
    const { exitCode, err } = await leafd("inspect", ...args);
    assert.equal(exitCode, 2, args.join(" "));
    assert.match(err, message);
  }
});
