import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { CertificateRequest } from "../../../src/domain/spec.ts";
import { DAY, HOUR, MINUTE } from "../../../src/domain/units.ts";
import { judgeRole } from "../../../src/vault/role-findings.ts";

const REVIEW = { maxTtl: 90 * DAY, scrapeInterval: MINUTE };
/** What a role for one service should be, as Vault answers it. */
const NARROW = {
  allowed_domains: ["web.svc"],
  allow_bare_domains: true,
  allow_ip_sans: false,
  allowed_uri_sans: ["spiffe://corp/web"],
  require_cn: false,
  key_type: "ec",
  ttl: 24 * 3600,
  max_ttl: 72 * 3600,
};

function judge(role: object, request: Partial<CertificateRequest> = {}) {
  const names = { dns: ["web.svc"], ips: [], uris: [], emails: [] };
  const asked = { names, key: "ec-p256", reuseKey: false, usages: [], ...request } as const;
  const wanted = [{ service: "web", request: asked, renewAt: 2 / 3 }];
  return judgeRole({ ...NARROW, ...role }, wanted, REVIEW);
}

const codes = (role: object, request?: Partial<CertificateRequest>) => judge(role, request).map(({ code }) => code);

test("a role that is made for its service is well", () => {
  assert.deepEqual(judge({}), []);
  assert.deepEqual(judge({}, { ttl: 8 * HOUR }), []);
});

suite("a lifetime that the role decides on", () => {
  test("is judged as one that the service asks for", () => {
    assert.deepEqual(codes({ ttl: 91 * 86_400, max_ttl: 0 }), ["long_lived"]);
    assert.deepEqual(codes({ ttl: 1800 }), ["alert_late"]);
    assert.match(judge({ ttl: 1800 })[0]?.message ?? "", /^web: scraped every 1m, the critical alert may come /);
  });

  test("is judged as well when the role cuts it, and not again when the service says it", () => {
    assert.deepEqual(codes({ max_ttl: 1800 }, { ttl: DAY }), ["ttl_capped", "alert_late"]);
    assert.deepEqual(codes({}, { ttl: 30 * MINUTE }), ["role_wide"]);
  });
});

suite("a role that gives far more than is asked for", () => {
  const cases: readonly (readonly [role: object, said: RegExp])[] = [
    [{ allow_any_name: true }, /any name \(allow_any_name\)$/],
    [{ allow_glob_domains: true, allowed_domains: ["web.svc", "*"] }, /\(allowed_domains=\*\)$/],
    [{ allow_glob_domains: true, allowed_domains: ["*.com"] }, /\(allowed_domains=\*\.com\)$/],
    [{ allowed_uri_sans: ["*"] }, /\(allowed_uri_sans=\*\)$/],
    [{ allowed_uri_sans: ["spiffe://*"] }, /\(allowed_uri_sans=spiffe:\/\/\*\)$/],
    [{ allow_ip_sans: true }, /any IP address, and no service has one \(allow_ip_sans\)$/],
    [{ max_ttl: 365 * 86_400 }, /lives of up to 365d \(max_ttl\)$/],
    [{ allow_any_name: true, key_type: "any" }, /\(allow_any_name\); keys of any type \(key_type=any\)$/],
  ];
  for (const [role, said] of cases)
    test(JSON.stringify(role), () => {
      const [wide, ...more] = judge(role);
      assert.equal(wide?.code, "role_wide");
      assert.match(wide.message, said);
      assert.deepEqual(more, []);
    });

  test("is measured by what is asked for", () => {
    const names = { dns: ["web.svc"], ips: ["10.0.0.1"], uris: [], emails: [] };
    assert.deepEqual(codes({ allow_ip_sans: true }, { names }), []);
    assert.deepEqual(codes({ allow_glob_domains: true, allowed_domains: ["*.team.corp", "web.svc"] }), []);
    assert.deepEqual(codes({ allowed_uri_sans: ["spiffe://corp/*"] }), []);
    assert.deepEqual(codes({ key_type: "any" }), []);
    assert.deepEqual(codes({}, { ttl: 7 * HOUR }), ["role_wide"], "72 h are more than ten times as long");
    assert.deepEqual(codes({ max_ttl: 365 * 86_400 }, { ttl: 365 * DAY }), []);
  });
});
