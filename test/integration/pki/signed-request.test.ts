import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { parseCertificate } from "../../../src/domain/certificate.ts";
import { normaliseNames } from "../../../src/domain/names.ts";
import { KEY_ALGORITHMS, type KeyAlgorithm, type Names } from "../../../src/domain/spec.ts";
import { HOUR } from "../../../src/domain/units.ts";
import { type VerifiedBundle, verifyPair } from "../../../src/domain/verify.ts";
import { keys } from "../../../src/keys/keys.ts";
import { startOpenBao } from "../../support/openbao-server.ts";
import { setUpPki } from "../../support/pki-setup.ts";

const vault = await startOpenBao();
after(() => vault[Symbol.asyncDispose]());
const ANY_NAME = { allow_any_name: true, enforce_hostnames: false, allowed_uri_sans: ["*"], ttl: "1h" };
const pki = await setUpPki(vault, { roleSettings: ANY_NAME });

interface Options {
  readonly key?: KeyAlgorithm;
  readonly exclude_cn_from_sans?: boolean;
}

/** Asks the server for these names by a signing request alone, and proves what comes back. */
async function sign(asked: Partial<Names>, options: Options = {}): Promise<VerifiedBundle> {
  const { key = "ec-p256", ...parameters } = options;
  const names = normaliseNames({ dns: [], ips: [], uris: [], emails: [], ...asked });
  const privateKey = keys.generate(key);
  const reply = await vault.root("POST", `${pki.mount}/sign/${pki.role}`, {
    ...parameters,
    csr: keys.request(privateKey, names),
  });
  return verifyPair({
    leaf: parseCertificate(reply.data.certificate),
    chain: reply.data.ca_chain.map((pem: string) => parseCertificate(pem)),
    privateKeyHash: keys.publicKeyHash(privateKey),
    request: { names, key, reuseKey: false, usages: ["server", "client"] },
    roots: [parseCertificate(pki.root)],
    now: Date.now(),
    minimumLifetime: HOUR / 2,
    mustGain: false,
  });
}

describe("a request that the server signs verifies", () => {
  for (const key of KEY_ALGORITHMS) {
    it(`with a key of ${key}`, async () => {
      const { leaf, certificatePem } = await sign({ commonName: "a.svc", dns: ["a.svc"] }, { key });
      assert.equal(leaf.keyAlgorithm, key);
      assert.equal(certificatePem, leaf.pem + pki.intermediate);
    });
  }

  for (const [what, names] of [
    [
      "all kinds of name",
      {
        commonName: "a.svc",
        dns: ["*.a.svc", "a.svc"],
        ips: ["10.0.0.7", "2001:db8::1"],
        uris: ["spiffe://corp/a"],
        emails: ["Ops@example.com"],
      },
    ],
    ["nothing but a SPIFFE ID", { uris: ["spiffe://corp/ns/prod/payments_1"] }],
    ["a common name that is a host name", { commonName: "Payments.svc" }],
    ["a common name that is a host name in other letters", { commonName: "bücher.svc" }],
    ["a common name that is an e-mail address", { commonName: "ops@Example.com" }],
    ["a common name that is an IP address", { commonName: "10.0.0.7" }],
    ["a common name for people", { commonName: 'Zahlungen (Süd), "Köln" 🌿' }],
    ["a common name of 64 characters", { commonName: `${"x".repeat(31)}.${"y".repeat(32)}` }],
    ["names in capitals", { dns: ["A.SVC"], ips: ["2001:DB8:0:0::1"], uris: ["HTTPS://A.SVC/Path?Q=%2f#F"] }],
    ["an IPv4-mapped address", { ips: ["::ffff:10.0.0.7", "::ffff:0:1"] }],
    [
      "URIs that need no rewriting",
      { uris: ["urn:uuid:f81d4fae", "https://u@a.svc:8443/b;c=d/(e)!*'?f=g&h", "http://[2001:db8::1]/"] },
    ],
    ["an underscore", { dns: ["my_service.svc"] }],
    ["a hundred names", { dns: Array.from({ length: 100 }, (_, i) => `n${i}.svc`) }],
  ] as const satisfies readonly (readonly [string, Partial<Names>])[]) {
    it(`with ${what}`, async () => {
      await sign(names);
    });
  }

  it("with a common name that the request keeps out of the DNS names", async () => {
    const { leaf } = await sign({ commonName: "b.svc" }, { exclude_cn_from_sans: true });
    assert.deepEqual(leaf.names.dns, []);
  });
});
