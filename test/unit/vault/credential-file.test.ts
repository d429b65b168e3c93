import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import test from "node:test";
import { fileDigest, readCredential, readToken } from "../../../src/vault/auth/credential-file.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("a credential is the trimmed content of its file", async () => {
  await using directory = await tempDir();
  const path = directory.join("secret");
  await writeFile(path, "\n  s3cret with spaces \r\n");
  assert.equal(readCredential(path, "password").reveal(), "s3cret with spaces");
});

test("a file that cannot hold the credential is credential_missing, and its content is not quoted", async () => {
  await using directory = await tempDir();
  const path = directory.join("secret");
  const cases = [
    ["", /is empty and should hold the token/],
    [" \n", /is empty/],
    ["x".repeat(70_000), /too large to be a token/],
    ["Canary\nCanary", /holds more than the token/],
    ["Canary\u00e9", /holds more than the token/],
  ] as const;
  for (const [content, message] of cases) {
    await writeFile(path, content);
    assert.throws(
      () => readToken(path, "token"),
      (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /Canary/);
        return "reason" in error && error.reason === "credential_missing";
      },
    );
  }
});

test("a file that this user may not read says so", async () => {
  await using directory = await tempDir();
  const path = directory.join("secret");
  await writeFile(path, "s.one");
  await chmod(path, 0o000);
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    assert.throws(() => readCredential(path, "token"), {
      reason: "credential_missing",
      message: /EACCES/,
      hint: /readable/,
    });
  } finally {
    if (root) process.seteuid?.(0);
  }
});

test("the digest follows the content, not the line end, and is undefined while there is none", async () => {
  await using directory = await tempDir();
  const path = directory.join("secret");
  assert.equal(fileDigest(path), undefined);
  await writeFile(path, "one");
  const one = fileDigest(path);
  await writeFile(path, "one\n");
  assert.equal(fileDigest(path), one);
  await writeFile(path, "two");
  assert.notEqual(fileDigest(path), one);
  await writeFile(path, " \n");
  assert.equal(fileDigest(path), undefined);
});
