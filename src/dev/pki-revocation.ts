import type { EpochMillis } from "../domain/units.ts";
import { toPem } from "../domain/x509/pem.ts";
import { colons, createCrl, readCertificates } from "./certificates.ts";
import { text } from "./fields.ts";
import type { PkiState } from "./pki-state.ts";
import { type Answer, type Call, notFound, type Route, VaultError } from "./protocol.ts";

/** Vault's default life of a revocation list. */
const CRL_LIFE = 72 * 3_600_000;

/** Takes a certificate back; answers when. A second time changes nothing. */
export function revokeCertificate(state: PkiState, serial: string, now: EpochMillis): EpochMillis {
  const stored = state.certificates.get(serial);
  if (stored === undefined) throw new VaultError(400, `certificate with serial ${serial} not found.`);
  stored.revokedAt ??= now;
  return stored.revokedAt;
}

/** `certs`, `cert/:serial`, `revoke` and the revocation list of the default issuer. */
export function revocationRoutes(state: PkiState, now: () => EpochMillis): Route[] {
  const list = (): Answer => {
    if (state.certificates.size === 0) throw notFound();
    return { kind: "data", data: { keys: [...state.certificates.keys()].sort() } };
  };
  const revoke = (call: Call): Answer => {
    const at = revokeCertificate(state, wantedSerial(state, call), now());
    const times = { revocation_time: Math.floor(at / 1000), revocation_time_rfc3339: new Date(at).toISOString() };
    return { kind: "data", data: { ...times, state: "revoked" } };
  };
  const crl = () => currentCrl(state, now());
  const pem = (): Answer => {
    const bytes = crl();
    const contentType = "application/x-pem-file";
    if (bytes === undefined) return { kind: "raw", contentType, bytes: "", status: 204 };
    return { kind: "raw", contentType, bytes: toPem("X509 CRL", bytes).trim() };
  };
  const der = (): Answer => ({ kind: "raw", contentType: "application/pkix-crl", bytes: crl() ?? "" });
  return [
    { method: "LIST", path: "certs", handle: list },
    {
      method: "GET",
      path: "cert/:serial",
      open: true,
      handle: (call) => readStored(state, call.params["serial"] ?? ""),
    },
    { method: "POST", path: "revoke", handle: revoke },
    { method: "GET", path: "crl", open: true, handle: der },
    { method: "GET", path: "crl/pem", open: true, handle: pem },
  ];
}

/** A certificate that was not stored is revoked by its PEM, and stored by that. */
function wantedSerial(state: PkiState, call: Call): string {
  const [given] = readCertificates(text(call.body, "certificate"));
  const serial = given === undefined ? text(call.body, "serial_number") : colons(given.fields.serial);
  if (serial === "") throw new VaultError(400, "The serial number or certificate to revoke must be provided.");
  if (given !== undefined && !state.certificates.has(serial)) state.certificates.set(serial, { pem: given.pem });
  return serial.replaceAll("-", ":");
}

function readStored(state: PkiState, serial: string): Answer {
  const issuer = state.findIssuer("default");
  const chain = issuer === undefined ? [] : state.chain(issuer);
  if (serial === "ca" && issuer !== undefined) return certificateData(issuer.pem, undefined);
  if (serial === "ca_chain") return certificateData(chain.join("\n"), undefined);
  const stored = state.certificates.get(serial.replaceAll("-", ":"));
  if (stored === undefined) throw notFound();
  return certificateData(stored.pem, stored.revokedAt);
}

function certificateData(certificate: string, revokedAt: EpochMillis | undefined): Answer {
  const time = revokedAt === undefined ? 0 : Math.floor(revokedAt / 1000);
  const rfc3339 = revokedAt === undefined ? "" : new Date(revokedAt).toISOString();
  return { kind: "data", data: { certificate, revocation_time: time, revocation_time_rfc3339: rfc3339 } };
}

function currentCrl(state: PkiState, now: EpochMillis): Buffer | undefined {
  const issuer = state.findIssuer("default");
  if (issuer?.key === undefined) return undefined;
  const revoked = [...state.certificates].flatMap(([serial, { revokedAt }]) =>
    revokedAt === undefined ? [] : [{ serial, at: revokedAt }],
  );
  issuer.crlNumber++;
  const order = { number: issuer.crlNumber, thisUpdate: now, nextUpdate: now + CRL_LIFE, revoked };
  return createCrl(order, { fields: issuer.fields, key: issuer.key });
}
