import assert from "node:assert/strict";
import test from "node:test";
import { renderRemarks } from "../../../src/cli/check-report.ts";

test("what was not looked at is neither ok nor an error, and says how it can be", () => {
  const text = renderRemarks([
    { severity: "ok", subject: "https://vault:8200", message: "reachable" },
    {
      severity: "skipped",
      subject: "login by approle",
      message: "a secret-id is there",
      hint: "add --spend-secret-id",
    },
    {
      severity: "error",
      subject: "configuration",
      message: "no",
      file: "a.yaml",
      line: 3,
      column: 5,
      setting: "vault",
    },
  ]);
  assert.deepEqual(text.split("\n"), [
    "ok      https://vault:8200: reachable",
    "skipped login by approle: a secret-id is there",
    "        add --spend-secret-id",
    "error   a.yaml:3:5: vault: no",
    "",
  ]);
});
