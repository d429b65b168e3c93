import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDemoOptions } from "../../../../src/dev/demo/options.ts";

describe("the demo's command line", () => {
  it("is empty by default: the embedded Vault, until Ctrl-C", () =>
    assert.deepEqual(parseDemoOptions([]), { help: false, drill: false, realVault: false }));

  it("takes a time and the real server", () =>
    assert.deepEqual(parseDemoOptions(["--for", "1m", "--vault"]), {
      help: false,
      drill: false,
      realVault: true,
      total: 60_000,
    }));

  it("takes the drill, which has a length of its own", () => {
    assert.deepEqual(parseDemoOptions(["--drill"]), { help: false, drill: true, realVault: false });
    assert.throws(() => parseDemoOptions(["--drill", "--for", "1m"]), { reason: "config_invalid", hint: /--for/ });
  });

  const wrong = [["--for", "60"], ["--for", "29s"], ["--for", "soon"], ["--for"], ["--vualt"], ["60s"]];
  for (const args of wrong)
    it(`refuses ${args.join(" ")} and says what to do`, () =>
      assert.throws(() => parseDemoOptions(args), { reason: "config_invalid", hint: /60s|--help/ }));
});
