import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Course } from "../../../../../src/dev/demo/drill/course.ts";
import { Journal } from "../../../../../src/dev/demo/drill/journal.ts";

const stop = new AbortController();

function course() {
  const journal = new Journal();
  const said: string[] = [];
  const clock = { now: 1_000 };
  const about = { name: "kill leafd", moral: "…", services: ["web"], stop: stop.signal };
  const act = new Course({ ...about, journal, now: () => clock.now, say: (line) => void said.push(line) });
  const log = (event: string, at: number, more: Record<string, unknown> = {}) =>
    journal.add({ event, time: new Date(at).toISOString(), level: "info", service: "web", ...more }, at);
  return { act, journal, said, clock, log };
}

describe("the course of an act", () => {
  it("counts from the injection until leafd notices, and from the repair until all is well", async () => {
    const { act, clock, log, said } = course();
    await act.inject("broke it", async () => {});
    log("rotation_failed", 3_500);
    act.noticed(await act.sign({ event: "rotation_failed", service: "web" }));
    clock.now = 9_000;
    await act.mend("", async () => "mended it otherwise");
    log("confirmed", 9_700);
    act.recovered(await act.sign({ event: "confirmed" }));
    const { injectedAt, noticedAfter, recoveredAfter, wrong } = act.report();
    assert.deepEqual([injectedAt, noticedAfter, recoveredAfter, wrong], [1_000, 2_500, 700, []]);
    assert.deepEqual(said, ["INJECTED  broke it", "MENDED    mended it otherwise"]);
  });

  it("takes no sign from before what was done last, nor one of another service", async () => {
    const { act, log } = course();
    log("confirmed", 500);
    await act.inject("broke it", async () => {});
    log("confirmed", 1_100, { service: "orders" });
    const sign = act.sign({ event: "confirmed", service: "web" });
    log("confirmed", 1_200);
    assert.equal((await sign).at, 1_200);
  });

  it("takes the next sign after another one", async () => {
    const { act, log } = course();
    log("proof_failed", 1_100);
    log("proof_failed", 1_200);
    const first = await act.sign({ event: "proof_failed" });
    assert.equal((await act.sign({ event: "proof_failed", after: first })).at, 1_200);
  });

  it("counts the certificates of its services, and none that is kept in reserve", async () => {
    const { act, log } = course();
    log("issued", 1_100, { issuer: "web" });
    log("issued", 1_200, { issuer: "main-reserve" });
    log("issued", 1_300, { issuer: "main", service: "orders" });
    await act.mend("mended it", async () => {});
    assert.deepEqual([act.certificates(), act.certificates({ fresh: true })], [1, 0]);
  });

  it("reports what was not as told", () => {
    const { act } = course();
    act.expect(true, "never");
    act.expect(false, "it cost two");
    act.failed(new Error("in vain"));
    assert.deepEqual(act.report().wrong, ["it cost two", "in vain"]);
  });
});
