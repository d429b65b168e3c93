import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { test } from "node:test";
import { makeParentsBelow } from "../../../src/store/parents.ts";
import { exampleOutput } from "../../support/example-output.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("missing parents are made below the state directory, and nowhere else", async () => {
  await using dir = await tempDir();
  const state = dir.join("state");
  const outputs = [`${state}/live/payments`, dir.join("elsewhere/payments"), `${state}-other/live/payments`];
  makeParentsBelow(
    state,
    outputs.map((directory) => exampleOutput(directory)),
  );
  assert.equal((await stat(`${state}/live`)).mode & 0o777, 0o755);
  assert.deepEqual(
    [existsSync(dir.join("elsewhere")), existsSync(`${state}-other`), existsSync(outputs[0]!)],
    [false, false, false],
  );
});
