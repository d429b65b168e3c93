import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { leafd } from "../../support/terminal.ts";
import { vaultSide } from "../../support/vault-bootstrap.ts";
import { startOpenBao } from "../../support/vault-server.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

const SETTINGS = `
[pki]
root = trial
[service payments]
names = payments.internal
reserve_ttl = 72h
[leafd host]
services = payments
revoke_old = yes
`;

test("whoever starts without any rights and follows the hints of check --online ends with the policy of the bootstrap", async () => {
  await using vault = await startOpenBao();
  await using side = await vaultSide(vault);
  await side.settings(SETTINGS);
  assert.equal((await side.bootstrap()).code, 0);
  await side.secretId(["host", side.dir.path]);
  await mkdir(side.dir.join("live"));
  const { stdout: config } = await side.leafdConfig(
    "--credentials",
    side.dir.path,
    "--output",
    side.dir.join("live"),
    "host",
  );
  const file = side.dir.join("leafd.yaml");
  await writeFile(file, `${config}stateDir: ${side.dir.join("state")}\n`);
  const check = () => leafd("check", "--online", "--spend-secret-id", "-c", file);
  const lines = (out: string, kind: string) => out.split("\n").filter((line) => line.startsWith(kind));
  const allow = (name: string, rules: Iterable<string>) =>
    vault.root("PUT", `sys/policies/acl/${name}`, { policy: [...rules].join("\n") || "# nothing" });

  const made = await rulesOf(["leafd-host", "leafd-host-check"], async (name) => {
    const { data } = await vault.root("GET", `sys/policies/acl/${name}`);
    return String(data["policy"]);
  });
  await allow("leafd-host", []);
  await allow("leafd-host-check", []);
  const followed = new Set<string>();
  const outcomes: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const { exitCode, out } = await check();
    outcomes.push(exitCode);
    const before = followed.size;
    for (const [, rule = "", template = ""] of out.matchAll(
      /(path "[^"]+" \{ capabilities = \["\w+"\] \}) \((\S+)\)/g,
    )) {
      assert.ok(existsSync(join(REPOSITORY, template)), template);
      followed.add(rule);
    }
    if (followed.size === before) {
      assert.deepEqual([...lines(out, "error"), ...lines(out, "warning"), ...lines(out, "skipped")], [], out);
      break;
    }
    await allow("leafd-host", followed);
  }
  assert.deepEqual([outcomes[0], outcomes.at(-1)], [1, 0]);
  // The one rule that nobody misses: it gives the token of the check back.
  const given = [...followed, 'path "auth/token/revoke-self" { capabilities = ["update"] }'];
  assert.deepEqual(given.sort(), [...made].sort());
});

/** The rules of these policies, each on a line. */
async function rulesOf(names: readonly string[], read: (name: string) => Promise<string>): Promise<readonly string[]> {
  const texts = await Promise.all(names.map(read));
  return texts.flatMap(
    (text) =>
      text
        .replaceAll(/#.*/g, "")
        .replaceAll(/\s+/g, " ")
        .match(/path [^}]+\}/g) ?? [],
  );
}
