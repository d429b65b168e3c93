import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Facts, verdict } from "../../../../src/dev/demo/verdict.ts";

type ServiceFacts = Facts["services"][number];

const payments: ServiceFacts = {
  name: "payments",
  rotations: 2,
  calls: { ok: 50, denied: 0, failed: 0 },
  handshakes: 50,
  handshakeFailures: [],
};
const intruder: ServiceFacts = { ...payments, name: "intruder", calls: { ok: 0, denied: 50, failed: 0 } };

function judged(changes: Partial<Facts>): { text: string; exitCode: 0 | 1 } {
  const facts = {
    elapsed: 60_000,
    services: [payments, intruder],
    intruder: "intruder",
    interrupted: false,
    ...changes,
  };
  const { lines, exitCode } = verdict(facts);
  return { text: lines.join("\n"), exitCode };
}

describe("the end of the demo", () => {
  it("is good when everything rotated, no handshake failed and only the intruder was denied", () => {
    const { text, exitCode } = judged({});
    assert.equal(exitCode, 0);
    assert.match(
      text,
      /^Done after 1m\.\n {2}rotations {3}payments 2, intruder 2\n {2}handshakes {2}100 good, 0 failed/,
    );
    assert.match(text, /calls {7}50 answered, 50 denied, 0 failed$/);
  });

  it("is good when the user ends it before the first rotation", () =>
    assert.equal(judged({ interrupted: true, services: [{ ...payments, rotations: 0 }] }).exitCode, 0));

  const bad: readonly [what: string, changes: Partial<Facts>, line: RegExp][] = [
    ["nothing rotated", { services: [{ ...payments, rotations: 0 }] }, /certificate of payments was never rotated/],
    [
      "a handshake failed, each kind of failure once",
      {
        services: [{ ...payments, handshakeFailures: ["payments as client: expired", "payments as client: expired"] }],
      },
      /WRONG {7}handshake of payments as client: expired \(2 times\)$/,
    ],
    [
      "a call failed",
      { services: [{ ...payments, calls: { ok: 49, denied: 0, failed: 1 } }] },
      /1 calls of payments failed/,
    ],
    [
      "a service was denied",
      { services: [{ ...payments, calls: { ok: 0, denied: 3, failed: 0 } }] },
      /3 calls of payments were denied/,
    ],
    [
      "the intruder got through",
      { services: [{ ...intruder, calls: { ok: 1, denied: 0, failed: 0 } }] },
      /1 calls of intruder were answered/,
    ],
    [
      "leafd ended, even if the user did too",
      { interrupted: true, leafdEnded: "exit code 78" },
      /leafd ended by itself: exit code 78/,
    ],
  ];
  for (const [what, changes, line] of bad)
    it(`is bad when ${what}`, () => {
      const { text, exitCode } = judged(changes);
      assert.match(text, line);
      assert.equal(exitCode, 1);
    });
});
