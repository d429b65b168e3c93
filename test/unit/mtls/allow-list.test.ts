import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { LeafdError } from "../../../src/domain/errors.ts";
import { allowList } from "../../../src/mtls/allow-list.ts";

const PAYMENTS = "spiffe://demo/payments";
const AUDIT = "spiffe://demo/ns/audit/reader";

const list = allowList({
  "GET /": [PAYMENTS],
  "GET /orders": [PAYMENTS],
  "GET /orders/*": [PAYMENTS],
  "DELETE /orders/*": [],
  "GET /orders/secret": [AUDIT],
  "GET /audit/*": ["spiffe://demo/ns/*"],
});

const decided = (method: string, target: string, id: string): string => {
  const decision = list.decide(method, target, id);
  return decision.kind === "allowed" ? `allowed by ${decision.endpoint}` : `denied ${decision.reason}`;
};

describe("what the rules allow", () => {
  const matrix: readonly [method: string, target: string, id: string, verdict: string][] = [
    ["GET", "/", PAYMENTS, "allowed by GET /"],
    ["GET", "/orders", PAYMENTS, "allowed by GET /orders"],
    ["GET", "/orders?limit=5", PAYMENTS, "allowed by GET /orders"],
    ["GET", "/orders?next=/../admin", PAYMENTS, "allowed by GET /orders"],
    ["GET", "/orders", AUDIT, "denied identity_not_allowed"],
    ["GET", "/orders/7", PAYMENTS, "allowed by GET /orders/*"],
    ["GET", "/orders/7/lines/2", PAYMENTS, "allowed by GET /orders/*"],
    ["GET", "/orders/", PAYMENTS, "denied unknown_endpoint"],
    ["GET", "/ordersx", PAYMENTS, "denied unknown_endpoint"],
    ["POST", "/orders", PAYMENTS, "denied unknown_endpoint"],
    ["HEAD", "/orders", PAYMENTS, "denied unknown_endpoint"],
    ["DELETE", "/orders/7", PAYMENTS, "denied identity_not_allowed"],
    // The most specific rule decides alone: the wider one does not open what the narrow one closes.
    ["GET", "/orders/secret", PAYMENTS, "denied identity_not_allowed"],
    ["GET", "/orders/secret", AUDIT, "allowed by GET /orders/secret"],
    ["GET", "/orders/secret/x", PAYMENTS, "allowed by GET /orders/*"],
    ["GET", "/audit/log", AUDIT, "allowed by GET /audit/*"],
    ["GET", "/audit/log", "spiffe://demo/ns", "denied identity_not_allowed"],
    ["GET", "/audit/log", "spiffe://demo/nsx/a", "denied identity_not_allowed"],
    ["GET", "/audit/log", "spiffe://other/ns/a", "denied identity_not_allowed"],
    ["GET", "/audit/log", "", "denied identity_not_allowed"],
  ];
  for (const [method, target, id, verdict] of matrix)
    it(`${method} ${target} by ${id || "nobody"}: ${verdict}`, () =>
      assert.equal(decided(method, target, id), verdict));
});

it("a wildcard stands for at least one segment, at the root too", () => {
  const everything = allowList({ "GET /*": [PAYMENTS] });
  assert.equal(everything.decide("GET", "/", PAYMENTS).kind, "denied");
  assert.equal(everything.decide("GET", "/a", PAYMENTS).kind, "allowed");
});

describe("paths that somebody could read as another one", () => {
  const hostile = [
    "//orders",
    "/orders//7",
    "/orders/./7",
    "/orders/../orders",
    "/orders/7/..",
    "/x/../orders",
    "/%6frders",
    "/orders/%2e%2e/admin",
    "/orders/%2fadmin",
    "/orders\\7",
    "/orders/..\\admin",
    "/ORDERS",
    "/Orders",
    "/orders;v=1",
    "/orders/7;x",
    "/orders#x",
    "/orders/7#/admin",
    "/orders%00",
    "/orders/\u0000",
    "/orders/\u2215admin",
    "/orders/ 7",
    "http://demo/orders",
    "*",
    "",
    "orders",
    "?/orders",
    "/orders\n",
    "/orders/7\r\n",
  ];
  for (const target of hostile)
    it(`${JSON.stringify(target)} is no endpoint`, () =>
      assert.equal(decided("GET", target, PAYMENTS), "denied unknown_endpoint"));

  it("no spelling reaches another endpoint than a router of the WHATWG kind would find", () => {
    const piece = fc.constantFrom(
      "/",
      "..",
      ".",
      "orders",
      "secret",
      "%2e",
      "%2F",
      "\\",
      "//",
      "7",
      "?",
      "#",
      ";",
      "%",
      "admin",
    );
    let allowed = 0;
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join("")}`),
        (target) => {
          const decision = list.decide("GET", target, PAYMENTS);
          if (decision.kind === "denied") return;
          allowed += 1;
          const routed = decodeURIComponent(new URL(target, "http://demo").pathname);
          assert.deepEqual(list.decide("GET", routed, PAYMENTS), decision, `${target} is routed to ${routed}`);
        },
      ),
      { numRuns: 2000 },
    );
    assert.ok(allowed > 50, `${allowed} of them were allowed and looked at`);
  });
});

describe("default deny", () => {
  const id = fc.constantFrom(PAYMENTS, AUDIT, "spiffe://demo/orders", "spiffe://demo/payments/x", "spiffe://demo");
  const endpoint = fc
    .tuple(fc.constantFrom("GET", "POST"), fc.constantFrom("/a", "/a/b", "/b"))
    .map(([method, path]) => ({ method, path }));

  it("allows exactly the pairs that were written down", () => {
    const rules = fc.array(fc.tuple(endpoint, fc.array(id, { maxLength: 3 })), { maxLength: 5 });
    fc.assert(
      fc.property(rules, endpoint, id, (entries, asked, caller) => {
        const written = Object.fromEntries(entries.map(([{ method, path }, ids]) => [`${method} ${path}`, ids]));
        const expected = written[`${asked.method} ${asked.path}`]?.includes(caller) === true;
        assert.equal(allowList(written).decide(asked.method, asked.path, caller).kind === "allowed", expected);
      }),
    );
  });

  it("knows nothing of inherited names", () => {
    assert.equal(allowList({}).decide("GET", "/constructor", PAYMENTS).kind, "denied");
    assert.equal(allowList({}).decide("GET", "/__proto__", PAYMENTS).kind, "denied");
  });
});

describe("rules that are none", () => {
  for (const endpoint of [
    "/orders",
    "get /orders",
    "GET orders",
    "GET  /orders",
    "GET /orders/",
    "GET /a/*/b",
    "GET /a*",
    "GET /%61",
    "GET /a/../b",
    "GET /a?b",
    "GET",
    "",
  ])
    it(`refuses the endpoint ${JSON.stringify(endpoint)}`, () =>
      assert.throws(() => allowList({ [endpoint]: [PAYMENTS] }), isConfigInvalid));

  for (const id of [
    "payments",
    "spiffe://",
    "spiffe://Demo/x",
    "spiffe://demo/",
    "spiffe://demo/a/../b",
    "spiffe://demo/*/x",
    "spiffe://*",
    "*",
    "SPIFFE://demo/x",
    "spiffe://demo/x?y",
    "spiffe://u@demo/x",
  ])
    it(`refuses the identity ${id}`, () => assert.throws(() => allowList({ "GET /orders": [id] }), isConfigInvalid));

  function isConfigInvalid(thrown: unknown): boolean {
    return thrown instanceof LeafdError && thrown.reason === "config_invalid" && thrown.hint !== undefined;
  }
});
