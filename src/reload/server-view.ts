import { once } from "node:events";
import { finished } from "node:stream/promises";
import type { TLSSocket } from "node:tls";
import { type Millis, SECOND } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import { alertOf } from "./probe-error.ts";
import { serverSaid } from "./server-messages.ts";
import type { SocketTap } from "./socket-tap.ts";
import { readFlight } from "./tls-flight.ts";

/** What a server shows to whoever asks. */
export interface ServerView {
  /** DER, in the order in which they were sent. */
  readonly chain: readonly Buffer[];
  /** As OpenSSL names it: `TLSv1.3`. */
  readonly protocol: string;
  /** As the standard names it: `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** The protocol that it chose of those that were offered. */
  readonly alpn: string | undefined;
  /** It asked for a client certificate: DER of the names of the CAs that it takes, none when it does not say. */
  readonly asked: { readonly authorities: readonly Buffer[] } | undefined;
  /** The alert by which it ended the handshake after it had shown all this: `certificate required`. */
  readonly refusal: string | undefined;
}

interface Watching {
  /** What `tls` runs over. */
  readonly tap: SocketTap;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The version in which a client's handshake is over before the server has looked at its certificate. */
const TLS13 = "TLSv1.3";
/** How long a TLS 1.3 server may take to refuse a client that believes the handshake to be over. */
const GRACE: Millis = SECOND;

/**
 * Follows a handshake to its end, or to the server's refusal. Rejects with what ended it when the server had shown
 * nothing by then.
 */
export async function watchHandshake(tls: TLSSocket, { tap, clock, signal }: Watching): Promise<ServerView> {
  let secret: Buffer | undefined;
  let agreed: Pick<ServerView, "protocol" | "cipher"> = { protocol: "unknown", cipher: "unknown" };
  const agree = (): void => {
    agreed = { protocol: tls.getProtocol() ?? agreed.protocol, cipher: tls.getCipher()?.standardName ?? agreed.cipher };
  };
  tls.on("keylog", (line: Buffer) => {
    secret ??= handshakeSecret(line);
    agree(); // a handshake that is refused later can no longer be asked
  });
  const said = () => serverSaid(readFlight(tap.received, secret));
  const view = (refusal?: string): ServerView => ({
    ...said(),
    ...agreed,
    alpn: tls.alpnProtocol === false ? undefined : (tls.alpnProtocol ?? undefined),
    refusal,
  });
  let seen: ServerView | undefined;
  try {
    await once(tls, "secureConnect", { signal });
    agree();
    seen = view();
    if (seen.asked !== undefined && seen.protocol === TLS13) await verdict(tls, clock, signal);
    // A connection that is cut short is a line in the server's log.
    await finished(tls.end(), { readable: false, signal });
    return seen;
  } catch (error) {
    const { chain, asked } = said();
    const alert = alertOf(error);
    if (alert !== undefined && asked !== undefined && chain.length > 0) return view(alert);
    if (seen === undefined) throw error;
    return seen; // how it parts from us says nothing about what it showed
  } finally {
    tls.destroy();
  }
}

/** Resolves when the server goes on, rejects when it refuses; one that says nothing has accepted. */
async function verdict(tls: TLSSocket, clock: Clock, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  tls.resume();
  const news = ["session", "data", "end"].map((event) => once(tls, event, { signal: until }));
  try {
    await Promise.race([...news, clock.sleep(GRACE, until)]);
  } finally {
    over.abort();
    await Promise.allSettled(news);
  }
}

/** The secret of a line of NSS's key log, the format that Node speaks. */
function handshakeSecret(line: Buffer): Buffer | undefined {
  const [, secret] = /^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]+ ([0-9a-f]+)/.exec(line.toString("latin1")) ?? [];
  return secret === undefined ? undefined : Buffer.from(secret, "hex");
}
