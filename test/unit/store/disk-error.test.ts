import assert from "node:assert/strict";
import { test } from "node:test";
import { LeafdError } from "../../../src/domain/errors.ts";
import { diskError } from "../../../src/store/disk-error.ts";

const errno = (code: string) => Object.assign(new Error(`${code}: a text of Node's`), { code, syscall: "write" });

const table: Readonly<Record<string, string>> = {
  ENOSPC: "disk_full",
  EDQUOT: "disk_full",
  EACCES: "target_denied",
  EPERM: "target_denied",
  EROFS: "target_denied",
  ENOENT: "target_missing",
  ELOOP: "target_unsafe",
  ENOTDIR: "target_unsafe",
  EISDIR: "target_unsafe",
  EEXIST: "target_unsafe",
  EBUSY: "target_unsafe",
  EXDEV: "target_unsafe",
  EIO: "io_error",
  EMFILE: "io_error",
  ESTALE: "io_error",
};
for (const [code, reason] of Object.entries(table))
  test(`${code} is ${reason}, with the path, the code and what to do`, () => {
    const error = diskError(errno(code), "publish in /run/leafd/payments");
    assert.equal(error.reason, reason);
    assert.match(error.message, new RegExp(`^cannot publish in /run/leafd/payments: .+ \\(${code} on write\\)$`));
    assert.ok((error.hint ?? "").length > 10);
  });

test("a quota is recognised although Node has no name for it", () => {
  // The synchronous calls say the latter.
  for (const code of ["UNKNOWN", "Unknown system error -122"]) {
    const error = Object.assign(new Error(`${code}: unknown error, write`), { code, errno: -122 });
    assert.equal(diskError(error, "publish").reason, "disk_full");
    assert.match(diskError(error, "publish").message, /\(EDQUOT\)/);
  }
});

test("an error that says what is wrong already stays as it is; one that nobody expected is internal", () => {
  const known = new LeafdError("target_foreign", "somebody else's");
  assert.equal(diskError(known, "publish"), known);
  assert.equal(diskError(new TypeError("x is not a function"), "publish").reason, "internal");
});
