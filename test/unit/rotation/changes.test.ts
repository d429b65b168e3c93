import assert from "node:assert/strict";
import { test } from "node:test";
import { turnover } from "../../../src/rotation/changes.ts";
import { exampleIssuer, exampleService } from "../../support/circumstances.ts";

const none: ReadonlySet<string> = new Set();
const service = (name: string, role = "svc") => exampleService({ name, issuers: [exampleIssuer("main", { role })] });

/** The names of those who go, change and come, and of the issuers that are others. */
function between(...[before, after, replaced]: Parameters<typeof turnover>) {
  const { gone, changed, fresh, issuers } = turnover(before, after, replaced);
  const names = (specs: typeof gone) => specs.map(({ name }) => name).join(" ");
  return [names(gone), names(changed), names(fresh), issuers.join(" ")];
}

test("a new configuration touches those that it changes, and forgets of an issuer what was known of another", () => {
  const [a, b, c] = [service("a"), service("b"), service("c")];
  assert.deepEqual(between([], [a, b], none), ["", "", "a b", ""]);
  assert.deepEqual(between([a, b], [service("a"), c], none), ["b", "", "c", ""]);
  assert.deepEqual(between([a, b], [a, { ...b, renewAt: 0.5 }], none), ["", "b", "", ""]);
  assert.deepEqual(between([a], [service("a", "other")], none), ["", "a", "", "main"]);
  assert.deepEqual(
    between([b], [service("c", "other")], none),
    ["b", "", "c", "main"],
    "the name is what it is known by",
  );
});

test("everybody who may ask a cluster that is another one begins anew, though his own configuration is the same", () => {
  const elsewhere = exampleService({ name: "b", issuers: [exampleIssuer("dr", { cluster: "dr" })] });
  const outage = {
    atExpiry: { kind: "keep" },
    reserve: { issuer: exampleIssuer("dr", { cluster: "dr" }), ttl: 1 },
  } as const;
  const withReserve = exampleService({ name: "c", outage });
  const all = [service("a"), elsewhere, withReserve];
  assert.deepEqual(between(all, all, new Set(["dr"])), ["", "b c", "", "dr"]);
});
