import assert from "node:assert/strict";
import { test } from "node:test";
import { missingLine } from "../../support/doc-blocks.ts";

/* Whether a page is true is decided here: what is too easily content finds no example that has rotted. */

const OUTPUT = "SERVICE   STATE  EXPIRES IN\npayments  ok     23h 59m\n  ladder:\n(done)\n";

test("lines are found in their order, with others between them, whatever the width of a table", () => {
  assert.equal(missingLine(["SERVICE STATE EXPIRES IN", "payments ok …", "(done)"], OUTPUT), undefined);
  assert.equal(missingLine([], ""), undefined);
});

test("another order, a part of a line, a line that comes once and is wanted twice, and another word are not", () => {
  assert.equal(missingLine(["(done)", "payments ok …"], OUTPUT), "payments ok …");
  assert.equal(missingLine(["payments"], OUTPUT), "payments");
  assert.equal(missingLine(["(done)", "(done)"], OUTPUT), "(done)");
  assert.equal(missingLine(["payments due …"], OUTPUT), "payments due …");
  assert.equal(missingLine(["(don.)"], OUTPUT), "(don.)");
});
