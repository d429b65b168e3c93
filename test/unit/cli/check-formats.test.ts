import assert from "node:assert/strict";
import test from "node:test";
import { FORMATS } from "../../../src/cli/check/formats.ts";
import type { PlacedRemark } from "../../../src/cli/check/report.ts";

const REMARKS: readonly PlacedRemark[] = [
  { severity: "ok", subject: "https://vault:8200", message: "reachable" },
  {
    severity: "skipped",
    code: "login_skipped",
    subject: "login by approle",
    message: "a secret-id is there",
    hint: "add --spend-secret-id",
  },
  {
    severity: "error",
    code: "config_invalid",
    subject: "configuration",
    message: "no",
    file: "a.yaml",
    line: 3,
    column: 5,
    setting: "vault",
  },
  {
    severity: "warning",
    code: "long_lived",
    subject: "service web and 2 more",
    message: "100% wrong\n::error::forged",
    hint: "do, and be well",
    file: "dir,1/a.yaml",
    line: 8,
    column: 1,
    setting: "defaults.ttl",
  },
];

test("as text what was not looked at is neither ok nor an error, and a default names whom it reaches", () => {
  assert.deepEqual(FORMATS.text(REMARKS).split("\n").slice(0, 5), [
    "ok      https://vault:8200: reachable",
    "skipped login by approle: a secret-id is there [login_skipped]",
    "        add --spend-secret-id",
    "error   a.yaml:3:5: vault: no [config_invalid]",
    "warning dir,1/a.yaml:8:1: defaults.ttl: service web and 2 more: 100% wrong",
  ]);
});

test("as commands of a GitHub workflow each remark is one line, and can give no orders of its own", () => {
  assert.deepEqual(FORMATS.github(REMARKS).split("\n"), [
    "::notice title=leafd%3A login_skipped::login by approle: a secret-id is there%0Aadd --spend-secret-id",
    "::error file=a.yaml,line=3,col=5,title=leafd%3A config_invalid::vault: no",
    "::warning file=dir%2C1/a.yaml,line=8,col=1,title=leafd%3A long_lived::defaults.ttl: 100%25 wrong%0A::error::forged%0Ado, and be well",
    "",
  ]);
});
