import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ladderLines } from "../../../../src/cli/status/ladder.ts";
import type { Reason } from "../../../../src/domain/errors.ts";
import type { Rung } from "../../../../src/domain/rungs.ts";
import { rungWords } from "../../../../src/observe/page/words.js";
import { NOW, serviceStatus } from "../../../support/status.ts";

type Why = NonNullable<Rung["why"]>;

/** Whatever is no reason of a failure: one that is new does not compile before it stands here. */
const OWN = {
  no_pair: true,
  circuit_open: true,
  not_its_turn: true,
  none_configured: true,
  not_issued: true,
  ended: true,
  in_use: true,
  issuers_answer: true,
} satisfies Readonly<Record<Exclude<Why, Reason>, true>>;

const isOwn = (why: string): why is keyof typeof OWN => why in OWN;
const WHYS: readonly Why[] = [...Object.keys(OWN).filter(isOwn), "no_gain", "sealed"];

describe("the ladder on the page", () => {
  for (const why of WHYS)
    it(`says of ${why} what the terminal says`, () => {
      const rung: Rung = { kind: "issuer", name: "main", inUse: false, available: false, why };
      const [, line = ""] = ladderLines(serviceStatus({ name: "web", ladder: [rung] }), NOW);
      assert.equal(line.trim(), `1 issuer main  ${rungWords(rung, NOW).text}`);
    });
});
