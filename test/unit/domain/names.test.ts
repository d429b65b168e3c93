import assert from "node:assert/strict";
import { isIP } from "node:net";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { canonicalIp, ipFromBytes, ipToBytes } from "../../../src/domain/ip.ts";
import {
  impliedName,
  isHostLike,
  type NameKind,
  nameProblem,
  normaliseNames,
  sameNames,
} from "../../../src/domain/names.ts";

const NONE = { dns: [], ips: [], uris: [], emails: [] };

describe("normalised names", () => {
  it("are in lower case where case means nothing, sorted, without duplicates", () => {
    const names = normaliseNames({
      commonName: "Payments",
      dns: ["b.SVC.", "A.svc", "b.svc", "*.Z.svc"],
      ips: ["2001:DB8:0:0:0:0:0:1", "10.0.0.1", "::ffff:10.0.0.1"],
      uris: ["HTTPS://User@Example.COM:443/Path?Q#F", "URN:Example:A"],
      emails: ["Ops@Example.COM"],
    });
    assert.deepEqual(names, {
      commonName: "Payments",
      dns: ["*.z.svc", "a.svc", "b.svc"],
      ips: ["10.0.0.1", "2001:db8::1"],
      uris: ["https://User@example.com:443/Path?Q#F", "urn:Example:A"],
      emails: ["Ops@example.com"],
    });
  });

  it("stay what they are when normalised again", () => {
    const texts = fc.array(fc.oneof(fc.domain(), fc.webUrl(), fc.emailAddress(), fc.ipV6(), fc.string()));
    fc.assert(
      fc.property(fc.record({ dns: texts, ips: texts, uris: texts, emails: texts }), (names) => {
        const once = normaliseNames(names);
        const { dns, ...rest } = normaliseNames(once);
        assert.deepEqual(rest, { ips: once.ips, uris: once.uris, emails: once.emails });
        // Only a name that is none anyway, such as "a..", can lose another dot.
        for (const name of dns) assert.ok(once.dns.includes(name) || once.dns.includes(`${name}.`));
      }),
    );
  });

  it("are the same in any order, and not with another one", () => {
    const names = { ...NONE, commonName: "a", dns: ["a", "b"] };
    assert.equal(sameNames(names, { ...names, dns: ["b", "a"] }), true);
    assert.equal(sameNames(names, { ...names, dns: ["a", "c"] }), false);
    assert.equal(sameNames(names, { ...names, dns: ["a", "b", "c"] }), false);
    assert.equal(sameNames(names, { ...names, uris: ["a"] }), false);
    assert.equal(sameNames(names, { ...NONE, dns: ["a", "b"] }), false);
  });
});

describe("an IP address", () => {
  // RFC 5952 §4 and §5.
  for (const [text, canonical] of [
    ["192.0.2.1", "192.0.2.1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["2001:DB8::A", "2001:db8::a"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:0201", "192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["fe80::1%eth0", undefined],
    ["010.0.0.1", undefined],
    ["10.0.0", undefined],
    ["10.0.0.0/8", undefined],
    ["a.svc", undefined],
  ] as const) {
    it(`${text} is ${canonical ?? "none"}`, () => assert.equal(canonicalIp(text), canonical));
  }

  it("goes into a certificate and comes back", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const canonical = canonicalIp(text) ?? assert.fail(`${text} is none`);
        const bytes = ipToBytes(canonical);
        assert.equal(bytes.length, isIP(canonical) === 4 ? 4 : 16);
        assert.equal(ipFromBytes(bytes), canonical);
      }),
    );
  });

  it("of a certificate is no IPv4 address when it is mapped, and none at another length", () => {
    assert.equal(ipFromBytes(Buffer.from("00000000000000000000ffff0a000001", "hex")), "::ffff:10.0.0.1");
    assert.equal(ipFromBytes(Buffer.alloc(8)), undefined);
  });
});

describe("a common name", () => {
  for (const [commonName, implied] of [
    ["payments", { kind: "dns", value: "payments" }],
    ["Payments.SVC.", { kind: "dns", value: "payments.svc" }],
    ["*.svc", { kind: "dns", value: "*.svc" }],
    ["10.0.0.1", { kind: "dns", value: "10.0.0.1" }],
    ["bücher.example", { kind: "dns", value: "xn--bcher-kva.example" }],
    ["Ops@Example.com", { kind: "email", value: "Ops@example.com" }],
    ["Payments service", undefined],
    ["a..b", undefined],
    ["-a", undefined],
    ["", undefined],
  ] as const) {
    it(`${JSON.stringify(commonName)} implies ${implied?.value ?? "nothing"}`, () => {
      assert.deepEqual(impliedName(commonName), implied);
      assert.equal(isHostLike(commonName), implied?.kind === "dns");
    });
  }
});

const PROBLEMS: readonly (readonly [NameKind, string, RegExp | undefined])[] = [
  ["commonName", "Zahlungen ü 🌿", undefined],
  ["commonName", "x".repeat(64), undefined],
  ["commonName", "🌿".repeat(65), /is 65 characters long; the limit is 64/],
  ["commonName", "a\nb", /control character/],
  ["commonName", "a\u2028b", /control character/],
  ["commonName", "a\ud800", /not well-formed/],
  ["commonName", " a", /white space/],
  ["commonName", "", /is empty/],
  ["dns", "payments.svc", undefined],
  ["dns", "*.payments.svc", undefined],
  ["dns", "my_service", undefined],
  ["dns", "A.svc.", undefined],
  ["dns", "a.*.svc", /wildcard/],
  ["dns", "a*.svc", /wildcard/],
  ["dns", "*", /wildcard/],
  ["dns", "10.0.0.1", /list it under ips/],
  ["dns", "::1", /list it under ips/],
  ["dns", "bücher.svc", /write it as xn--bcher-kva\.svc/],
  ["dns", "a..svc", /not a host name/],
  ["dns", ".svc", /not a host name/],
  ["dns", "-a.svc", /not a host name/],
  ["dns", `${"a".repeat(64)}.svc`, /not a host name/],
  ["dns", `${"a.".repeat(126)}ab`, /is 254 characters long; the limit is 253/],
  ["dns", "a b", /not a host name/],
  ["dns", "https://a.svc", /not a host name/],
  ["ip", "2001:DB8::1", undefined],
  ["ip", "10.0.0.256", /not an IP address/],
  ["ip", "10.0.0.0/8", /not an IP address/],
  ["uri", "https://a.svc/b?c=%20#d", undefined],
  ["uri", "urn:uuid:1", undefined],
  ["uri", "a.svc/b", /no scheme/],
  ["uri", "https:", /percent-encode/],
  ["uri", "https://a/b c", /percent-encode/],
  ["uri", "https://a/%2", /percent-encode/],
  ["uri", "https://bücher/", /percent-encode/],
  ["uri", "spiffe://corp/ns/prod/Payments_1", undefined],
  ["uri", "spiffe://corp", undefined],
  ["uri", "SPIFFE://corp/a", /in lower case/],
  ["uri", "spiffe://corp/a?b", /no query or fragment/],
  ["uri", "spiffe://corp/a#b", /no query or fragment/],
  ["uri", "spiffe:///a", /trust domain/],
  ["uri", "spiffe://Corp/a", /trust domain/],
  ["uri", "spiffe://corp:8443/a", /trust domain/],
  ["uri", "spiffe://me@corp/a", /trust domain/],
  ["uri", `spiffe://${"a".repeat(256)}/a`, /more than 255/],
  ["uri", "spiffe://corp/", /slash at its end/],
  ["uri", "spiffe://corp//a", /empty path segment/],
  ["uri", "spiffe://corp/a/../b", /path segment \. or \.\./],
  ["uri", "spiffe://corp/a%20b", /path that is not made of/],
  ["uri", `spiffe://corp/${"a".repeat(2048)}`, /limit of a SPIFFE ID is 2048/],
  ["email", "ops+a@example.com", undefined],
  ["email", "example.com", /no mailbox/],
  ["email", "@example.com", /no mailbox/],
  ["email", "a b@example.com", /mailbox that is not plain/],
  ["email", "ä@example.com", /mailbox that is not plain/],
  ["email", "ops@", /domain that is not/],
  ["email", "ops@*.example.com", /domain that is not/],
];

describe("the problem of a name", () => {
  for (const [kind, value, problem] of PROBLEMS) {
    it(`${kind} ${JSON.stringify(value.slice(0, 40))}: ${problem?.source ?? "none"}`, () => {
      const found = nameProblem(kind, value);
      if (problem === undefined) assert.equal(found, undefined);
      else assert.match(found ?? "none", problem);
    });
  }
});
