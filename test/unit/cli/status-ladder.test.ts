import assert from "node:assert/strict";
import { test } from "node:test";
import { awayLines, ladderLines } from "../../../src/cli/status/ladder.ts";
import type { Rung } from "../../../src/domain/rungs.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { NOW, serviceStatus } from "../../support/status.ts";

test("the ladder says of each rung whether it can help, why not, and from when", () => {
  const ladder: readonly Rung[] = [
    { kind: "keep", inUse: true, available: true },
    { kind: "issuer", name: "main", inUse: true, available: false, why: "circuit_open", from: NOW + MINUTE },
    { kind: "issuer", name: "dr", inUse: false, available: true, why: "not_its_turn", from: NOW + 10 * MINUTE },
    { kind: "reserve", inUse: false, available: false, why: "not_issued" },
    { kind: "expiry", name: "stop", inUse: false, available: true, from: NOW + HOUR },
  ];
  assert.deepEqual(ladderLines(serviceStatus({ ladder, surviveUnmet: true }), NOW), [
    "ladder of payments:",
    "  1 keep the pair    in use",
    "  2 issuer main      in use, away: only its health is asked for, from 2026-01-01T12:01:00Z (in 1m)",
    "  3 issuer dr        available, waits for its turn, from 2026-01-01T12:10:00Z (in 10m)",
    "  4 reserve          unavailable, none has been issued yet",
    "  5 at expiry: stop  from 2026-01-01T13:00:00Z (in 1h)",
    "  outage.survive is longer than this certificate can hold: raise its ttl",
  ]);
});

test("an issuer that failed is told with the reason", () => {
  const ladder: readonly Rung[] = [
    { kind: "issuer", name: "main", inUse: false, available: false, why: "role_missing" },
  ];
  const [, line] = ladderLines(serviceStatus({ ladder }), NOW);
  assert.equal(line, "  1 issuer main  unavailable, role_missing");
});

test("issuers that are away have a line each, the others none", () => {
  const away = { cluster: "default", since: NOW - HOUR, reason: "sealed", probeAt: NOW + 5000 } as const;
  assert.deepEqual(
    awayLines(
      [
        { name: "main", circuit: "open", ...away },
        { name: "dr", circuit: "half_open", ...away },
        { name: "spare", circuit: "half_open", looksWell: true, ...away },
        { name: "third", cluster: "default", circuit: "closed" },
      ],
      NOW,
    ),
    [
      "issuer main: away for 1h (sealed); its health is looked at in 5s",
      "issuer dr: away for 1h (sealed); one service tries it",
      "issuer spare: its health is good again (away since 2026-01-01T11:00:00Z: sealed); the next service that needs it tries it",
    ],
  );
});
