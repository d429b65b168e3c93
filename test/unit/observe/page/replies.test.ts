import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { statusFromJson } from "../../../../src/domain/status/json.ts";
import { ask, observeListener } from "../../../support/observe-listener.ts";
import { daemonStatus, serviceStatus } from "../../../support/status.ts";

const STATUS = daemonStatus([serviceStatus()]);
const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

describe("the status page", () => {
  it("is for browsers; a program gets the index at the same address", async () => {
    await using listener = await observeListener(STATUS);
    const page = await ask(listener.url, BROWSER);
    assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
    assert.match(page.body, /^<!doctype html>/);
    const index = await ask(listener.url, { accept: "*/*" });
    assert.equal(index.headers["content-type"], "text/plain; charset=utf-8");
    for (const path of ["/status.json", "/status/stream", "/metrics", "/readyz"]) assert.ok(index.body.includes(path));
  });

  it("may run its own scripts and nothing else", async () => {
    await using listener = await observeListener(STATUS);
    const { headers, body } = await ask(listener.url, BROWSER);
    const policy = String(headers["content-security-policy"]).split("; ");
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"])
      assert.ok(policy.includes(rule), rule);
    assert.ok(policy.includes("frame-ancestors 'none'") && policy.includes("require-trusted-types-for 'script'"));
    assert.doesNotMatch(policy.join(), /unsafe|\*|http/);
    assert.doesNotMatch(body, / on[a-z]+=|style=|<style|javascript:|<script(?![^>]* src=")/i);
    assert.doesNotMatch(body, /(?:src|href)="(?:https?:)?\/\//);
  });

  it("comes with all that it names, each of the right kind, and with nothing else of its folder", async () => {
    await using listener = await observeListener(STATUS);
    const { body } = await ask(listener.url, BROWSER);
    const kinds = new Map([
      ["css", "text/css"],
      ["js", "text/javascript"],
      ["svg", "image/svg+xml"],
    ]);
    const named = [...body.matchAll(/"(\/page\/[^"]+\.(css|js|svg))"/g)];
    assert.equal(new Set(named.map(([, path]) => path)).size, 3);
    for (const [, path = "", extension = ""] of named) {
      const { status, headers } = await ask(listener.url + path);
      assert.equal(status, 200, path);
      assert.ok(String(headers["content-type"]).startsWith(kinds.get(extension) ?? "?"), path);
    }
    for (const path of ["/page/tsconfig.json", "/page/../routes.ts", "/page/%2e%2e/routes.ts", "/page/", "/page"])
      assert.equal((await ask(listener.url + path)).status, 404, path);
  });

  it("is read under a name of this machine only, also on the network", async () => {
    await using network = await observeListener(STATUS, { listen: "0.0.0.0:0" });
    const url = network.url.replace("0.0.0.0", "127.0.0.1");
    for (const path of ["/", "/page/main.js", "/status.json", "/status/stream"]) {
      const { status, body } = await ask(url + path, { ...BROWSER, host: "evil.example" });
      assert.equal(status, 421, path);
      assert.doesNotMatch(body, /payments/, path);
    }
    assert.equal((await ask(`${url}/status.json`, { host: "leafd.corp:9464" })).status, 200);
    // A scraper comes by whatever name the operator's DNS has.
    assert.equal((await ask(`${url}/metrics`, { host: "node-7.example" })).status, 200);
  });

  it("changes nothing, whatever is sent", async () => {
    await using listener = await observeListener(STATUS);
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
      for (const path of ["/", "/status.json", "/status/stream", "/page/main.js"])
        assert.equal((await ask(listener.url + path, {}, method)).status, 405, `${method} ${path}`);
  });
});

describe("status.json", () => {
  it("is the status as `leafd status --json` says it", async () => {
    await using listener = await observeListener(STATUS);
    const { headers, body } = await ask(`${listener.url}/status.json`);
    assert.equal(headers["content-type"], "application/json; charset=utf-8");
    assert.deepEqual(statusFromJson(body), STATUS);
  });
});
