import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ReloadStep } from "../../../src/domain/reload-spec.ts";
import { targetKey } from "../../../src/reload/target-key.ts";

type Http = Extract<ReloadStep, { kind: "http" }>;

const REQUEST: Omit<Http, "url"> = {
  kind: "http",
  method: "POST",
  headers: {},
  headerFiles: {},
  expect: [200],
  timeout: 1000,
};

function exec(shared: boolean, ...argv: [string, ...string[]]): ReloadStep {
  return { kind: "exec", argv, shared, timeout: 1000 };
}

suite("target keys", () => {
  test("two services that signal one pid file are one target; another signal is another", () => {
    const target = { by: "pidFile", path: "/run/nginx.pid" } as const;
    const hup = { kind: "signal", signal: "SIGHUP", target, allowInit: false } as const;
    assert.equal(targetKey(hup, "api"), "SIGHUP to /run/nginx.pid");
    assert.equal(targetKey(hup, "api"), targetKey({ ...hup, allowInit: true }, "web"));
    assert.notEqual(targetKey(hup, "api"), targetKey({ ...hup, signal: "SIGUSR1" }, "api"));
  });

  test("a command is one target for all services only when it is shared", () => {
    assert.equal(targetKey(exec(true, "reload", "all"), "api"), targetKey(exec(true, "reload", "all"), "web"));
    assert.notEqual(targetKey(exec(false, "reload", "all"), "api"), targetKey(exec(false, "reload", "all"), "web"));
    assert.notEqual(targetKey(exec(true, "reload", "a b"), "api"), targetKey(exec(true, "reload", "a", "b"), "api"));
  });

  test("a unit counts with its action, a file by its path", () => {
    const unit = { kind: "systemd", unit: "nginx.service", timeout: 1000 } as const;
    assert.equal(targetKey({ ...unit, action: "reload" }, "api"), "reload nginx.service");
    assert.notEqual(targetKey({ ...unit, action: "reload" }, "api"), targetKey({ ...unit, action: "restart" }, "api"));
    assert.equal(targetKey({ kind: "touch", path: "/run/trigger" }, "api"), "touch /run/trigger");
  });

  test("credentials and queries of a URL tell targets apart and are not shown", () => {
    const keys = ["http://host/reload", "http://host/reload?token=abc", "http://me:pw@host/reload"].map((url) =>
      targetKey({ ...REQUEST, url }, "api"),
    );
    assert.equal(keys[0], "POST http://host/reload");
    assert.equal(new Set(keys).size, 3);
    assert.doesNotMatch(keys.join(" "), /token|abc|me:|pw/);
  });
});
