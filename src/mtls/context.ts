import { constants } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import type { Pair } from "./pair.ts";

/**
 * What both sides of a connection set up alike.
 *
 * No tickets: with Node a resumed session skips the client's certificate altogether, so a ticket would carry an
 * identity past the end of its certificate and past a change of the trust bundle. OpenSSL then falls back to session
 * ids, which Node keeps nowhere unless asked, so that every handshake is a full one. No renegotiation (TLS 1.2): the
 * peer stays who it was when the connection was judged.
 */
export function contextOptions(pair: Pair): SecureContextOptions {
  return {
    key: pair.privateKey.reveal(),
    cert: pair.certificate,
    ca: pair.trust,
    minVersion: "TLSv1.2",
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
}
