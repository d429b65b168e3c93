import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfig } from "../../../../src/config/load.ts";
import { leafdConfig } from "../../../../src/dev/demo/leafd-process.ts";

describe("the configuration that the demo writes", () => {
  const directory = '/tmp/with "quotes": and # more';
  const text = leafdConfig({
    directory,
    address: "http://127.0.0.1:8200",
    login: { roleId: "role-id", secretId: "the secret" },
    secretIdFile: `${directory}/secret-id`,
    ttl: 36_000,
    services: ["payments", "orders"],
  });

  it("is one that leafd takes, with a SPIFFE ID and a directory for each service", () => {
    const { settings, warnings } = parseConfig([{ file: "leafd.yaml", text }], {});
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      settings.services.map(({ request, output }) => [request.names.uris, request.ttl, output.directory]),
      [
        [["spiffe://demo/orders"], 36_000, `${directory}/live/orders`],
        [["spiffe://demo/payments"], 36_000, `${directory}/live/payments`],
      ],
    );
  });

  it("does not hold the secret id", () => assert.doesNotMatch(text, /the secret/));
});
