import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { SECOND } from "../../../src/domain/units.ts";
import { systemClock } from "../../../src/runtime/clock.ts";

it("the boot time counts milliseconds since the machine started", () => {
  const [seconds = ""] = readFileSync("/proc/uptime", "utf8").split(" ");
  const since = (systemClock.boottime?.() ?? assert.fail()) - Number(seconds) * SECOND;
  assert.ok(since >= 0 && since < SECOND, `${since} ms apart`);
});
