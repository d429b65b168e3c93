import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { canonicalIp } from "../../../src/domain/ip.ts";
import { type NameKind, nameProblem, normaliseNames, sameNames } from "../../../src/domain/names.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { KEY_ALGORITHMS, type Names } from "../../../src/domain/spec.ts";
import { keys } from "../../../src/keys/keys.ts";
import { readRequest } from "../../support/x509-library.ts";

const run = promisify(execFile);

const NONE = { dns: [], ips: [], uris: [], emails: [] };
const NAMES = {
  commonName: "payments.svc",
  dns: ["*.payments.svc", "payments.svc"],
  ips: ["10.0.0.7", "2001:db8::1"],
  uris: ["spiffe://corp/payments"],
  emails: ["ops@example.com"],
};

/** What OpenSSL prints for a request whose signature it has verified. */
async function opensslText(csr: string): Promise<string> {
  const verified = run("openssl", ["req", "-verify", "-noout", "-text", "-nameopt", "utf8,esc_ctrl"]);
  verified.child.stdin?.end(csr);
  const { stdout, stderr } = await verified;
  assert.match(stderr, /signature verify OK/i);
  return stdout;
}

/** Valid names of a kind, as an operator might come to write them. */
function valid(kind: NameKind, texts: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc.array(
    texts.filter((text) => nameProblem(kind, text) === undefined),
    { maxLength: 5 },
  );
}

const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);
const spiffe = fc.tuple(fc.domain(), segment, segment).map(([domain, a, b]) => `spiffe://${domain}/${a}/${b}`);
const names: fc.Arbitrary<Names> = fc
  .record({
    commonName: fc.option(fc.string({ unit: "grapheme", minLength: 1, maxLength: 64 })),
    dns: valid(
      "dns",
      fc.oneof(
        fc.domain(),
        fc.domain().map((domain) => `*.${domain}`),
      ),
    ),
    ips: valid("ip", fc.oneof(fc.ipV4(), fc.ipV6())),
    uris: valid("uri", fc.oneof(spiffe, fc.webUrl({ withQueryParameters: true, withFragments: true }))),
    emails: valid("email", fc.emailAddress()),
  })
  .map(({ commonName, ...rest }) => {
    const usable = commonName !== null && nameProblem("commonName", commonName) === undefined;
    return normaliseNames(usable ? { commonName, ...rest } : rest);
  });

describe("a signing request", () => {
  for (const algorithm of KEY_ALGORITHMS) {
    it(`of a new ${algorithm} key verifies and holds what was asked`, async () => {
      const key = keys.generate(algorithm);
      const csr = keys.request(key, NAMES);
      const read = await readRequest(csr);
      assert.equal(read.verified, true);
      assert.deepEqual(normaliseNames(read.names), NAMES);
      assert.equal(read.publicKeyHash, keys.publicKeyHash(key));
      const text = await opensslText(csr);
      assert.match(text, /Subject: CN ?= ?payments\.svc$/m);
      for (const name of ["DNS:*.payments.svc", "IP Address:10.0.0.7", "IP Address:2001:DB8:0:0:0:0:0:1"])
        assert.ok(text.includes(name), name);
    });
  }

  for (const [algorithm, signature] of [
    ["ec-p256", "ecdsa-with-SHA256"],
    ["ec-p384", "ecdsa-with-SHA384"],
    ["ec-p521", "ecdsa-with-SHA512"],
    ["rsa-2048", "sha256WithRSAEncryption"],
    ["ed25519", "ED25519"],
  ] as const) {
    it(`of an ${algorithm} key is signed with ${signature}`, async () => {
      const text = await opensslText(keys.request(keys.generate(algorithm), NAMES));
      assert.match(text, new RegExp(`Signature Algorithm: ${signature}`));
    });
  }

  it("may have an empty subject, or no name but the subject", async () => {
    const key = keys.generate("ec-p256");
    const nameless = await opensslText(keys.request(key, { ...NONE, uris: NAMES.uris }));
    assert.match(nameless, /Subject: *$/m);
    assert.match(nameless, /URI:spiffe:\/\/corp\/payments/);
    const { names: read, verified } = await readRequest(keys.request(key, { ...NONE, commonName: "a" }));
    assert.deepEqual([read, verified], [{ ...NONE, commonName: "a" }, true]);
  });

  it("may be made from a key of another program, in PKCS#8 or older forms", async () => {
    for (const args of [
      ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
      ["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
      ["genrsa", "-traditional", "2560"],
    ]) {
      const { stdout } = await run("openssl", args);
      const key = new Secret(stdout);
      const read = await readRequest(keys.request(key, NAMES));
      assert.equal(read.verified, true, args.join(" "));
      assert.equal(read.publicKeyHash, keys.publicKeyHash(key));
    }
  });

  it("is not made from a key of a kind that no issuer is asked for", async () => {
    const { stdout } = await run("openssl", ["ecparam", "-name", "secp256k1", "-genkey", "-noout"]);
    assert.throws(() => keys.request(new Secret(stdout), NAMES), {
      reason: "pair_damaged",
      message: /1\.3\.132\.0\.10/,
    });
  });

  it("is not made with a name that ASCII cannot hold", () => {
    const key = keys.generate("ec-p256");
    for (const dns of ["bücher.svc", "字.svc"])
      assert.throws(() => keys.request(key, { ...NONE, dns: [dns] }), {
        reason: "config_invalid",
        message: /not ASCII/,
      });
  });

  it("holds any valid names: an independent library reads them back", async () => {
    const key = keys.generate("ec-p256");
    await fc.assert(
      fc.asyncProperty(names, async (asked) => {
        const { names: read, verified } = await readRequest(keys.request(key, asked));
        assert.equal(verified, true);
        assert.ok(sameNames(normaliseNames(read), asked), JSON.stringify({ asked, read }));
      }),
    );
  });

  it("holds any valid names: OpenSSL verifies it and prints them", async () => {
    const key = keys.generate("ec-p256");
    await fc.assert(
      fc.asyncProperty(names, async (asked) => {
        const text = await opensslText(keys.request(key, asked));
        for (const name of asked.dns) assert.ok(text.includes(`DNS:${name}`), name);
        for (const uri of asked.uris) assert.ok(text.includes(`URI:${uri}`), uri);
        for (const email of asked.emails) assert.ok(text.includes(`email:${email}`), email);
        const ips = [...text.matchAll(/IP Address:([0-9A-F.:]+)/g)].map(([, ip]) => canonicalIp(ip ?? ""));
        assert.deepEqual(new Set(ips), new Set(asked.ips));
        if (asked.commonName !== undefined && /^[\p{L}\p{N} ]+$/u.test(asked.commonName))
          assert.ok(text.includes(`Subject: CN=${asked.commonName}\n`), asked.commonName);
      }),
      { numRuns: 60 },
    );
  });
});
