import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, hash } from "node:crypto";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { LeafdError } from "../../../src/domain/errors.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { KEY_ALGORITHMS, type KeyAlgorithm } from "../../../src/domain/spec.ts";
import { keys } from "../../../src/keys/keys.ts";

const DETAILS: Readonly<Record<KeyAlgorithm, object>> = {
  "ec-p256": { namedCurve: "prime256v1" },
  "ec-p384": { namedCurve: "secp384r1" },
  "ec-p521": { namedCurve: "secp521r1" },
  "rsa-2048": { modulusLength: 2048, publicExponent: 65_537n },
  "rsa-3072": { modulusLength: 3072, publicExponent: 65_537n },
  "rsa-4096": { modulusLength: 4096, publicExponent: 65_537n },
  ed25519: {},
};

describe("a key", () => {
  for (const algorithm of KEY_ALGORITHMS) {
    it(`of ${algorithm} is what it says, in PKCS#8 PEM`, () => {
      const key = keys.generate(algorithm);
      const pem = key.reveal();
      assert.match(pem, /^-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----\n$/);
      assert.deepEqual(createPrivateKey(pem).asymmetricKeyDetails, DETAILS[algorithm]);
    });

    it(`of ${algorithm} has the public key hash that any reader of its PEM computes`, () => {
      const key = keys.generate(algorithm);
      const spki = createPublicKey(key.reveal()).export({ type: "spki", format: "der" });
      assert.equal(keys.publicKeyHash(key), hash("sha256", spki, "hex"));
      assert.equal(keys.publicKeyHash(new Secret(key.reveal())), hash("sha256", spki, "hex"));
    });
  }

  it("is a new one each time", () => {
    assert.notEqual(keys.generate("ec-p256").reveal(), keys.generate("ec-p256").reveal());
  });

  it("that does not parse is pair_damaged, and the error does not quote it", () => {
    const damaged = keys.generate("ec-p256").reveal().replace("MI", "M!");
    const encrypted = createPrivateKey(keys.generate("ec-p256").reveal());
    const texts = [
      damaged,
      "",
      "canary",
      encrypted.export({ type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "canary" }).toString(),
    ];
    for (const text of texts) {
      assert.throws(
        () => keys.publicKeyHash(new Secret(text)),
        (error) => {
          assert.ok(error instanceof LeafdError && error.reason === "pair_damaged");
          const [, body = "canary"] = text.split("\n");
          assert.ok(!inspect(error).includes(body));
          return true;
        },
      );
    }
  });
});
