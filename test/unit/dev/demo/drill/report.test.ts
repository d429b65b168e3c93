import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ActReport, actVerdict, type DrillFacts, drillReport } from "../../../../../src/dev/demo/drill/report.ts";

const act: ActReport = {
  name: "kill leafd",
  moral: "the reload was paid",
  injectedAt: Date.UTC(2026, 0, 1),
  noticedAfter: 2_540,
  recoveredAfter: 3_300,
  certificates: 1,
  wrong: [],
};

function reported(changes: Partial<DrillFacts>) {
  const { lines, exitCode } = drillReport({
    elapsed: 84_000,
    planned: 1,
    acts: [act],
    good: 900,
    failures: [],
    ...changes,
  });
  return { text: lines.join("\n"), exitCode };
}

describe("the end of the drill", () => {
  it("is good when each act went as told and no handshake failed", () => {
    const { text, exitCode } = reported({});
    assert.equal(exitCode, 0);
    assert.match(text, /^ACT {9}INJECTED AT {2}NOTICED AFTER {2}RECOVERED AFTER {2}CERTIFICATES {2}VERDICT\n/);
    assert.match(text, /\nkill leafd {2}\d\d:\d\d:\d\d {5}2\.5s {11}3\.3s {13}1 {13}as told\n/);
    assert.match(text, /All as told, in 1m 24s; 900 handshakes good, 0 failed\.$/);
  });

  const bad: readonly [what: string, changes: Partial<DrillFacts>, line: RegExp][] = [
    [
      "an act went otherwise",
      { acts: [{ ...act, wrong: ["it cost two"] }] },
      /NOT as told\n[^]*WRONG {2}kill leafd: it cost two$/,
    ],
    ["an act was not played", { planned: 2 }, /WRONG {2}1 of 2 acts were not played$/],
    [
      "a handshake failed, each kind told once",
      { failures: ["expired", "expired"] },
      /2 failed\.\n {2}WRONG {2}handshake: expired$/,
    ],
    ["leafd ended by itself", { leafdEnded: "exit code 70" }, /leafd ended by itself: exit code 70$/],
  ];
  for (const [what, changes, line] of bad)
    it(`is bad when ${what}`, () => {
      const { text, exitCode } = reported(changes);
      assert.match(text, line);
      assert.equal(exitCode, 1);
    });

  it("has a dash for what never came", () => {
    const { injectedAt: _i, noticedAfter: _n, recoveredAfter: _r, ...rest } = act;
    assert.match(reported({ acts: [rest] }).text, /kill leafd {2}- {12}- {14}- /);
  });
});

describe("the verdict on an act", () => {
  it("is its moral when it went as told, else what was wrong", () => {
    const counts = "1 certificates, 80 handshakes, 0 failed";
    assert.equal(actVerdict(act, { good: 80, failures: [] }), `AS TOLD   the reload was paid (${counts})`);
    const wrong = { ...act, wrong: ["it cost two"] };
    assert.equal(actVerdict(wrong, { good: 80, failures: [] }), `NOT AS TOLD  it cost two; ${counts}`);
    assert.match(actVerdict(act, { good: 80, failures: ["expired"] }), /^NOT AS TOLD/);
  });
});
