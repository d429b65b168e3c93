import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Entry } from "../../../../../src/dev/demo/drill/journal.ts";
import { narrate } from "../../../../../src/dev/demo/drill/narration.ts";

const base = { at: 0, level: "info", msg: "" };

describe("what the drill tells of leafd's log", () => {
  const told: readonly [entry: Partial<Entry> & { readonly event: string }, line: string][] = [
    [
      { event: "rotation_failed", service: "web", reason: "disk_full", stage: "preflight", issuer: "web", failures: 1 },
      "web cannot be renewed (disk_full), found before it asked anybody: keeps what it has, tries again",
    ],
    [
      { event: "rotation_failed", service: "web", reason: "sealed", stage: "issue", issuer: "main", failures: 1 },
      "web cannot be renewed (sealed), found by main: keeps what it has, tries again",
    ],
    [
      { event: "rung_changed", service: "web", from: "primary", to: "failover", issuer: "dr" },
      "web now lives on: failover (dr); before: primary",
    ],
    [
      { event: "issuer_circuit", issuer: "main", state: "open", reason: "sealed" },
      'the issuer "main" is away: its circuit is open, only its health is asked for (sealed)',
    ],
    [
      { event: "recovered", service: "web", reloadOwed: true },
      "found a good certificate for web, and that its reload is owed",
    ],
    [{ event: "login_failed", level: "error", msg: "login failed" }, "login failed"],
  ];
  for (const [entry, line] of told)
    it(`${entry.event}: ${line}`, () => assert.equal(narrate({ ...base, ...entry }), line));

  const untold: readonly (Partial<Entry> & { readonly event: string })[] = [
    { event: "rotation_failed", service: "web", reason: "sealed", stage: "issue", failures: 2, level: "error" },
    // rolled_back tells it.
    {
      event: "rotation_failed",
      service: "web",
      reason: "dependent_refused",
      stage: "reload",
      failures: 1,
      level: "error",
    },
    { event: "reserve_failed", service: "web", level: "error" },
    { event: "proof_pending", service: "web", level: "debug" },
  ];
  for (const entry of untold)
    it(`nothing of ${entry.event} (${entry.stage})`, () => assert.equal(narrate({ ...base, ...entry }), undefined));
});
