import { createPublicKey, type KeyObject } from "node:crypto";
import type { EpochMillis } from "../domain/units.ts";
import { createCertificate } from "./certificates.ts";
import { readRequest } from "./csr.ts";
import { goDuration } from "./durations.ts";
import { count, flag, seconds, text } from "./fields.ts";
import { generateKey, keyKind, privateKeyPem } from "./key-pairs.ts";
import type { Leases } from "./leases.ts";
import { chooseNames } from "./pki-names.ts";
import type { Role } from "./pki-role.ts";
import type { Issuer, PkiState } from "./pki-state.ts";
import { type Answer, type Call, type Fields, type Route, VaultError } from "./protocol.ts";
import { SYSTEM_TTL } from "./tokens.ts";

interface SigningOptions {
  readonly state: PkiState;
  readonly leases: Leases;
  readonly revoke: (serial: string) => void;
  readonly now: () => EpochMillis;
}

/** `sign/:role` and `issue/:role`, by the role's issuer or by a named one. */
export function signingRoutes(options: SigningOptions): Route[] {
  const sign = (call: Call) => signLeaf(options, call, "sign");
  const issue = (call: Call) => signLeaf(options, call, "issue");
  return [
    { method: "POST", path: "sign/:role", handle: sign },
    { method: "POST", path: "issue/:role", handle: issue },
    { method: "POST", path: "issuer/:issuer/sign/:role", handle: sign },
    { method: "POST", path: "issuer/:issuer/issue/:role", handle: issue },
  ];
}

function signLeaf({ state, leases, revoke, now }: SigningOptions, call: Call, method: "sign" | "issue"): Answer {
  const { body, params } = call;
  const role = state.roles.get(params["role"] ?? "");
  if (role === undefined) throw new VaultError(400, `unknown role: ${params["role"] ?? ""}`);
  const issuer = state.authority(params["issuer"] ?? role.issuer_ref);
  const csr = method === "sign" ? readRequest(text(body, "csr")) : undefined;
  const ownKey = method === "issue" ? newKey(role, body) : undefined;
  const publicKey = csr?.publicKey ?? createPublicKey(ownKey ?? "");
  checkKey(role, publicKey);
  const { names, warnings } = chooseNames(role, body, csr);
  const validity = chooseValidity({ role, body, issuer, mountMax: state.maxTtl, now: now() });
  const issued = createCertificate({ names, publicKey, isCa: false, usages: usagesOf(role), ...validity }, issuer);
  if (!role.no_store) state.certificates.set(issued.serial, { pem: issued.pem });
  const isLeased = role.generate_lease && !role.no_store;
  const chain = state.chain(issuer);
  const left = Math.floor((validity.notAfter - now()) / 1000);
  return {
    kind: "data",
    warnings: [...warnings, ...validity.warnings],
    ...(isLeased
      ? { lease: { id: leases.grant(call, validity.notAfter, () => revoke(issued.serial)), seconds: left } }
      : {}),
    data: {
      ca_chain: flag(body, "remove_roots_from_chain") ? chain.slice(0, hasRoot(state, chain) ? -1 : undefined) : chain,
      certificate: issued.pem,
      expiration: Math.floor(validity.notAfter / 1000),
      issuing_ca: issuer.pem,
      not_before: Math.floor(validity.notBefore / 1000),
      serial_number: issued.serial,
      ...(ownKey === undefined ? {} : privateKeyFields(ownKey, body)),
    },
  };
}

function newKey(role: Role, body: Fields): KeyObject {
  const isAny = role.key_type === "any";
  const type = isAny ? text(body, "key_type") : role.key_type;
  if (type !== "") return generateKey(type, isAny ? count(body, "key_bits") : role.key_bits);
  const what = "not allowed for issuing certificates without providing key_type and/or key_bits request parameters";
  throw new VaultError(400, `role key type "any" ${what}`);
}

function privateKeyFields(key: KeyObject, body: Fields): Fields {
  return { private_key: privateKeyPem(key, text(body, "private_key_format")), private_key_type: keyKind(key).type };
}

function checkKey(role: Role, key: KeyObject): void {
  const { type, bits } = keyKind(key);
  if (role.key_type !== "any" && role.key_type !== type)
    throw new VaultError(400, `role requires keys of type ${role.key_type}`);
  if (role.key_type !== "any" && bits < role.key_bits)
    throw new VaultError(400, `role requires a minimum of a ${role.key_bits}-bit key, but CSR's key is ${bits} bits`);
  if (type === "rsa" && bits < 2048) throw new VaultError(400, "RSA keys < 2048 bits are unsafe and not supported");
}

function usagesOf(role: Role): string[] {
  return [...(role.server_flag ? ["1.3.6.1.5.5.7.3.1"] : []), ...(role.client_flag ? ["1.3.6.1.5.5.7.3.2"] : [])];
}

interface ValidityOptions {
  readonly role: Role;
  readonly body: Fields;
  readonly issuer: Issuer;
  readonly mountMax: number;
  readonly now: EpochMillis;
}

function chooseValidity({ role, body, issuer, mountMax, now }: ValidityOptions) {
  const asked = seconds(body, "ttl");
  const fixed = text(body, "not_after");
  if (fixed !== "" && asked > 0)
    throw new VaultError(
      400,
      "Either ttl or not_after should be provided. Both should not be provided in the same request.",
    );
  const most = role.max_ttl > 0 ? Math.min(role.max_ttl, mountMax) : mountMax;
  const wanted = asked || role.ttl || SYSTEM_TTL;
  const warning = `TTL "${goDuration(wanted)}" is longer than permitted maxTTL "${goDuration(most)}", so maxTTL is being used`;
  const notBefore = now - role.not_before_duration * 1000;
  const end = fixed === "" ? now + Math.min(wanted, most) * 1000 : Date.parse(fixed);
  if (Number.isNaN(end)) throw new VaultError(400, `parsing time "${fixed}" as "2006-01-02T15:04:05Z07:00"`);
  const warnings = fixed === "" && wanted > most ? [warning] : [];
  return { notBefore, notAfter: limitByIssuer(issuer, end), warnings };
}

/** `leaf_not_after_behavior`: what happens to a leaf that would outlive its CA. */
function limitByIssuer(issuer: Issuer, end: EpochMillis): EpochMillis {
  const last = issuer.fields.notAfter;
  if (end <= last || issuer.leafNotAfter === "permit") return end;
  if (issuer.leafNotAfter === "truncate") return last;
  const times = [end, last].map((at) => new Date(at).toISOString());
  const what = `TTL would result in notAfter of ${times[0]} that is beyond the expiration of the CA certificate at ${times[1]}`;
  throw new VaultError(400, `cannot satisfy request, as ${what}`);
}

/** Whether the last one of a chain signed itself. */
function hasRoot(state: PkiState, chain: readonly string[]): boolean {
  const last = [...state.issuers.values()].find(({ pem }) => pem === chain.at(-1));
  return last !== undefined && last.fields.subject.equals(last.fields.issuer);
}
