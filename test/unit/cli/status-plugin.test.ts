import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pluginUnknown, pluginVerdict } from "../../../src/cli/status/plugin.ts";
import type { ServiceStatus } from "../../../src/domain/status.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { daemonStatus, missingService, NOW, serviceStatus } from "../../support/status.ts";

const verdict = (...services: readonly ServiceStatus[]) => pluginVerdict(daemonStatus(services), NOW, true);
/** A service of whose renewal window of 100 minutes so many have passed. */
const burnt = (minutes: number, changes: Partial<ServiceStatus> = {}) =>
  serviceStatus({ due: NOW - minutes * MINUTE, notAfter: NOW + (100 - minutes) * MINUTE, ...changes });

describe("status --nagios", () => {
  it("is one line with performance data, OK while nothing is wrong", () => {
    assert.deepEqual(verdict(serviceStatus(), burnt(20, { name: "api", state: "retrying", reason: "sealed" })), {
      line: "LEAFD OK - 2 services | services=2;;;0 warning=0;;;0 critical=0;;;0 worst_burn=20%;20;40;0;100 next_end=4800s;;;0",
      exitCode: 0,
    });
  });

  it("judges by the renewal window, above a fifth and above two", () => {
    const warning = verdict(burnt(21, { state: "retrying", reason: "sealed" }));
    assert.equal(warning.exitCode, 1);
    assert.match(
      warning.line,
      /^LEAFD WARNING - 1 service; payments: 21% of its renewal window is used up \(sealed\) \| /,
    );
    assert.equal(verdict(burnt(40)).exitCode, 1);
    const critical = verdict(burnt(21, { name: "api" }), burnt(41));
    assert.equal(critical.exitCode, 2);
    assert.match(
      critical.line,
      /^LEAFD CRITICAL - 2 services; payments: 41% .*, api: 21% .*\| services=2;;;0 warning=1;;;0 critical=1;;;0 worst_burn=41%/,
    );
  });

  it("a required service without a valid pair is critical, another one a warning", () => {
    const missing = verdict(missingService());
    assert.deepEqual(
      [missing.exitCode, missing.line.split(" |")[0]],
      [2, "LEAFD CRITICAL - 1 service; billing: missing (sealed)"],
    );
    assert.equal(verdict(missingService({ required: false })).exitCode, 1);
    assert.equal(verdict(serviceStatus({ state: "expired", notAfter: NOW - HOUR })).exitCode, 2);
    assert.match(verdict(serviceStatus({ state: "expired", notAfter: NOW - HOUR })).line, /next_end=0s/);
  });

  it("warns of what is served, or not told in spite of a try", () => {
    assert.equal(verdict(serviceStatus({ state: "not_live", reason: "not_live" })).exitCode, 1);
    assert.equal(verdict(serviceStatus({ state: "reload_owed", reason: "reload_failed" })).exitCode, 1);
    assert.equal(verdict(serviceStatus({ state: "reload_owed" })).exitCode, 0, "a reload is on its way, or a window");
    assert.equal(verdict(serviceStatus({ state: "pending" })).exitCode, 1);
    assert.equal(verdict(serviceStatus({ rung: "reserve" })).exitCode, 1, "nothing may come after it");
  });

  it("warns of a configuration that is refused", () => {
    const refused = { ...daemonStatus([serviceStatus()]), configError: { at: NOW, message: "leafd.yaml: no" } };
    const { line, exitCode } = pluginVerdict(refused, NOW, true);
    assert.equal(exitCode, 1);
    assert.match(line, /^LEAFD WARNING - 1 service; configuration: refused at 2026-01-01T12:00:00Z \| /);
  });

  it("says that an operator has paused a service", () => {
    const { line } = verdict(burnt(50, { pausedUntil: NOW + HOUR }));
    assert.match(line, /used up \(paused until 2026-01-01T13:00:00Z\) \|/);
  });

  it("is critical when dependents use a certificate that has ended, whatever is on disk", () => {
    const owed = { state: "reload_owed", reason: "reload_failed" } as const;
    assert.equal(verdict(serviceStatus({ ...owed, usedUntil: NOW + 1 })).exitCode, 1);
    const ended = verdict(serviceStatus({ ...owed, usedUntil: NOW }));
    assert.equal(ended.exitCode, 2);
    assert.match(ended.line, /payments: its dependents use a certificate that has ended \(reload_failed\)/);
    assert.equal(verdict(serviceStatus({ ...owed, required: false, usedUntil: NOW })).exitCode, 1);
  });

  it("names the worst five of a thousand, and says when it read the disk", () => {
    const services = Array.from({ length: 1000 }, (_, index) => missingService({ name: `service-${index}` }));
    const { line } = pluginVerdict(daemonStatus(services), NOW, false);
    assert.match(
      line,
      /^LEAFD CRITICAL - 1000 services \(leafd is not running; read from disk\); .*, and 995 more \| /,
    );
    assert.ok(line.length < 512);
    assert.equal(verdict().line.split(" |")[0], "LEAFD OK - 0 services");
  });

  it("what cannot be known is UNKNOWN, on one line whose text has no bar", () => {
    assert.deepEqual(pluginUnknown("a | b\nc"), { line: "LEAFD UNKNOWN - a / b", exitCode: 3 });
  });
});
