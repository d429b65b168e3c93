import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfig } from "../../../../../src/config/load.ts";
import { drillConfig } from "../../../../../src/dev/demo/drill/config.ts";

describe("the configuration of the drill", () => {
  const directory = "/tmp/drill";
  const login = { roleId: "role-id", secretId: "the secret" };
  const text = drillConfig(
    {
      directory,
      main: { address: "http://127.0.0.1:8200", login },
      dr: { address: "http://127.0.0.1:8210", login },
      metrics: "127.0.0.1:9464",
      web: { directory: "/tmp/drill/disk/web", port: 8443, pidFile: "/tmp/drill/web/pid", check: ["/bin/true"] },
    },
    "ec-p384",
  );

  it("is one that leafd takes without a warning: a ladder for two, a dependent with a probe for the third", () => {
    const { settings, warnings } = parseConfig([{ file: "leafd.yaml", text }], {});
    assert.deepEqual(warnings, []);
    const [orders, payments, web] = settings.services;
    for (const service of [orders, payments]) {
      assert.deepEqual(
        service?.issuers.map(({ name, cluster }) => [name, cluster]),
        [
          ["main", "default"],
          ["dr", "dr"],
        ],
      );
      assert.equal(service?.outage.reserve?.issuer.role, "reserve");
    }
    assert.deepEqual([web?.probes.length, web?.escalate.length, web?.request.key], [1, 1, "ec-p384"]);
  });

  it("does not hold a secret id", () => assert.doesNotMatch(text, /the secret/));
});
