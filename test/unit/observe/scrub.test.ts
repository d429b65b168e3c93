import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { closeSync, openSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Secret } from "../../../src/domain/secret.ts";
import { createLog } from "../../../src/observe/log.ts";
import { scrub, scrubValue } from "../../../src/observe/scrub.ts";
import { EVENTS } from "../../support/events.ts";
import { tempDir } from "../../support/temp-dir.ts";

const CANARY = "CAnary0123456789abcdefghijkl";
const { privateKey } = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

/** Texts that hold a canary in every place in which Vault, a proxy or Node has been seen to quote a secret. */
const LEAKS: readonly string[] = [
  `hvs.${CANARY}`,
  `denied for hvb.${CANARY}-_x: sorry`,
  `s.${CANARY}`,
  `s.${CANARY}.nsid1`,
  `X-Vault-Token: ${CANARY}`,
  `{"headers":{"X-Vault-Token":"${CANARY}","a":1}}`,
  `Authorization: Bearer ${CANARY}`,
  `{"client_token":"${CANARY}"}`,
  `{\\"secret_id\\":\\"${CANARY}\\"}`,
  `{"password": "${CANARY}"}`,
  `GET /v1/x?token=${CANARY}&a=b`,
  `secret_id=${CANARY}`,
  `https://user:${CANARY}@vault:8200/v1`,
  `eyJhbGciOiJFUzI1NiJ9.${CANARY}.${CANARY}`,
];

describe("scrubbing", () => {
  for (const leak of LEAKS)
    it(`takes the secret out of ${leak.replace(CANARY, "…")}`, () => {
      assert.doesNotMatch(scrub(leak), new RegExp(CANARY.slice(0, 8)));
      assert.match(scrub(leak), /\[redacted\]/);
    });

  it("takes private keys out, whole and cut", () => {
    const body = privateKey.split("\n")[1] ?? "";
    for (const text of [privateKey, `key: ${privateKey} end`, privateKey.slice(0, 100)]) {
      assert.ok(!scrub(text).includes(body.slice(0, 20)), text);
    }
    assert.equal(scrub(`${privateKey.slice(60)} end`), "[redacted]\\n end");
    assert.match(scrub(`key: ${privateKey} end`), /^key: \[redacted\]\\n end$/);
  });

  it("leaves ordinary messages as they are", () => {
    for (const text of [
      "token: permission denied",
      "https://vault.internal:8200/v1/pki/sign/svc answered 503",
      "leafd.yaml:3:5: unknown key, did you mean services?",
      "/etc/leafd/payments.svc/tls.crt: EACCES",
      "CN=payments.svc, serial 3f2a91b07c44d5e63f2a91b07c44d5e63f2a91b0",
      "spiffe://corp/payments is not allowed",
    ])
      assert.equal(scrub(text), text);
  });

  it("never prints an object", () => {
    assert.equal(scrubValue({ token: CANARY }), "[redacted]");
    assert.equal(scrubValue(new Secret(CANARY)), "[redacted]");
    assert.equal(scrubValue(Buffer.from(CANARY)), "[redacted]");
    assert.deepEqual(scrubValue(["a\n", 1, true]), ["a\\n", 1, true]);
  });
});

describe("the log", () => {
  it("holds no canary that an event carries, in either format", async () => {
    await using dir = await tempDir();
    const fd = openSync(dir.join("log"), "a");
    const stray = { token: new Secret(CANARY), context: { token: CANARY } };
    for (const format of ["json", "text"] as const) {
      const emit = createLog({ level: "debug", format, fd });
      for (const leak of [...LEAKS, privateKey]) {
        emit({ ...EVENTS.rotation_failed, message: leak, hint: leak, ...stray });
        emit({ ...EVENTS.issued, warnings: [leak] });
        emit({ ...EVENTS.cluster_down, address: leak, message: leak });
        emit({ ...EVENTS.reloaded, detail: leak, target: leak });
      }
    }
    closeSync(fd);
    const text = readFileSync(dir.join("log"), "utf8");
    assert.ok(text.split("\n").length > 100);
    assert.doesNotMatch(text, new RegExp(CANARY.slice(0, 8)));
    assert.ok(!text.includes((privateKey.split("\n")[1] ?? "").slice(0, 20)));
  });
});
