import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderStatusTable, statusExitCode } from "../../../src/cli/status/table.ts";
import { HOUR } from "../../../src/domain/units.ts";
import { daemonStatus, missingService, NOW, serviceStatus } from "../../support/status.ts";

const plain = { now: NOW, colour: false };

describe("the status table", () => {
  it("aligns one line a service under its headings", () => {
    const table = renderStatusTable(daemonStatus([serviceStatus(), missingService()]), plain);
    assert.equal(
      table,
      [
        "SERVICE   STATE    SERIAL         EXPIRES IN  RENEWAL IN  ISSUER  RELOAD  REASON",
        "payments  ok       3f2a91b0…d5e6  12h         8h          main    done",
        "billing   missing  -              -           -           main    -       sealed (issue in 5s): Vault is sealed",
        "",
        "cluster default: https://vault.internal:8200 is up, token ends in 1h",
        "",
      ].join("\n"),
    );
  });

  it("says what is over, due and owed", () => {
    const late = serviceStatus({ state: "expired", notAfter: NOW, due: NOW - HOUR, delivered: false });
    const [, row = ""] = renderStatusTable(daemonStatus([late]), plain).split("\n");
    assert.match(row, /expired {2}3f2a91b0…d5e6 {2}expired {5}now {9}main {4}owed$/);
  });

  it("says until when a service is paused, before what troubles it", () => {
    const pausedUntil = NOW + HOUR;
    const status = daemonStatus([serviceStatus({ pausedUntil }), missingService({ pausedUntil })]);
    const [, fine = "", ill = ""] = renderStatusTable(status, plain).split("\n");
    assert.match(fine, /done {4}paused until 2026-01-01T13:00:00Z$/);
    assert.match(ill, /- {7}paused until 2026-01-01T13:00:00Z; sealed \(issue in 5s\): Vault is sealed$/);
  });

  it("says when the certificate in use ends, and that it is the reserve", () => {
    const owed = { state: "reload_owed", delivered: false } as const;
    const services = [
      serviceStatus({ ...owed, usedUntil: NOW - HOUR }),
      serviceStatus({ ...owed, usedUntil: NOW + HOUR }),
      serviceStatus({ rung: "reserve" }),
    ];
    const [, ended = "", ends = "", reserve = ""] = renderStatusTable(daemonStatus(services), plain).split("\n");
    assert.match(ended, /owed {4}the one in use ended 1h ago$/);
    assert.match(ends, /owed {4}the one in use ends in 1h$/);
    assert.match(reserve, /done {4}its reserve is in use$/);
  });

  it("says since when a cluster is down, and that nobody is let in", () => {
    const login = { reason: "login_denied", since: NOW - HOUR, retryAt: NOW + HOUR } as const;
    const clusters = [
      { name: "a", address: "https://a:8200", up: false, reason: "sealed", since: NOW - HOUR },
      { name: "b", address: "https://b:8200", up: true, login },
    ] as const;
    const table = renderStatusTable(daemonStatus([], { clusters }), plain);
    assert.match(table, /^cluster a: https:\/\/a:8200 is down for 1h \(sealed\)$/m);
    assert.match(table, /^cluster b: .* is up, no login for 1h \(login_denied\), tried again in 1h$/m);
  });

  it("cuts the reason at the width of the terminal, and nothing in a pipe", () => {
    const status = daemonStatus([missingService({ message: "x".repeat(500) })]);
    const cut = renderStatusTable(status, { ...plain, width: 100 }).split("\n");
    assert.equal(cut[1]?.length, 100);
    assert.match(cut[1] ?? "", /x…$/);
    assert.match(renderStatusTable(status, plain), /x{500}\n/);
  });

  it("keeps the start of the reason on a narrow terminal", () => {
    const table = renderStatusTable(daemonStatus([missingService()]), { ...plain, width: 20 });
    assert.match(table, /sealed \(issue/);
  });

  it("colours the state alone, and only when asked", () => {
    const status = daemonStatus([serviceStatus(), missingService()]);
    const table = renderStatusTable(status, { ...plain, colour: true });
    assert.match(table, /payments {2}\u001b\[32mok\u001b\[0m {7}3f2a/);
    assert.match(table, /billing {3}\u001b\[31mmissing\u001b\[0m {2}-/);
    assert.doesNotMatch(renderStatusTable(status, plain), /\u001b/);
  });

  it("lets no message steer the terminal", () => {
    const status = daemonStatus([missingService({ message: "a\u001b[2Jb\nc\u009bd\u202ee" })]);
    assert.match(renderStatusTable(status, plain), /: a \[2Jb c d e\n/);
  });

  it("shows a cluster that is down or not asked yet, and a configuration that was refused", () => {
    const clusters = [
      { name: "default", address: "https://a:8200", up: false, reason: "sealed" as const },
      { name: "dr", address: "https://b:8200" },
    ];
    const configError = { at: NOW, message: "leafd.yaml:3:5: unknown key\n  sevices:\n  ^" };
    const table = renderStatusTable(daemonStatus([], { clusters, configError }), plain);
    assert.match(table, /^cluster default: https:\/\/a:8200 is down \(sealed\)$/m);
    assert.match(table, /^cluster dr: https:\/\/b:8200 is not asked yet$/m);
    assert.match(
      table,
      /^configuration refused at 2026-01-01T12:00:00Z; the one of 2025-12-31T12:00:00Z is in force:\n {2}leafd.yaml:3:5/m,
    );
  });
});

describe("the exit code of status", () => {
  it("says whether every required service has a valid pair", () => {
    assert.equal(statusExitCode(daemonStatus([serviceStatus()]), NOW), 0);
    assert.equal(statusExitCode(daemonStatus([serviceStatus(), missingService()]), NOW), 1);
  });
});
