import assert from "node:assert/strict";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import test from "node:test";
import { contract } from "../support/contract.ts";
import { opensslCsr } from "../support/openssl-csr.ts";

contract("what is refused, and in which words", (world) => {
  const role = (name: string, settings: object) =>
    world().vault.root("POST", `pki/roles/${name}`, { allow_any_name: true, key_type: "any", ...settings });
  const refused = async (path: string, body: unknown, token?: string) => {
    const reply = await world().vault.request("POST", path, body, token === undefined ? {} : { token });
    return [reply.status, ...(reply.body.errors ?? [])];
  };

  test("a role that does not exist", async () => {
    const csr = await opensslCsr({ commonName: "a.svc" });
    assert.deepEqual(await refused("pki/sign/nobody", { csr }), [400, "unknown role: nobody"]);
    assert.deepEqual(await refused("pki/issue/nobody", { common_name: "a.svc" }), [400, "unknown role: nobody"]);
  });

  test("a request that is missing, is none, is cut off or is not signed by its key", async () => {
    assert.deepEqual(await refused("pki/sign/svc", {}), [400, '"csr" is empty']);
    assert.deepEqual(await refused("pki/sign/svc", { csr: "junk" }), [400, "csr contains no data"]);
    const wrap = (der: Buffer) =>
      `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----`;
    const [status, error] = await refused("pki/sign/svc", { csr: wrap(Buffer.from("00", "hex")) });
    assert.equal(status, 400);
    assert.match(String(error), /^certificate request could not be parsed: /);
    const pem = await opensslCsr({ commonName: "a.svc" });
    const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
    const last = der.length - 1;
    der[last] = (der[last] ?? 0) ^ 1;
    assert.deepEqual(await refused("pki/sign/svc", { csr: wrap(der) }), [400, "request signature invalid"]);
  });

  test("keys that a role does not take", async () => {
    const ec = await opensslCsr({ commonName: "a.svc" });
    await world().vault.root("POST", "pki/roles/plain", { allow_any_name: true });
    assert.deepEqual(await refused("pki/sign/plain", { csr: ec }), [400, "role requires keys of type rsa"]);
    await role("ed", { key_type: "ed25519" });
    assert.deepEqual(await refused("pki/sign/ed", { csr: ec }), [400, "role requires keys of type ed25519"]);
    await role("ec384", { key_type: "ec", key_bits: 384 });
    const short = "role requires a minimum of a 384-bit key, but CSR's key is 256 bits";
    assert.deepEqual(await refused("pki/sign/ec384", { csr: ec }), [400, short]);
    const rsa1024 = await opensslCsr({ commonName: "a.svc", key: ["rsa:1024"] });
    const unsafe = "RSA keys < 2048 bits are unsafe and not supported";
    assert.deepEqual(await refused("pki/sign/svc", { csr: rsa1024 }), [400, unsafe]);
    const needsType = /^role key type "any" not allowed for issuing certificates/;
    assert.match(String((await refused("pki/issue/svc", { common_name: "a.svc" }))[1]), needsType);
  });

  test("names that a role does not allow", async () => {
    await role("noip", { allow_ip_sans: false });
    await role("nowildcard", { allow_wildcard_certificates: false });
    const uris = "URI Subject Alternative Names";
    const cases = [
      ["svc", "evil.org", "DNS:evil.org", "common name evil.org not allowed by this role"],
      ["svc", "a.svc", "DNS:a.svc,DNS:evil.org", "subject alternate name evil.org not allowed by this role"],
      ["svc", "a.svc", "email:joe@evil.org", "email address joe@evil.org not allowed by this role"],
      ["svc", "not a host", undefined, "common name not a host not allowed by this role"],
      ["svc", "a.svc", "URI:https://x/y", `${uris} were provided via CSR which are not valid for this role`],
      ["noip", "a.svc", "URI:spiffe://corp/a", `${uris} are not allowed in this role, but were provided via CSR`],
      [
        "noip",
        "a.svc",
        "IP:1.2.3.4",
        "IP Subject Alternative Names are not allowed in this role, but was provided via CSR",
      ],
      ["nowildcard", "a.svc", "DNS:*.svc", "subject alternate name *.svc not allowed by this role"],
    ] as const;
    for (const [name, commonName, names, error] of cases) {
      const csr = await opensslCsr({ commonName, ...(names === undefined ? {} : { names }) });
      assert.deepEqual(await refused(`pki/sign/${name}`, { csr }), [400, error]);
    }
  });

  test("a leaf without a common name, unless the role does without", async () => {
    await role("named", { allowed_uri_sans: ["*"] });
    const csr = await opensslCsr({ names: "URI:spiffe://corp/a" });
    const [status, error] = await refused("pki/sign/named", { csr });
    assert.equal(status, 400);
    assert.match(String(error), /^the common_name field is required, .* unless "require_cn" is set to false$/);
  });

  test("ends that cannot be", async () => {
    const csr = await opensslCsr({ commonName: "a.svc" });
    const both = "Either ttl or not_after should be provided. Both should not be provided in the same request.";
    const end = { not_after: "2027-01-01T00:00:00Z" };
    assert.deepEqual(await refused("pki/sign/svc", { csr, ttl: "1h", ...end }), [400, both]);
    const invalid = 'Field validation failed: error converting input for field "ttl": time: invalid duration "abc"';
    assert.deepEqual(await refused("pki/sign/svc", { csr, ttl: "abc" }), [400, invalid]);
    const negative =
      "Field validation failed: error converting input for field \"ttl\": cannot provide negative value '-5'";
    assert.deepEqual(await refused("pki/sign/svc", { csr, ttl: "-5s" }), [400, negative]);
    assert.equal((await refused("pki/sign/svc", { csr, not_after: "junk" }))[0], 400);
    await role("endless", { max_ttl: "900000h" });
    const [status, error] = await refused("pki/sign/endless", { csr, ttl: "80000h" });
    assert.equal(status, 400);
    assert.match(String(error), /^cannot satisfy request, as TTL would result in notAfter of .* CA certificate at /);
  });

  test("an issuer that does not exist is a 500", async () => {
    const csr = await opensslCsr({ commonName: "a.svc" });
    const [status, error] = await refused("pki/issuer/nobody/sign/svc", { csr });
    assert.equal(status, 500);
    assert.match(String(error), /unable to find PKI issuer for reference: nobody/);
  });

  test("a mount that does not exist is 404 for root and 403 for others", async () => {
    const missing = 'no handler for route "nowhere/sign/svc". route entry not found.';
    assert.deepEqual(await refused("nowhere/sign/svc", {}), [404, missing]);
    const [status, error] = await refused("nowhere/sign/svc", {}, await world().pki.login());
    assert.equal(status, 403);
    assert.match(String(error), /permission denied/);
  });

  test("signing with a dead token, or with none", async () => {
    const csr = await opensslCsr({ commonName: "a.svc" });
    for (const token of ["s.unknown", ""])
      assert.deepEqual(await refused("pki/sign/svc", { csr }, token), [403, "permission denied"]);
  });

  test("paths and methods that a mount does not have", async () => {
    const { vault } = world();
    const unknown = await vault.request("GET", "pki/nowhere");
    assert.equal(unknown.status, 404);
    assert.match(unknown.body.errors?.[0] ?? "", /unsupported path/);
    for (const method of ["GET", "DELETE"]) {
      const reply = await vault.request(method, "pki/sign/svc");
      assert.equal(reply.status, 405);
      assert.match(reply.body.errors?.[0] ?? "", /unsupported operation/);
    }
    assert.equal((await vault.request("GET", "pki/roles/nobody")).status, 404);
  });

  test("roles that contradict themselves, and mounts that are there already", async () => {
    assert.deepEqual(await refused("pki/roles/x", { key_type: "nope" }), [400, "unknown key type nope"]);
    const order = '"ttl" value must be less than "max_ttl" value';
    assert.deepEqual(await refused("pki/roles/x", { ttl: "5h", max_ttl: "1h" }), [400, order]);
    assert.deepEqual(await refused("sys/mounts/pki", { type: "pki" }), [400, "path is already in use at pki/"]);
  });

  test("bodies that are not JSON objects", async () => {
    const { vault } = world();
    const send = (body: string) =>
      new Promise<string>((resolve, reject) => {
        const headers = { "X-Vault-Token": vault.rootToken };
        const call = request(`${vault.address}/v1/pki/sign/svc`, { method: "POST", headers, agent: false });
        call.once("error", reject);
        call.once("response", (response) => {
          text(response).then((reply) => resolve(`${response.statusCode} ${reply}`), reject);
        });
        call.end(body);
      });
    for (const body of ["{", "[]", '"text"']) assert.match(await send(body), /^400 .*failed to decode JSON input/);
    assert.match(await send(""), /^400 .*"csr\\" is empty/);
  });
});
