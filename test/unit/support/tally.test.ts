import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { Tally } from "../../support/tally.ts";

const UNIT = join(import.meta.dirname, "tally.test.ts");
const CONTRACT = join(import.meta.dirname, "../../contract/seal.test.ts");

function event(name: string, more: object = {}) {
  return { name, nesting: 0, file: UNIT, details: { type: "test" }, ...more };
}

test("tests are counted by kind and by server, suites are not", () => {
  const tally = new Tally({ realServer: "OpenBao 2.7.2" });
  tally.pass(event("a unit test"));
  for (const server of ["openbao", "embedded"]) {
    tally.start(event(server));
    tally.start(event("health", { nesting: 1 }));
    tally.pass(event("health", { nesting: 1, file: CONTRACT }));
    tally.pass(event(server, { details: { type: "suite" } }));
  }
  assert.deepEqual(tally.summary(new Map([[CONTRACT, new Set(["openbao", "embedded"])]])), [
    "",
    "tests by kind: unit 1, contract 2",
    "against OpenBao 2.7.2: 1 tests",
    "against the embedded development Vault: 1 tests",
    "3 passed, 0 failed",
  ]);
});

test("skipped tests, empty files, broken suites and a run without tests are failures", () => {
  const cases: [(tally: Tally) => void, RegExp][] = [
    [(tally) => tally.pass(event("later", { skip: true })), /skipped: later/],
    [(tally) => tally.pass(event("/work/empty.test.ts")), /empty\.test\.ts holds no test/],
    [(tally) => tally.fail(event("a suite", { details: { type: "suite", error: new Error("thrown in it") } })), /./],
    [() => {}, /no test ran/],
  ];
  for (const [happen, said] of cases) {
    const tally = new Tally({ realServer: "OpenBao 2.7.2" });
    happen(tally);
    const summary = tally.summary(new Map());
    assert.match(summary.join("\n"), said);
    assert.equal(summary.at(-1), "0 passed, 1 failed");
  }
});

test("a suite that failed because of a test in it is not counted twice", () => {
  const tally = new Tally({ leftOut: ["test/x.test.ts"] });
  tally.fail(event("a test", { nesting: 1 }));
  tally.fail(event("its suite", { details: { type: "suite", error: { failureType: "subtestsFailed" } } }));
  assert.equal(tally.failed, 1);
});

test("a run without a real server says so in a box", () => {
  const tally = new Tally({ leftOut: ["test/x.test.ts"] });
  tally.pass(event("health", { file: CONTRACT }));
  const summary = tally.summary(new Map([[CONTRACT, new Set(["embedded"])]])).join("\n");
  assert.match(summary, /against the embedded development Vault: 1 tests/);
  assert.match(summary, /NO REAL SERVER/);
  assert.match(summary, /not run: test\/x.test.ts/);
});
