import assert from "node:assert/strict";
import test, { describe } from "node:test";
import { Secret } from "../../../src/domain/secret.ts";
import { Slots } from "../../../src/domain/slots.ts";
import { PkiIssuer } from "../../../src/vault/pki-issuer.ts";
import { Session } from "../../../src/vault/token-life.ts";
import { FakeVaultApi } from "../../support/fake-vault-api.ts";
import { TestCa } from "../../support/test-ca.ts";
import { clusterSpec } from "../../support/vault-client.ts";
import { issuerSpec, signOrder } from "../../support/vault-cluster.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const never = new AbortController().signal;
const PATH = "pki/sign/svc";
const ca = (await TestCa.root()).certificate.pem;

function world(settings: Parameters<typeof issuerSpec>[0] = {}) {
  const [api, clock, emit] = [new FakeVaultApi(), new VirtualClock(), () => undefined];
  const grant = { token: new Secret("s.1"), ttl: 0, renewable: false, uses: 0, warnings: [] };
  const method = { kind: "token", fixed: true, login: async () => grant } as const;
  const session = new Session({ cluster: "default", api, method, clock, emit });
  const cluster = clusterSpec({ addresses: ["http://127.0.0.1:1"] });
  const issuer = new PkiIssuer({ spec: issuerSpec(settings), cluster, api, session, slots: new Slots(1), clock });
  return { api, issuer };
}

describe("an answer that is not a certificate is bad_response", () => {
  const answers: readonly [what: string, body: object | string | undefined][] = [
    ["no body", undefined],
    ["HTML", "<html></html>"],
    ["no data", {}],
    ["data: null", { data: null }],
    ["data that is a list", { data: [] }],
    ["no certificate", { data: { certificate: "" } }],
    ["a certificate that is a number", { data: { certificate: 7 } }],
    ["two certificates", { data: { certificate: ca + ca } }],
  ];
  for (const [what, body] of answers)
    test(what, async () => {
      const { api, issuer } = world();
      api.on(PATH, () => body);
      await assert.rejects(issuer.sign(signOrder({ csr: "pem" }), never), { reason: "bad_response" });
    });

  test("a chain of a thousand certificates", async () => {
    const { api, issuer } = world();
    const block = (n: number) =>
      `-----BEGIN CERTIFICATE-----\n${Buffer.from(String(n)).toString("base64")}\n-----END CERTIFICATE-----`;
    api.on(PATH, { data: { certificate: ca, ca_chain: Array.from({ length: 1_000 }, (_, n) => block(n)) } });
    await assert.rejects(issuer.sign(signOrder(), never), { reason: "bad_response", message: /1000 certificates/ });
  });

  test("CA certificates that are no PEM", async () => {
    const { api, issuer } = world();
    api.on("pki/ca_chain", () => ca);
    for (const answer of [{ data: {} }, "<html></html>", 7]) {
      api.on("pki/ca/pem", () => answer);
      await assert.rejects(issuer.authorities(never), { reason: "bad_response" });
    }
  });
});

test("the chain is the CA chain, and without one the issuing CA; each certificate once, line ends as on Unix", async () => {
  const { api, issuer } = world();
  const chainOf = async (data: object) => {
    api.on(PATH, { data: { certificate: ca, ...data } });
    return (await issuer.sign(signOrder(), never)).chain;
  };
  assert.deepEqual(await chainOf({ ca_chain: [`${ca}${ca}`.replaceAll("\n", "\r\n")], issuing_ca: "" }), [ca]);
  assert.deepEqual(await chainOf({ ca_chain: [], issuing_ca: ca }), [ca]);
  assert.deepEqual(await chainOf({ ca_chain: null }), []);
});

test("warnings about names that are sent twice, and about parameters that Vault does not know, are left out", async () => {
  const { api, issuer } = world();
  const warnings = [
    'the common_name field was provided but the role is set with "use_csr_common_name" set to true',
    'the ip_sans field was provided but the role is set with "use_csr_sans" set to true',
    "Endpoint ignored these unrecognized parameters: [key_bits key_type]",
    "Endpoint ignored these unrecognized parameters: [not_after]",
    'TTL "2h0m0s" is longer\nthan permitted',
  ];
  api.on(PATH, { data: { certificate: ca }, warnings });
  const reply = await issuer.sign(signOrder(), never);
  assert.deepEqual(reply.warnings, [warnings[3], 'TTL "2h0m0s" is longer than permitted']);
});

test("what is asked for: seconds, one end, names as Vault wants them, and never exclude_cn_from_sans", async () => {
  const { api, issuer } = world();
  api.on(PATH, { data: { certificate: ca } });
  const names = {
    commonName: "a.svc",
    dns: ["a.svc", "b.svc"],
    ips: ["10.0.0.1"],
    uris: ["spiffe://x/a,b"],
    emails: ["ops@example.com"],
  };
  await issuer.sign({ csr: "pem", names, key: "ec-p256", ttl: 90_500 }, never);
  assert.deepEqual(api.requests.at(-1)?.data, {
    csr: "pem",
    common_name: "a.svc",
    alt_names: "a.svc,b.svc,ops@example.com",
    ip_sans: ["10.0.0.1"],
    uri_sans: ["spiffe://x/a,b"],
    format: "pem",
    ttl: "90s",
  });
  await issuer.sign({ csr: "pem", names, key: "ec-p256", ttl: 1_000, notAfter: Date.UTC(2027, 0, 1) }, never);
  assert.equal(api.requests.at(-1)?.data?.["not_after"], "2027-01-01T00:00:00Z");
  assert.equal(api.requests.at(-1)?.data?.["ttl"], undefined);
});

test("mounts, roles and issuers with odd names stay inside their path segment", async () => {
  const { api, issuer } = world({ mount: "/team a/pki/", role: "svc?x#y", issuerRef: "my ca" });
  const path = "team%20a/pki/issuer/my%20ca/sign/svc%3Fx%23y";
  api.on(path, { data: { certificate: ca } });
  await issuer.sign(signOrder(), never);
  assert.equal(api.count(path), 1);
});

test("requests beyond the bound wait, and one that is cancelled while it waits is never sent", async () => {
  const { api, issuer } = world();
  const gate = Promise.withResolvers<object>();
  api.on(PATH, () => gate.promise);
  const first = issuer.sign(signOrder(), never);
  const stop = new AbortController();
  const second = assert.rejects(issuer.sign(signOrder(), stop.signal), { reason: "cancelled" });
  await new Promise(setImmediate);
  stop.abort();
  await second;
  gate.resolve({ data: { certificate: ca } });
  await first;
  assert.equal(api.count(PATH), 1);
});
