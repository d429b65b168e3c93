import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { STANDINGS } from "../../../../src/domain/status.ts";
import { DAY, formatDuration, HOUR, MINUTE, SECOND } from "../../../../src/domain/units.ts";
import { STATES } from "../../../../src/observe/page/states.js";
import { duration, relative, stamp } from "../../../../src/observe/page/times.js";
import { clockWords, dependentsOf, headline, issuerWords, schedulerWords } from "../../../../src/observe/page/words.js";
import { NOW, serviceStatus } from "../../../support/status.ts";

describe("the words of the page", () => {
  it("know every state, worst first", () => {
    assert.deepEqual(
      STATES.map(({ state }) => state),
      STANDINGS,
    );
  });

  it("write durations as the terminal does", () => {
    for (const length of [SECOND, 59 * SECOND, MINUTE, 61 * MINUTE, HOUR + SECOND, DAY, DAY + HOUR + MINUTE, 400 * DAY])
      assert.equal(duration(length), formatDuration(length));
    assert.deepEqual(
      [relative(NOW, NOW + 3 * SECOND), relative(NOW, NOW - 2 * HOUR), relative(NOW, NOW + 10), duration(400)],
      ["3s ago", "in 2h", "now", "0s"],
    );
    assert.equal(stamp(NOW), "2026-01-01 12:00:00");
  });

  it("say in one sentence who needs somebody", () => {
    const said = (counts: Readonly<Record<string, number>>) => {
      const { text, tone } = headline(new Map(Object.entries(counts)));
      return [text, tone];
    };
    assert.deepEqual(said({ ok: 1200 }), ["All 1,200 services are in order", "good"]);
    assert.deepEqual(said({ ok: 1, due: 1 }), ["All 2 services are in order", "good"]);
    assert.deepEqual(said({ ok: 1, retrying: 2 }), ["All 3 have a valid certificate; 2 retrying", "warn"]);
    assert.deepEqual(said({ ok: 1, missing: 1 }), ["1 of 2 needs somebody: 1 missing", "bad"]);
    assert.deepEqual(said({ expired: 1, not_live: 2, reload_owed: 1 }), [
      "3 of 4 need somebody: 1 expired, 2 not live; also 1 reload owed",
      "bad",
    ]);
    assert.deepEqual(said({}), ["No service is configured", "warn"]);
  });

  it("tell told from seen", () => {
    const text = (changes: Parameters<typeof serviceStatus>[0]) => dependentsOf(serviceStatus(changes)).text;
    assert.deepEqual(
      [
        text({}),
        text({ live: true }),
        text({ live: false }),
        text({ delivered: false, live: false }),
        text({ state: "not_live", live: false, served: false }),
      ],
      ["told", "serve it", "not seen yet", "reload owed", "serve another"],
    );
  });

  it("say since when and why an issuer is away", () => {
    const away = { name: "main", cluster: "a", since: NOW - HOUR, reason: "sealed", probeAt: NOW + 5000 } as const;
    assert.deepEqual(issuerWords({ ...away, circuit: "open" }, NOW), {
      words: "circuit open: away for 1h (sealed)",
      more: "its health is looked at in 5s",
      tone: "bad",
    });
    assert.equal(issuerWords({ ...away, circuit: "half_open" }, NOW).tone, "warn");
    assert.deepEqual(issuerWords({ ...away, circuit: "half_open", looksWell: true }, NOW), {
      words: "its health is good again",
      more: `away since ${stamp(NOW - HOUR)} (sealed); the next service that needs it tries it`,
      tone: "good",
    });
    assert.equal(issuerWords({ name: "main", cluster: "a", circuit: "closed" }, NOW).tone, "good");
  });

  it("mention a scheduler that stands still", () => {
    assert.equal(schedulerWords({ lastTick: NOW - 90 * SECOND }, NOW), undefined);
    assert.match(schedulerWords({ lastTick: NOW - 2 * MINUTE }, NOW) ?? "", /not run for 2 min/);
  });

  it("mention a clock that is not believed, and none that is in order", () => {
    assert.equal(clockWords({ doubted: false, skew: 59 * SECOND }), undefined);
    assert.match(clockWords({ doubted: false, skew: -2 * MINUTE }) ?? "", /2m behind/);
    assert.match(clockWords({ doubted: true, skew: HOUR }) ?? "", /not believed.*1h ahead/);
  });
});
