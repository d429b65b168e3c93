import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import type { WindowSpec } from "../../../src/domain/outage-spec.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { createWindows, cronProblem } from "../../../src/runtime/windows.ts";

const windows = createWindows();
const berlin = (cron: string, duration: number): WindowSpec => ({ cron, duration, timezone: "Europe/Berlin" });

/** When leafd may reload next, if it asks at `now`; "open" when it may at once. Both with their offset. */
function opening(specs: readonly WindowSpec[], now: string): string {
  const at = Date.parse(now);
  const opens = windows.opensAt(specs, at);
  return opens <= at ? "open" : new Date(opens).toISOString().replace(":00.000Z", "Z");
}

describe("a nightly window in Berlin", () => {
  const nightly = [berlin("0 2 * * *", 2 * HOUR)];
  const cases: readonly (readonly [name: string, now: string, opens: string])[] = [
    ["before it", "2026-01-10T23:00:00+01:00", "2026-01-11T01:00Z"],
    ["at its first moment", "2026-01-11T02:00:00+01:00", "open"],
    ["a moment before that", "2026-01-11T01:59:59.999+01:00", "2026-01-11T01:00Z"],
    ["at its last moment", "2026-01-11T03:59:59.999+01:00", "open"],
    ["when it is over", "2026-01-11T04:00:00+01:00", "2026-01-12T01:00Z"],
    ["in summer", "2026-07-11T12:00:00+02:00", "2026-07-12T00:00Z"],
    ["when the clock skips 02:00, at the jump to 03:00", "2026-03-28T12:00:00+01:00", "2026-03-29T01:00Z"],
    ["which is two hours long all the same", "2026-03-29T04:59:00+02:00", "open"],
    ["and no longer", "2026-03-29T05:00:00+02:00", "2026-03-30T00:00Z"],
    ["when the clock shows 02:00 twice, at the first", "2026-10-24T12:00:00+02:00", "2026-10-25T00:00Z"],
    ["between the two", "2026-10-25T02:30:00+02:00", "open"],
    ["until 04:00, as the operator reads it", "2026-10-25T03:59:00+01:00", "open"],
    ["and no longer either", "2026-10-25T04:00:00+01:00", "2026-10-26T01:00Z"],
  ];
  for (const [name, now, opens] of cases) it(name, () => assert.equal(opening(nightly, now), opens));

  it("opens after the hour that is shown twice when it is to open after it", () => {
    assert.equal(opening([berlin("30 3 * * *", HOUR)], "2026-10-24T12:00:00+02:00"), "2026-10-25T02:30Z");
  });

  it("opens in each of the hours that are shown twice when it opens every half hour", () => {
    const halfHourly = [berlin("*/30 * * * *", MINUTE)];
    assert.equal(opening(halfHourly, "2026-10-25T02:10:00+02:00"), "2026-10-25T00:30Z");
    assert.equal(opening(halfHourly, "2026-10-25T02:40:00+02:00"), "2026-10-25T01:00Z");
    assert.equal(opening(halfHourly, "2026-10-25T02:10:00+01:00"), "2026-10-25T01:30Z");
  });
});

describe("windows", () => {
  it("are always open when there are none", () => assert.equal(windows.opensAt([], 5), 5));

  it("are open while one of them is, and open when the first of them does", () => {
    const both = [berlin("0 2 * * *", 2 * HOUR), berlin("0 3 * * *", 2 * HOUR), berlin("0 12 * * 6", HOUR)];
    assert.equal(opening(both, "2026-01-12T04:30:00+01:00"), "open");
    assert.equal(opening(both, "2026-01-12T05:00:00+01:00"), "2026-01-13T01:00Z");
    assert.equal(opening(both, "2026-01-17T05:00:00+01:00"), "2026-01-17T11:00Z");
  });

  it("never close when they are longer than their period", () => {
    for (const now of ["2026-01-11T01:59:59Z", "2026-01-11T12:00:00Z", "2026-03-29T03:00:00+02:00"])
      assert.equal(opening([berlin("0 2 * * *", 30 * HOUR)], now), "open");
  });

  it("may name seconds", () => {
    const every = [berlin("*/20 * * * * *", 5 * SECOND)];
    assert.equal(opening(every, "2026-01-11T00:00:24Z"), "open");
    assert.equal(opening(every, "2026-01-11T00:00:25Z"), "2026-01-11T00:00:40.000Z");
  });

  it("have their own time zones", () => {
    const at = (timezone: string) => [{ cron: "0 2 * * *", duration: HOUR, timezone }];
    assert.equal(opening(at("America/St_Johns"), "2026-01-11T00:00:00Z"), "2026-01-11T05:30Z");
    assert.equal(opening(at("UTC"), "2026-01-11T00:00:00Z"), "2026-01-11T02:00Z");
  });

  it("are found when the time is far from what the machine's clock says", () => {
    assert.equal(opening([berlin("0 2 29 2 *", HOUR)], "2071-01-01T00:00:00Z"), "2072-02-29T01:00Z");
    assert.equal(opening([berlin("0 2 29 2 *", HOUR)], "1971-01-01T00:00:00Z"), "1972-02-29T01:00Z");
  });

  it("agree with a search minute by minute while the clock is put back", () => {
    const odd = [berlin("7,40 1-3 * * *", 11 * MINUTE)];
    const shown = new Intl.DateTimeFormat("en", { timeZone: "Europe/Berlin", timeStyle: "short", hourCycle: "h23" });
    const start = Date.UTC(2026, 9, 24, 12);
    const minutes = Array.from({ length: (2 * DAY) / MINUTE }, (_, index) => start + index * MINUTE);
    const moments = minutes.filter((at) => /^0[1-3]:(07|40)$/.test(shown.format(at)));
    assert.equal(moments.length, 8 + 6);
    for (const now of minutes.slice(0, DAY / MINUTE)) {
      const expected = moments.find((at) => at > now - 11 * MINUTE);
      assert.equal(windows.opensAt(odd, now), expected, new Date(now).toISOString());
    }
  });

  it("with an unusable expression or time zone are a problem of the configuration", () => {
    const problem = { name: "LeafdError", reason: "config_invalid" };
    assert.throws(() => windows.opensAt([berlin("0 25 * * *", HOUR)], 0), problem);
    assert.throws(() => windows.opensAt([{ ...berlin("0 2 * * *", HOUR), timezone: "Mars/Base" }], 0), problem);
  });
});

describe("cronProblem", () => {
  const bad = ["", "0 2 * *", "0 0 2 * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "0 2 * * fun", "5-1 * * * *"];
  for (const text of [...bad, "*/0 * * * *", "0 2 30 2 *"])
    it(`finds "${text}" unusable`, () => assert.match(cronProblem(text) ?? "", /^\w[^\n]+$/));

  for (const text of ["0 2 * * *", "*/15 1-5 1,15 jan-mar mon", "0 0 2 29 2 *", "0 2 * * 7"])
    it(`finds "${text}" usable`, () => assert.equal(cronProblem(text), undefined));
});

it("cron is not loaded by what a daemon without windows loads", async () => {
  const script = `import(${JSON.stringify(new URL("../../../src/daemon.ts", import.meta.url).href)})
    .then(() => import("node:module"))
    .then(({ createRequire }) => console.log(Object.keys(createRequire(import.meta.url).cache).join()))`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  assert.match(stdout, /node-vault/);
  assert.doesNotMatch(stdout, /node_modules\/(cron|luxon)\//);
});
