import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/** Fails unless `promtool check metrics` takes a text without a complaint. */
export function assertLints(metrics: string): void {
  const { status, stdout, stderr, error } = spawnSync("promtool", ["check", "metrics"], {
    input: metrics,
    encoding: "utf8",
  });
  assert.equal(error, undefined, `promtool (Debian package prometheus) must be installed: ${error?.message}`);
  assert.deepEqual([status, stdout.trim(), stderr.trim()], [0, "", ""]);
}
