import assert from "node:assert/strict";
import { chmod, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { Accounts } from "../../../src/store/accounts.ts";
import { exampleOutput } from "../../support/example-output.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function accountsIn(dir: { join(name: string): string }): Promise<Accounts> {
  await writeFile(dir.join("passwd"), "root:x:0:0::/root:/bin/sh\npayments:x:1001:1002::/:/bin/false\nbroken\n");
  await writeFile(dir.join("group"), "root:x:0:\nweb:x:33:\n");
  const script = `#!/bin/sh\n[ "$1 $2" = "group ldap web" ] && echo "ldap web:*:70001:" || exit 2\n`;
  await writeFile(dir.join("getent"), script);
  await chmod(dir.join("getent"), 0o755);
  return new Accounts({ passwd: dir.join("passwd"), group: dir.join("group"), getent: dir.join("getent") });
}

test("users and groups are numbers, names of the files, or names that getent knows", async () => {
  await using dir = await tempDir();
  const accounts = await accountsIn(dir);
  const resolve = (owner?: string, group?: string) =>
    accounts.resolve(exampleOutput("/x", { ...(owner && { owner }), ...(group && { group }) }));
  assert.deepEqual(await resolve(), { uid: undefined, gid: undefined });
  assert.deepEqual(await resolve("payments", "web"), { uid: 1001, gid: 33 });
  assert.deepEqual(await resolve("4242", "0"), { uid: 4242, gid: 0 });
  assert.deepEqual(await resolve(undefined, "ldap web"), { uid: undefined, gid: 70001 });
});

test("a directory server that went away does not stop a renewal", async () => {
  await using dir = await tempDir();
  const accounts = await accountsIn(dir);
  const output = exampleOutput("/x", { group: "ldap web" });
  await accounts.resolve(output);
  await rm(dir.join("getent"));
  assert.equal((await accounts.resolve(output)).gid, 70001);
});

test("a name that nobody knows is a clear error, with and without getent", async () => {
  await using dir = await tempDir();
  const accounts = await accountsIn(dir);
  const error = { reason: "group_denied", message: 'there is no group "nobody-knows" on this machine' };
  await assert.rejects(accounts.resolve(exampleOutput("/x", { group: "nobody-knows" })), error);
  await rm(dir.join("getent"));
  await rm(dir.join("group"));
  await assert.rejects(accounts.resolve(exampleOutput("/x", { group: "nobody-knows" })), error);
  await assert.rejects(accounts.resolve(exampleOutput("/x", { owner: "--help" })), {
    reason: "group_denied",
    message: 'there is no user "--help" on this machine',
  });
});
