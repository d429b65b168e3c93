import { LeafdError, type Reason } from "../domain/errors.ts";
import { oneLine } from "./text.ts";

const REASON_OF_CODE: Readonly<Record<string, Reason>> = {
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  EAI_NODATA: "dns",
  EAI_NONAME: "dns",
  // OpenSSL's verification errors have codes of their own, without a prefix.
  UNABLE_TO_GET_ISSUER_CERT: "tls",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls",
  SELF_SIGNED_CERT_IN_CHAIN: "tls",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls",
  CERT_HAS_EXPIRED: "tls",
  CERT_NOT_YET_VALID: "tls",
  CERT_SIGNATURE_FAILURE: "tls",
  CERT_CHAIN_TOO_LONG: "tls",
  CERT_REVOKED: "tls",
  CERT_UNTRUSTED: "tls",
  CERT_REJECTED: "tls",
  INVALID_CA: "tls",
  INVALID_PURPOSE: "tls",
  PATH_LENGTH_EXCEEDED: "tls",
  HOSTNAME_MISMATCH: "tls",
  EPROTO: "tls",
};

const HINTS: Partial<Record<Reason, string>> = {
  dns: "check the host name in `address` and the resolver of this machine",
  connect: "check that Vault runs and listens there, and that no firewall is between",
  tls: "check `tls.caFile` and `tls.serverName` of the cluster, and the end of Vault's own certificate",
  bad_response: "check that `address` is Vault's own API, and what stands between",
};

/** What OpenSSL says when the first bytes of the other side are no TLS: a listener in clear text, most often. */
const NO_TLS = /wrong version number|packet length too long|http request/i;
const NO_TLS_HINT = "check the port; a Vault that listens in clear text is written http://, which is for loopback only";

/** What Node tells its own users to do; ours set `tls.caFile`, as the hint says. */
const NODE_ADVICE = /; if the root CA is installed locally, try running Node\.js with --use-system-ca$/;

/**
 * What node:http threw, as a LeafdError: the code and the text only. The original is dropped, also as a cause, because
 * such errors carry whatever hangs on the request, headers with the token included.
 */
export function networkError(thrown: unknown, address: string): LeafdError {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const reason = reasonOf(code);
  // An AggregateError (every address of the host refused) has no text of its own.
  const text = thrown instanceof Error && thrown.message !== "" ? thrown.message : code;
  if (reason === "tls" && NO_TLS.test(text))
    return new LeafdError(reason, `${address}: what answers there speaks no TLS (${code})`, { hint: NO_TLS_HINT });
  const said = oneLine(text).replace(NODE_ADVICE, "");
  const hint = HINTS[reason];
  return new LeafdError(reason, `${address}: ${said}`, hint === undefined ? {} : { hint });
}

function reasonOf(code: string): Reason {
  const known = REASON_OF_CODE[code];
  if (known !== undefined) return known;
  if (code.startsWith("ERR_TLS_") || code.startsWith("ERR_SSL_") || code.startsWith("ERR_OSSL_")) return "tls";
  if (code.startsWith("HPE_")) return "bad_response";
  return "connect";
}
