import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { levelOf } from "../../../src/observe/log-messages.ts";
import { logRecord } from "../../../src/observe/log-record.ts";
import { ALL_EVENTS } from "../../support/events.ts";

const page = readFileSync(new URL("../../../docs/logs.md", import.meta.url), "utf8");
const cells = [...page.matchAll(/^\| `(\w+)` \| (\w+) \| (.*)\|$/gm)];
const rows = new Map(cells.map(([, event, level, fields]) => [event, { level, fields: fields ?? "" }]));
const documented = (text: string): string[] => [...text.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
/** `service` goes without saying, and the leaf's fields are named once. */
const COMMON = new Set([
  "time",
  "event",
  "msg",
  "service",
  "serial",
  "fingerprint",
  "generation",
  "issuer",
  "notBefore",
  "notAfter",
  "due",
]);

it("docs/logs.md has every event with its level and its fields", () => {
  assert.deepEqual(new Set(rows.keys()), new Set(ALL_EVENTS.map((event) => event.kind)));
  for (const event of ALL_EVENTS) {
    const row = rows.get(event.kind);
    assert.equal(row?.level, levelOf(event), event.kind);
    const names = Object.keys(logRecord(event));
    const expected = names.filter((name) => !COMMON.has(name));
    const said = documented(row?.fields ?? "");
    for (const name of expected) assert.ok(said.includes(name), `${event.kind}: ${name} is not documented`);
  }
});

it("docs/logs.md names no field that an event does not have", () => {
  const optional = new Set(["outdated", "mends", "toldAt", "reason", "hint"]);
  for (const event of ALL_EVENTS) {
    const names = Object.keys(logRecord(event));
    for (const name of documented(rows.get(event.kind)?.fields ?? ""))
      assert.ok(names.includes(name) || optional.has(name), `${event.kind}: ${name}`);
  }
});
