import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClaimQuestion, judgeClaim, type OwnerRecord } from "../../../src/store/owner.ts";

const self = { instance: "us", host: "web-1", pid: 100, pidStart: "boot/500", pidNamespace: "pid:[1]" };
const rival: OwnerRecord = {
  version: 1,
  service: "payments",
  released: false,
  instance: "them",
  host: "web-1",
  pid: 200,
  pidStart: "boot/900",
  pidNamespace: "pid:[1]",
};

const cases: readonly (readonly [what: string, question: Partial<ClaimQuestion>, verdict: string])[] = [
  ["nobody was there", { record: "none" }, "free"],
  ["a record that cannot be read", { record: "unreadable" }, "unreadable"],
  ["our own record", { record: { ...rival, ...self } }, "ours"],
  ["our own record, given back", { record: { ...rival, ...self, released: true } }, "released"],
  ["we, before a restart", { record: { ...rival, ...self, pid: 99 } }, "own"],
  ["we, before a restart, on a host that had another name", { record: { ...rival, ...self, host: "web-0" } }, "own"],
  ["given back by another", { record: { ...rival, released: true } }, "released"],
  ["given back by another on another host", { record: { ...rival, host: "web-2", released: true } }, "released"],
  ["another that runs here", { record: rival, isRunning: () => true }, "foreign"],
  ["another that is gone from here", { record: rival, isRunning: () => false }, "gone"],
  ["another that is gone, from a directory of ours", { record: rival, isRunning: () => false, held: true }, "gone"],
  ["another container of this pod", { record: { ...rival, pidNamespace: "pid:[2]" } }, "pod"],
  ["another container that took it from us", { record: { ...rival, pidNamespace: "pid:[2]" }, held: true }, "foreign"],
  ["another host", { record: { ...rival, host: "web-2" }, isRunning: () => false }, "foreign"],
  ["another host, and told to take it", { record: { ...rival, host: "web-2" }, takeover: true }, "told"],
  ["one that runs here, and told to take it", { record: rival, isRunning: () => true, takeover: true }, "told"],
  [
    "told to take it, and it was taken back",
    { record: rival, isRunning: () => true, takeover: true, held: true },
    "foreign",
  ],
];

for (const [what, question, expected] of cases)
  test(`an output directory of ${what}: ${expected}`, () => {
    const unasked = () => assert.fail("asked for a process that says nothing here");
    const verdict = judgeClaim({ record: "none", self, isRunning: unasked, held: false, takeover: false, ...question });
    assert.equal(verdict.kind === "take" ? verdict.because : verdict.kind, expected);
  });

test("the process that is looked for is the one on the record", () => {
  const asked: unknown[] = [];
  const isRunning = (...process: unknown[]) => asked.push(process) > 0;
  judgeClaim({ record: rival, self, isRunning, held: false, takeover: false });
  assert.deepEqual(asked, [[200, "boot/900"]]);
});
