import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, type Finding, renderFindings } from "../../../src/config/report.ts";
import { closest } from "../../../src/domain/closest.ts";
import { errorOf, MINIMAL_CONFIG, minimalConfig, parseText } from "../../support/config-file.ts";

const finding: Finding = { file: "leafd.yaml", line: 3, column: 5, path: "a.b", message: "is wrong", source: "  b: c" };

test("a finding shows its line, a caret and what to do", () => {
  const { report } = errorOf(() => parseText(minimalConfig(["tokenFile", "tokenFiel"]))) ?? {};
  assert.equal(
    report,
    [
      "leafd.yaml:3:11: vault.auth.tokenFiel: unknown key",
      "      auth: { tokenFiel: **********  }".replace("  }", " }"),
      "              ^",
      '    did you mean "tokenFile"?',
    ].join("\n"),
  );
});

test("an error is a LeafdError with a reason, a summary of one line and a hint", () => {
  const text = `${MINIMAL_CONFIG}servces: {}\nlogs: {}\n`;
  const error = errorOf(() => parseText(text));
  assert.equal(error?.reason, "config_invalid");
  assert.equal(error?.message, "leafd.yaml:10:1: servces: unknown key (and 1 more)");
  assert.equal(error?.hint, 'did you mean "services"?');
  assert.deepEqual(error?.findings[1], {
    file: "leafd.yaml",
    line: 11,
    column: 1,
    path: "logs",
    message: "unknown key",
    source: "logs: {}",
    hint: 'did you mean "log"?',
  });
});

test("a line stays one line and the caret stays under its place, whatever the source holds", () => {
  const source = `\t\u001B[31m${"x".repeat(300)}\u2028`;
  const lines = renderFindings([{ ...finding, column: 250, source }]).split("\n");
  assert.equal(lines.length, 3);
  const [, shown = "", caret = ""] = lines;
  assert.ok(shown.length < 130 && !/[\u0000-\u001F\u2028]/.test(shown));
  assert.equal(shown[caret.indexOf("^")], "x");
});

test("a hostile key cannot forge lines of the report", () => {
  const text = `${MINIMAL_CONFIG}"a\\nleafd.yaml:1:1: ok": 1\n`;
  const { report = "" } = errorOf(() => parseText(text)) ?? {};
  assert.equal(report.split("\n")[0], 'leafd.yaml:10:1: "a\\nleafd.yaml:1:1: ok": unknown key');
});

test("the key or word that was meant is found, and none where none is near", () => {
  const keys = ["service", "required", "reload", "renewAt", "secretIdFile"];
  assert.equal(closest("relaod", keys), "reload");
  assert.equal(closest("renewat", keys), "renewAt");
  assert.equal(closest("secretId", keys), "secretIdFile");
  assert.equal(closest("colour", keys), undefined);
});

test("a file full of errors gives a bounded report", () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `unknown-${index}: 1\n`);
  const started = performance.now();
  const error = errorOf(() => parseText(`${MINIMAL_CONFIG}${lines.join("")}`));
  assert.ok(error instanceof ConfigError);
  assert.equal(error.findings.length, 100);
  assert.ok(performance.now() - started < 5000);
});
