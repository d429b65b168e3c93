import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderTable } from "../../../../src/dev/demo/table.ts";

const NOW = Date.UTC(2026, 0, 1);
const WIDE = Number.POSITIVE_INFINITY;

describe("the table", () => {
  const none = { rotations: 0, ok: 0, denied: 0, failed: 0 };

  it("shows what is on disk, what is served, and what came of the calls, aligned", () => {
    const rows = [
      {
        name: "payments",
        onDisk: "4c1d9a7e00112233",
        served: "99ff9a7e00112233",
        notAfter: NOW + 21_000,
        rotations: 2,
        reloadedAt: NOW - 3_000,
        ok: 57,
        denied: 0,
        failed: 1,
      },
      { name: "intruder", onDisk: "0a0b0c0d0e0f", notAfter: NOW - 1, ...none, denied: 57 },
    ];
    assert.deepEqual(renderTable(rows, NOW, WIDE), [
      "SERVICE   ON DISK   SERVED    EXPIRES IN  ROTATIONS  LAST RELOAD  CALLS OK  DENIED  FAILED",
      "payments  4c1d9a7e  99ff9a7e  21s         2          3s ago       57        0       1",
      "intruder  0a0b0c0d  -         expired     0          -            0         57      0",
    ]);
  });

  it("has a dash for what is not known", () =>
    assert.equal(
      renderTable([{ name: "orders", ...none }], NOW, WIDE)[1],
      "orders   -        -       -           0          -            0         0       0",
    ));

  it("is cut to the terminal, so that no line wraps", () =>
    assert.deepEqual(
      renderTable([{ name: "orders", ...none }], NOW, 12).map((line) => line.length),
      [12, 12],
    ));
});
