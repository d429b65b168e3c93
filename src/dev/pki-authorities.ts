import { createPrivateKey, type KeyObject, randomUUID } from "node:crypto";
import type { EpochMillis } from "../domain/units.ts";
import { colons, createCertificate, createRequest, createRoot, readCertificates } from "./certificates.ts";
import { readRequest } from "./csr.ts";
import { count, flag, seconds, text } from "./fields.ts";
import { generateKey, keyKind, privateKeyPem } from "./key-pairs.ts";
import type { Issuer, PkiState } from "./pki-state.ts";
import { type Call, type Fields, type Route, VaultError } from "./protocol.ts";
import { publicKeyInfo } from "./signed-der.ts";
import { SYSTEM_TTL } from "./tokens.ts";

/** Making and importing CAs: roots, requests of intermediates, and their certificates. */
export function authorityRoutes(state: PkiState, now: () => EpochMillis): Route[] {
  const generateRoot = (call: Call) => {
    const key = generateKey(text(call.body, "key_type") || "rsa", count(call.body, "key_bits"));
    const issued = createRoot({ names: namesOf(call.body), ...validityOf(call.body, state, now()) }, key);
    const issuer = addIssuer(state, { pem: issued.pem, key, name: text(call.body, "issuer_name") });
    state.certificates.set(issued.serial, { pem: issued.pem });
    return { kind: "data" as const, data: { ...describeNew(issuer), ...exportedKey(call, key) } };
  };
  const generateRequest = (call: Call) => {
    const key = generateKey(text(call.body, "key_type") || "rsa", count(call.body, "key_bits"));
    state.keys.push(key);
    const csr = createRequest(text(call.body, "common_name"), key);
    return { kind: "data" as const, data: { csr, key_id: randomUUID(), ...exportedKey(call, key) } };
  };
  const signIntermediate = (call: Call) => {
    const issuer = state.authority(call.params["issuer"] ?? "default");
    const { names, publicKey } = readRequest(text(call.body, "csr"));
    const subject = flag(call.body, "use_csr_values") ? names : namesOf(call.body);
    const order = { names: subject, publicKey, isCa: true, usages: [], ...validityOf(call.body, state, now()) };
    const issued = createCertificate(order, issuer);
    state.certificates.set(issued.serial, { pem: issued.pem });
    const expiration = Math.floor(order.notAfter / 1000);
    const chain = { ca_chain: [issued.pem, ...state.chain(issuer)], issuing_ca: issuer.pem };
    return {
      kind: "data" as const,
      data: { ...chain, certificate: issued.pem, expiration, serial_number: issued.serial },
    };
  };
  const importBundle = (call: Call) => importAuthorities(state, bundleOf(call.body));
  return [
    { method: "POST", path: "root/generate/:kind", handle: generateRoot },
    { method: "POST", path: "issuers/generate/root/:kind", handle: generateRoot },
    { method: "POST", path: "intermediate/generate/:kind", handle: generateRequest },
    { method: "POST", path: "issuers/generate/intermediate/:kind", handle: generateRequest },
    { method: "POST", path: "root/sign-intermediate", handle: signIntermediate },
    { method: "POST", path: "issuer/:issuer/sign-intermediate", handle: signIntermediate },
    { method: "POST", path: "intermediate/set-signed", handle: importBundle },
    { method: "POST", path: "issuers/import/:kind", handle: importBundle },
    { method: "POST", path: "config/ca", handle: importBundle },
  ];
}

function bundleOf(body: Fields): string {
  const bundle = text(body, "pem_bundle") || text(body, "certificate");
  if (bundle === "") throw new VaultError(400, "no data found in PEM block");
  return bundle;
}

/** Takes up certificates, and the keys beside them or of former requests that fit. The first with a key is the default. */
function importAuthorities(state: PkiState, bundle: string) {
  for (const [block] of bundle.matchAll(/-----BEGIN (?:EC |RSA )?PRIVATE KEY-----[^-]+-----END [A-Z ]+-----/g))
    state.keys.push(createPrivateKey(block));
  const imported = readCertificates(bundle).map(({ pem, fields }) => {
    const known = [...state.issuers.values()].find((issuer) => issuer.pem === pem);
    const key = state.keys.find((candidate) => publicKeyInfo(candidate).equals(fields.publicKey));
    return known ?? addIssuer(state, { pem, key, name: "" });
  });
  const mapping = Object.fromEntries(imported.map(({ id, key }) => [id, key === undefined ? "" : id]));
  return {
    kind: "data" as const,
    data: { imported_issuers: imported.map(({ id }) => id), imported_keys: null, mapping },
  };
}

interface NewIssuer {
  readonly pem: string;
  readonly key: KeyObject | undefined;
  readonly name: string;
}

function addIssuer(state: PkiState, { pem, key, name }: NewIssuer): Issuer {
  const [read] = readCertificates(pem);
  if (read === undefined) throw new VaultError(400, "no certificate");
  const serial = colons(read.fields.serial);
  const issuer = { id: randomUUID(), name, pem, serial, fields: read.fields, key, leafNotAfter: "err", crlNumber: 0 };
  state.issuers.set(issuer.id, issuer);
  if (key !== undefined) state.defaultIssuer ??= issuer.id;
  return issuer;
}

function namesOf(body: Fields) {
  return { commonName: text(body, "common_name"), dns: [], ips: [], uris: [], emails: [] };
}

function validityOf(body: Fields, state: PkiState, now: EpochMillis) {
  const ttl = Math.min(seconds(body, "ttl") || SYSTEM_TTL, state.maxTtl);
  return { notBefore: now - 30_000, notAfter: now + ttl * 1000 };
}

/** Only `exported` gives the key out. */
function exportedKey(call: Call, key: KeyObject): Fields {
  if (call.params["kind"] !== "exported") return {};
  return {
    private_key: privateKeyPem(key, text(call.body, "private_key_format")),
    private_key_type: keyKind(key).type,
  };
}

function describeNew(issuer: Issuer): Fields {
  return {
    certificate: issuer.pem,
    expiration: Math.floor(issuer.fields.notAfter / 1000),
    issuer_id: issuer.id,
    issuer_name: issuer.name,
    issuing_ca: issuer.pem,
    serial_number: issuer.serial,
  };
}
