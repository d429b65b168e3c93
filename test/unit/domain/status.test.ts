import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { statusFromJson, statusToJson } from "../../../src/domain/status/json.ts";
import { describeValidity, hasValidPair, isReady, standing } from "../../../src/domain/status.ts";
import { HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { daemonStatus, missingService, NOW, serviceStatus } from "../../support/status.ts";

describe("the state of a service", () => {
  const good = { inspected: true, notAfter: NOW + HOUR, due: NOW + MINUTE, delivered: true, failures: 0 };

  it("is the one that matters most", () => {
    assert.equal(standing(good, NOW), "ok");
    assert.equal(standing(good, NOW + MINUTE), "due");
    assert.equal(standing({ ...good, failures: 1 }, NOW + MINUTE), "retrying");
    assert.equal(standing({ ...good, failures: 1, delivered: false }, NOW), "reload_owed");
    assert.equal(standing({ inspected: true, delivered: true, failures: 3 }, NOW), "missing");
    assert.equal(standing({ inspected: false, delivered: true, failures: 0 }, NOW), "pending");
  });

  it("is expired from the last moment of the certificate on, whatever else is true", () => {
    assert.equal(standing({ ...good, failures: 9, delivered: false }, NOW + HOUR - 1), "reload_owed");
    assert.equal(standing({ ...good, failures: 9, delivered: false }, NOW + HOUR), "expired");
  });
});

describe("readiness", () => {
  it("waits for every required service, and for no other", () => {
    assert.equal(isReady(daemonStatus([serviceStatus()]), NOW), true);
    assert.equal(isReady(daemonStatus([serviceStatus(), missingService()]), NOW), false);
    assert.equal(isReady(daemonStatus([serviceStatus(), missingService({ required: false })]), NOW), true);
    assert.equal(isReady(daemonStatus([]), NOW), true);
  });

  it("ends with the certificate", () => {
    const status = daemonStatus([serviceStatus({ notAfter: NOW })]);
    assert.equal(isReady(status, NOW - 1), true);
    assert.equal(isReady(status, NOW), false);
  });

  it("outlives Vault, failures and an owed reload", () => {
    const service = serviceStatus({ state: "retrying", reason: "sealed", failures: 40, delivered: false });
    const clusters = [{ name: "default", address: "https://vault:8200", up: false, reason: "sealed" as const }];
    assert.equal(isReady(daemonStatus([service], { clusters }), NOW), true);
  });

  it("forgives a server whose clock is a little ahead, and not one that is far ahead", () => {
    assert.equal(hasValidPair(serviceStatus({ notBefore: NOW + 30 * SECOND }), NOW), true);
    assert.equal(hasValidPair(serviceStatus({ notBefore: NOW + HOUR }), NOW), false);
  });

  it("is explained in a few words", () => {
    assert.equal(describeValidity(serviceStatus(), NOW), "valid for 12h");
    assert.equal(describeValidity(missingService(), NOW), "no certificate yet: sealed");
    assert.equal(
      describeValidity(serviceStatus({ notAfter: NOW - 2 * MINUTE, reason: "dns" }), NOW),
      "expired 2m ago: dns",
    );
    assert.match(
      describeValidity(serviceStatus({ notBefore: NOW + HOUR }), NOW),
      /^not valid before 2026-01-01T13:00:00Z$/,
    );
  });
});

describe("the status as JSON", () => {
  it("writes its times in RFC 3339", () => {
    const written = JSON.parse(
      statusToJson(daemonStatus([serviceStatus()], { configError: { at: NOW, message: "bad" } })),
    );
    assert.equal(written.startedAt, "2025-12-31T12:00:00Z");
    assert.equal(written.configError.at, "2026-01-01T12:00:00Z");
    assert.equal(written.clusters[0].tokenExpires, "2026-01-01T13:00:00Z");
    const [service] = written.services;
    assert.equal(service.notAfter, "2026-01-02T00:00:00Z");
    assert.equal(service.lastSuccess.reload, "2026-01-01T00:00:00Z");
    assert.equal(service.failures, 0);
    assert.equal(written.pid, 4711);
  });

  it("knows every member that is a time", () => {
    const end = NOW + HOUR;
    const service = serviceStatus({ failedAt: NOW, failedStage: "issue", reserveNotAfter: end, served: false });
    const issuer = { name: "main", cluster: "default", circuit: "closed", caNotAfter: end } as const;
    const rest = { issuers: [issuer], trustNotAfter: end, lastTick: NOW, schedulerLag: 20 };
    const status = daemonStatus([service], rest);
    assert.deepEqual(statusFromJson(statusToJson(status)), status);
    const written = JSON.parse(statusToJson(status));
    const times = [written.services[0].failedAt, written.services[0].reserveNotAfter, written.issuers[0].caNotAfter];
    for (const time of [...times, written.trustNotAfter, written.lastTick])
      assert.match(time, /^2026-01-01T1[23]:00:00Z$/);
    assert.equal(written.schedulerLag, 20);
  });

  it("is read back as it was, to the second", () => {
    const second = fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => seconds * SECOND);
    fc.assert(
      fc.property(second, second, fc.string(), fc.nat(), (notAfter, nextAt, message, failures) => {
        const status = daemonStatus([serviceStatus({ notAfter, nextAt, message, failures }), missingService()]);
        assert.deepEqual(statusFromJson(statusToJson(status)), status);
      }),
    );
  });

  it("refuses what is no status", () => {
    for (const text of ["", "{", "null", "[]", '"x"', '{"version":"1"}', '{"version":1,"services":[],"clusters":[]}'])
      assert.throws(() => statusFromJson(text), { name: "LeafdError", reason: "bad_response" }, text);
  });
});
