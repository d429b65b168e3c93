import type { PeerCertificate, TLSSocket } from "node:tls";
import { type Certificate, parseCertificate } from "../domain/certificate.ts";
import { LeafdError } from "../domain/errors.ts";
import { spiffeProblem } from "../domain/spiffe.ts";
import type { EpochMillis } from "../domain/units.ts";
import { DerReader, TAG } from "../domain/x509/der.ts";
import { decodeExtensions } from "../domain/x509/extensions.ts";
import { toPem } from "../domain/x509/pem.ts";

/** Who a verified certificate belongs to. */
export interface PeerIdentity {
  /** Present when the certificate is an X.509-SVID: one URI name, which is a SPIFFE ID, and no CA. */
  readonly spiffeId?: string;
  readonly dns: readonly string[];
  /** Lower-case hex. */
  readonly serial: string;
  readonly notAfter: EpochMillis;
}

/**
 * The peer of a connection, on either side. Throws a LeafdError: `chain_untrusted` when its certificate was not
 * verified (an unverified name is nobody's), `bad_certificate` when it does not parse.
 */
export function peerIdentity(socket: TLSSocket): PeerIdentity {
  // Not getPeerX509Certificate(): on the client side Node's answers once and then never again (24.21).
  const certificate: Partial<PeerCertificate> | null = socket.authorized ? socket.getPeerCertificate() : null;
  if (certificate?.raw === undefined)
    throw new LeafdError("chain_untrusted", "this connection has no verified peer certificate");
  return identityOf(certificate.raw);
}

/** As `peerIdentity`, for a verified certificate in DER. */
export function identityOf(der: Buffer): PeerIdentity {
  const certificate = parseCertificate(toPem("CERTIFICATE", der));
  const { serial, notAfter, names } = certificate;
  const [uri, ...others] = uriNames(der);
  const isSvid = uri !== undefined && others.length === 0 && spiffeProblem(uri) === undefined && !signs(certificate);
  return { ...(isSvid ? { spiffeId: uri } : {}), dns: names.dns, serial, notAfter };
}

/** An X.509-SVID of a CA identifies no workload (SPIFFE X509-SVID, sections 4.1 and 4.3). */
function signs({ isCa, keyUsages }: Certificate): boolean {
  return isCa || keyUsages?.has("keyCertSign") === true || keyUsages?.has("cRLSign") === true;
}

/** `[3] EXPLICIT Extensions` of a TBSCertificate. */
const EXTENSIONS = 0xa3;

/**
 * The URI names exactly as they were signed, from the bytes: ids are compared byte by byte, so that a normalised name
 * will not do, and in Node's `subjectaltname` text a crafted name can look like two (CVE-2021-44532).
 */
function uriNames(der: Buffer): readonly string[] {
  const body = new DerReader(der).into(TAG.sequence).into(TAG.sequence);
  while (body.more) {
    const field = body.next();
    if (field.tag === EXTENSIONS) return decodeExtensions(field).alternativeNames.uris;
  }
  return [];
}
