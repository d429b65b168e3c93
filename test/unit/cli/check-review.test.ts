import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { MINIMAL_CONFIG, minimalConfig } from "../../support/config-file.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { leafd } from "../../support/terminal.ts";

/** What `check --config-only` makes of a configuration, its remarks as `place setting code: message`. */
async function review(text: string, ...args: readonly string[]) {
  await using directory = await tempDir();
  const file = directory.join("leafd.yaml");
  await writeFile(file, text);
  const { exitCode, out, err } = await leafd("check", "--config-only", "--json", "-c", file, ...args);
  const remarks: readonly Record<string, string>[] = out === "" ? [] : JSON.parse(out);
  const said = remarks
    .filter(({ severity }) => severity === "warning" || severity === "error")
    .map(({ line, setting, code, subject, message }) => ({ at: `${line} ${setting}`, code, subject, message }));
  return { exitCode, out, err, remarks, said, codes: said.map(({ at, code }) => `${at} ${code}`) };
}

const service = (name: string, more: string, identity = `{ commonName: ${name}.internal }`) =>
  `  ${name}:\n    identity: ${identity}\n    output: { directory: /srv/${name} }\n    ${more}\n`;

test("a configuration is judged where nothing of it exists, and that is said", async () => {
  const { exitCode, remarks, said } = await review(MINIMAL_CONFIG);
  assert.deepEqual([exitCode, said], [0, []]);
  assert.deepEqual(
    remarks.map(({ severity, code }) => [severity, code]),
    [
      ["ok", undefined],
      ["skipped", "machine_skipped"],
    ],
  );
});

test("what lives for long is told at its line, and once for all that have it from defaults", async () => {
  const { codes, said } = await review(
    `${minimalConfig()}${service("api", "ttl: 91d")}${service("db", "notAfter: 2099-01-01T00:00:00Z")}defaults: { ttl: 365d, outage: { reserve: { ttl: 400d, role: r } } }\n`,
  );
  assert.deepEqual(codes, [
    "13 services.api.ttl long_lived",
    "18 defaults.outage.reserve.ttl long_lived",
    "17 services.db.notAfter long_lived",
    "18 defaults.ttl long_lived",
  ]);
  assert.equal(said[1]?.subject, "service api and 2 more");
  assert.equal(said[3]?.subject, "service web");
  assert.match(said[0]?.message ?? "", /^certificates of 91d are long-lived/);
  const strict = `${minimalConfig()}    ttl: 31d\n`;
  assert.deepEqual((await review(strict)).codes, []);
  assert.deepEqual((await review(`${strict}policy: { maxTtl: 30d }\n`)).codes, ["10 services.web.ttl long_lived"]);
});

test("one identity for two services is told, and one name with two types of key is not", async () => {
  const twin = (more: string) => service("zweb", more, "{ dns: [WEB.internal] }");
  const { said } = await review(minimalConfig() + twin("required: true"));
  assert.deepEqual(said, [
    {
      at: "11 services.zweb.identity",
      code: "shared_certificate",
      subject: "service zweb",
      message: "has the very names of web: no peer can tell the two apart",
    },
  ]);
  assert.deepEqual((await review(minimalConfig() + twin("key: rsa-2048"))).codes, []);
  const parts = minimalConfig(["    output", "    usages: [server]\n    output"]) + twin("usages: [client]");
  assert.deepEqual((await review(parts)).codes, []);
});

test("one certificate for two programs is told, at the reload that tells them", async () => {
  const steps = "[{ systemd: a.service }, { signal: { process: b } }, { exec: { command: [/c] } }]";
  const { said } = await review(`${minimalConfig()}    usages: [client]\n    reload: ${steps}\n`);
  assert.deepEqual(
    said.map(({ at, message }) => [at, message]),
    [
      [
        "11 services.web.reload",
        "one certificate for a.service and b: whoever takes over one of them is the others, too",
      ],
    ],
  );
});

test("alerts that come too late are told for the pace of the scrapes", async () => {
  const short = minimalConfig(["    output", "    ttl: 30m\n    output"]);
  assert.deepEqual((await review(short)).codes, []);
  const slow = `${short}observe: { scrapeInterval: 1m }\n`;
  assert.deepEqual((await review(slow)).codes, ["9 services.web.ttl alert_late"]);
  assert.deepEqual((await review(`${short}observe: { listen: "off" }\n`)).codes, []);
});

test("a reload without a probe is told, unless there is nothing to look at", async () => {
  const reload = `${minimalConfig()}    reload: [{ systemd: a.service }]\n`;
  assert.deepEqual((await review(reload)).codes, ["10 services.web.reload probe_missing"]);
  assert.deepEqual((await review(`${reload}    usages: [client]\n`)).codes, []);
  assert.deepEqual((await review(`${reload}    probe: { tls: "a.internal:1" }\n`)).codes, []);
});

test("warnings fail a strict check, unless they are ignored; what was skipped never does", async () => {
  const reload = `${minimalConfig()}    reload: [{ systemd: a.service }]\n`;
  assert.equal((await review(MINIMAL_CONFIG, "--strict")).exitCode, 0);
  assert.equal((await review(reload)).exitCode, 0);
  assert.equal((await review(reload, "--strict")).exitCode, 1);
  const ignored = await review(reload, "--strict", "--ignore", "probe_missing", "--ignore", "long_lived");
  assert.deepEqual([ignored.exitCode, ignored.said], [0, []]);
  for (const wrong of [["--ignore", "prob_missing"], ["--online"], ["--format", "xml"]]) {
    const { exitCode, err } = await leafd("check", "--config-only", ...wrong);
    assert.equal(exitCode, 2, wrong.join(" "));
    assert.match(err, /^leafd check: --/);
  }
});

test("a configuration that cannot be used is remarks as well, and never shows its source", async () => {
  const { exitCode, out, err, remarks } = await review(
    minimalConfig(["tokenFile: /run/token", "token: s.CANARY, oops: 1"], ["services:", "servces:"]),
  );
  assert.deepEqual([exitCode, err], [78, ""]);
  assert.ok(remarks.every(({ severity, code }) => severity === "error" && code === "config_invalid"));
  assert.deepEqual(remarks.map(({ line, setting, message, hint }) => [line, setting, message, hint]).at(-1), [
    6,
    "servces",
    "unknown key",
    'did you mean "services"?',
  ]);
  assert.ok(!out.includes("CANARY"));
});
