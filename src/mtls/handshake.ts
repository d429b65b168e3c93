import type { PeerIdentity } from "./identity.ts";

/** How a handshake may end, as a closed set: metric labels. */
const NONE = {
  ok: 0,
  no_certificate: 0, // the peer showed none
  unknown_authority: 0, // signed by nobody in the trust bundle, or the chain does not hold
  expired: 0, // the peer's certificate, or one above it
  not_yet_valid: 0,
  wrong_identity: 0, // a good certificate of somebody else, or one without exactly one SPIFFE ID
  refused_by_peer: 0, // the peer sent an alert: it does not like our certificate, or wants one
  protocol: 0, // no common TLS version or cipher, not TLS at all, too slow
  other: 0,
};
export type HandshakeResult = keyof typeof NONE;

/** One handshake that ended, well or badly. */
export interface Handshake {
  readonly side: "server" | "client";
  readonly result: HandshakeResult;
  /** Who it was with; absent when no certificate was verified. */
  readonly peer?: PeerIdentity;
  /** Why it failed, for people; absent for `ok`. */
  readonly message?: string;
}

/** Handshakes since the start, by result. */
export type HandshakeCounts = Readonly<Record<HandshakeResult, number>>;

export interface HandshakeCounter {
  record(handshake: Handshake): void;
  snapshot(): HandshakeCounts;
}

/** Counts handshakes, with every result present from the start, and passes each on to `listener`. */
export function handshakeCounter(listener: (handshake: Handshake) => void = () => {}): HandshakeCounter {
  const counts = { ...NONE };
  return {
    record(handshake) {
      counts[handshake.result] += 1;
      listener(handshake);
    },
    snapshot: () => ({ ...counts }),
  };
}

/** The code of the error with which the client side refuses a verified server that is not the expected one. */
export const WRONG_IDENTITY = "ERR_LEAFD_WRONG_IDENTITY";

/** Codes of OpenSSL's verification (X509_V_ERR_…) and of Node, as they arrive on `error.code`. */
const BY_CODE: Readonly<Record<string, HandshakeResult>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "no_certificate",
  UNABLE_TO_GET_ISSUER_CERT: "unknown_authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unknown_authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unknown_authority",
  DEPTH_ZERO_SELF_SIGNED_CERT: "unknown_authority",
  SELF_SIGNED_CERT_IN_CHAIN: "unknown_authority",
  CERT_SIGNATURE_FAILURE: "unknown_authority",
  CERT_UNTRUSTED: "unknown_authority",
  CERT_CHAIN_TOO_LONG: "unknown_authority",
  PATH_LENGTH_EXCEEDED: "unknown_authority",
  INVALID_CA: "unknown_authority",
  CERT_HAS_EXPIRED: "expired",
  CERT_NOT_YET_VALID: "not_yet_valid",
  ERR_TLS_CERT_ALTNAME_INVALID: "wrong_identity",
  [WRONG_IDENTITY]: "wrong_identity",
  ERR_TLS_HANDSHAKE_TIMEOUT: "protocol",
  EPROTO: "protocol",
};

/** The result that an error code of a failed handshake stands for. */
export function resultOf(code: string | undefined): Exclude<HandshakeResult, "ok"> {
  const known = BY_CODE[code ?? ""];
  if (known !== undefined && known !== "ok") return known;
  if (code?.startsWith("ERR_SSL_") !== true) return "other";
  return code.includes("_ALERT_") ? "refused_by_peer" : "protocol";
}
