import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { statusToJson } from "../../../../src/domain/status/json.ts";
import type { ServiceStatus } from "../../../../src/domain/status.ts";
import { HOUR } from "../../../../src/domain/units.ts";
import { countStates, identities, listed } from "../../../../src/observe/page/listing.js";
import { Model } from "../../../../src/observe/page/model.js";
import { daemonStatus, missingService, NOW, serviceStatus } from "../../../support/status.ts";
import { syntheticFleet } from "../../../support/synthetic-fleet.ts";

const ALL = { text: "", state: "", sort: "state" } as const;

const FLEET: readonly ServiceStatus[] = [
  serviceStatus({ name: "web-10", notAfter: NOW + HOUR, due: NOW + 9 * HOUR }),
  serviceStatus({ name: "web-9", state: "retrying", reason: "sealed", notAfter: NOW + 2 * HOUR, due: NOW }),
  serviceStatus({ name: "mail", state: "retrying", reason: "timeout", notAfter: NOW + HOUR, due: NOW + HOUR }),
  missingService({ name: "ledger", issuer: "backup" }),
];

function names(wish: Partial<Parameters<typeof listed>[1]>): string[] {
  return listed(FLEET, { ...ALL, ...wish }).map(({ name }) => name);
}

describe("the list", () => {
  it("begins with the worst, of those with what ends first", () => {
    assert.deepEqual(names({}), ["ledger", "mail", "web-9", "web-10"]);
  });

  it("is sorted as somebody likes: names as people count, no certificate first", () => {
    assert.deepEqual(names({ sort: "name" }), ["ledger", "mail", "web-9", "web-10"]);
    assert.deepEqual(names({ sort: "expiry" }), ["ledger", "mail", "web-10", "web-9"]);
    assert.deepEqual(names({ sort: "renewal" }), ["ledger", "web-9", "mail", "web-10"]);
  });

  it("shows where every word fits: names, identities, issuers, serials, reasons", () => {
    assert.deepEqual(names({ text: "WEB" }), ["web-9", "web-10"]);
    assert.deepEqual(names({ text: "web sealed" }), ["web-9"]);
    assert.deepEqual(names({ text: "billing.svc" }), ["ledger"]);
    assert.deepEqual(names({ text: "backup" }), ["ledger"]);
    assert.deepEqual(names({ text: "3f2a91" }).length, 3);
    assert.deepEqual(names({ text: ".*" }), []);
    assert.deepEqual(names({ state: "retrying", text: "timeout" }), ["mail"]);
  });

  it("counts the states, and names each identity once", () => {
    assert.deepEqual(Object.fromEntries(countStates(FLEET)), { ok: 1, retrying: 2, missing: 1 });
    const all = { commonName: "a.svc", dns: ["a.svc", "b.svc"], ips: ["10.0.0.1"], uris: ["spiffe://a/b"], emails: [] };
    assert.deepEqual(identities(all), ["a.svc", "spiffe://a/b", "b.svc", "10.0.0.1"]);
  });
});

describe("the model", () => {
  it("has the status as the program has it, times as numbers, whatever came as text", () => {
    const status = syntheticFleet(20);
    const { services, ...daemon } = JSON.parse(statusToJson(status));
    const model = new Model();
    model.replace({ daemon, services });
    assert.deepEqual({ ...model.daemon, services: [...model.services.values()] }, status);
  });

  it("takes over what is different and keeps the rest", () => {
    const model = new Model();
    const json = (status: unknown) => JSON.parse(JSON.stringify(status));
    model.replace(json({ daemon: daemonStatus([]), services: FLEET }));
    assert.deepEqual(model.change(json({ services: [serviceStatus({ name: "mail" })] })), ["mail"]);
    assert.deepEqual([model.services.size, model.services.get("mail")?.state], [4, "ok"]);
    model.replace({ services: [] });
    assert.equal(model.services.size, 0);
  });
});
