import assert from "node:assert/strict";
import test, { describe } from "node:test";
import { assert as always, array, property, string } from "fast-check";
import type { Reason } from "../../../src/domain/errors.ts";
import { replyError, retryAfterOf } from "../../../src/vault/errors.ts";
import { oneLine } from "../../../src/vault/text.ts";

const CONTEXT = { subject: "write pki/sign/svc at https://vault:8200", now: Date.UTC(2026, 0, 1), hidden: [] };
const HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>";
const because = (...errors: string[]) => ({ errors });

/** What real servers say, seen on OpenBao 2.7 and, where it differs, on Vault 1. */
const ANSWERS: readonly [name: string, status: number, body: unknown, reason: Reason][] = [
  ["a role that is missing", 400, because("unknown role: nope"), "role_missing"],
  ["an EC request to an RSA role", 400, because("role requires keys of type rsa"), "key_denied"],
  [
    "a key that is too short",
    400,
    because("role requires a minimum of a 3072-bit key, but CSR's key is 2048 bits"),
    "key_denied",
  ],
  ["a common name that is denied", 400, because("common name a.evil not allowed by this role"), "name_denied"],
  ["a DNS name that is denied", 400, because("subject alternate name x.evil not allowed by this role"), "name_denied"],
  [
    "a URI that is denied",
    400,
    because("URI Subject Alternative Names were provided via the API which are not valid for this role"),
    "name_denied",
  ],
  ["an IP address that is none", 400, because('the value "bad" is not a valid IP address'), "name_denied"],
  ["no common name", 400, because("the common_name field is required, or must be provided in a CSR"), "name_denied"],
  [
    "a lifetime beyond the CA's",
    400,
    because("cannot satisfy request, as TTL would result in notAfter of 2036 that is beyond the expiration of the CA"),
    "request_denied",
  ],
  ["an unknown kind of 400", 400, because('"csr" is empty'), "request_denied"],
  [
    "an issuer that is missing",
    500,
    because(
      "1 error occurred:\n\t* could not fetch the CA certificate: unable to find PKI issuer for reference: zzz\n\n",
    ),
    "issuer_missing",
  ],
  ["a mount without an issuer", 500, because("no default issuer currently configured"), "issuer_missing"],
  [
    "a mount that is missing, to root",
    404,
    because('no handler for route "x/sign/y". route entry not found.'),
    "mount_missing",
  ],
  ["a mount that is missing, to others", 403, because('no handler for route "x/sign/y"'), "mount_missing"],
  ["OpenBao's 403", 403, because("permission denied"), "permission_denied"],
  [
    "Vault's 403 for a dead token",
    403,
    because("2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"),
    "token_invalid",
  ],
  ["replication lag", 412, because("required index state not present"), "not_consistent"],
  ["a quota", 429, because('request path "pki/sign/svc": rate limit quota exceeded'), "quota"],
  ["a standby's health", 429, { sealed: false, standby: true }, "quota"],
  ["a DR secondary", 472, undefined, "standby"],
  ["a performance standby", 473, undefined, "standby"],
  ["a standby that is cut off", 474, undefined, "standby"],
  ["a removed node", 530, undefined, "standby"],
  [
    "a standby without an active node",
    500,
    because("local node not active but active cluster node not found"),
    "standby",
  ],
  ["an uninitialised server", 501, { initialized: false, sealed: true }, "uninitialised"],
  ["a load balancer's 502", 502, HTML, "overloaded"],
  ["a load balancer's 504", 504, HTML, "overloaded"],
  ["a sealed server", 503, because("Vault is sealed"), "sealed"],
  ["a sealed server's health", 503, { initialized: true, sealed: true }, "sealed"],
  ["an overloaded server", 503, because("rate limit exceeded, try again"), "overloaded"],
  ["a load balancer's 503", 503, HTML, "overloaded"],
  [
    "a client certificate that has ended",
    500,
    because("failed to verify client's certificate: x509: certificate has expired or is not yet valid"),
    "permission_denied",
  ],
  ["any other 500", 500, because("1 error occurred: internal"), "server_error"],
  ["a web server's 404", 404, "<h1>not found</h1>", "bad_response"],
  ["a firewall's 403", 403, "<h1>blocked</h1>", "bad_response"],
  ["a login page", 302, undefined, "bad_response"],
];

describe("a reply that is no success becomes a reason", () => {
  for (const [name, status, body, reason] of ANSWERS)
    test(`${name} is ${reason}`, () => {
      const error = replyError({ status, headers: {}, body }, CONTEXT);
      assert.equal(error.reason, reason);
      assert.ok(error.message.startsWith(`${CONTEXT.subject}: HTTP ${status}: `), error.message);
      assert.doesNotMatch(error.message, /[\n\t<]/);
    });
});

test("all of the server's errors are kept", () => {
  const error = replyError({ status: 400, headers: {}, body: because("first", "second") }, CONTEXT);
  assert.match(error.message, /first; second$/);
});

test("a server cannot write a log line of its own, nor a long one", () => {
  const hostile = string({ unit: "binary", maxLength: 3_000 });
  always(
    property(array(hostile, { maxLength: 4 }), (errors) => {
      const { message } = replyError({ status: 400, headers: {}, body: { errors } }, CONTEXT);
      assert.doesNotMatch(message, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
      assert.ok(message.length < 600, String(message.length));
    }),
  );
});

test("a secret that the server echoes is not repeated", () => {
  const hidden = ["s.canary"];
  const error = replyError(
    { status: 400, headers: {}, body: because("bad token s.canary, s.canary") },
    { ...CONTEXT, hidden },
  );
  assert.doesNotMatch(error.message, /canary/);
});

test("a private key or a token that nobody asked for is not repeated", () => {
  const key = "-----BEGIN EC PRIVATE KEY-----\ncanary\ncanary\n-----END EC PRIVATE KEY-----";
  const said = oneLine(`made ${key} for hvs.canarycanary, and -----BEGIN PRIVATE KEY-----\ncanary`);
  assert.equal(said, "made [redacted] for [redacted], and [redacted]");
});

test("a secret is not cut in two by the limit on messages", () => {
  const secret = `s.${"canary".repeat(10)}`;
  assert.doesNotMatch(oneLine("x".repeat(390) + secret, [secret]), /canary/);
});

test("Retry-After is read as seconds or as a date, and never as more than an hour", () => {
  const after = (value: string) => retryAfterOf({ "retry-after": value }, CONTEXT.now);
  assert.equal(after("7"), 7_000);
  assert.equal(after("Thu, 01 Jan 2026 00:00:09 GMT"), 9_000);
  assert.equal(after("Wed, 31 Dec 2025 00:00:00 GMT"), 0);
  assert.equal(after("999999999"), 3_600_000);
  assert.equal(after("soon"), undefined);
  assert.equal(retryAfterOf({}, CONTEXT.now), undefined);
  const error = replyError({ status: 429, headers: { "retry-after": "3" }, body: because("slow down") }, CONTEXT);
  assert.equal(error.retryAfter, 3_000);
});
