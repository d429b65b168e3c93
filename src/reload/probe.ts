import { hash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import { finished } from "node:stream/promises";
import { type ConnectionOptions, connect as connectTls, createSecureContext, type SecureContext } from "node:tls";
import { abortError } from "../domain/abort.ts";
import { LeafdError } from "../domain/errors.ts";
import type { PairMaterial } from "../domain/inspection.ts";
import type { ProbeSpec } from "../domain/outage-spec.ts";
import type { Clock, Probe, ServedLeaf } from "../rotation/ports.ts";
import { deadlineOf } from "./deadline.ts";
import { codeOf, type ProbeStage, probeError, whereOf } from "./probe-error.ts";
import { requestPostgresTls } from "./starttls-postgres.ts";

interface ProbeOptions {
  readonly clock: Clock;
  /** How names are resolved; default `dns.lookup`. */
  readonly lookup?: LookupFunction;
}

/**
 * Sees what a dependent serves, with a handshake that is never resumed and carries no data. It verifies nothing: the
 * leaf is looked at, whatever it is, and nothing is told to whoever shows it. No other file may connect like that.
 */
export function createProbe({ clock, lookup }: ProbeOptions): Probe {
  return {
    async served(endpoint, own, signal) {
      if (signal.aborted) throw abortError(signal);
      const attempt: Attempt = { endpoint, identity: identityOf(own, endpoint), stage: "connect" };
      const deadline = deadlineOf(endpoint.timeout, clock, signal);
      try {
        return describe(await lookAt(attempt, lookup, deadline.signal));
      } catch (error) {
        if (signal.aborted) throw abortError(signal);
        throw probeError(error, { ...attempt, overdue: deadline.signal.aborted });
      } finally {
        deadline.clear();
      }
    },
  };
}

interface Attempt {
  readonly endpoint: ProbeSpec;
  readonly identity: SecureContext;
  /** How far it has come. */
  stage: ProbeStage;
}

const START_TLS = { postgres: requestPostgresTls } as const satisfies Record<
  NonNullable<ProbeSpec["startTls"]>,
  (socket: Socket, where: string, signal: AbortSignal) => Promise<void>
>;

/** The DER of the leaf that is shown. */
async function lookAt(attempt: Attempt, lookup: LookupFunction | undefined, signal: AbortSignal): Promise<Buffer> {
  const { host, port, startTls } = attempt.endpoint;
  const socket = connectTcp({ host, port, ...(lookup && { lookup }) });
  socket.on("error", () => {}); // one that comes after the answer
  try {
    await once(socket, "connect", { signal });
    if (startTls !== undefined) {
      attempt.stage = "startTls";
      await START_TLS[startTls](socket, whereOf(attempt.endpoint), signal);
    }
    attempt.stage = "handshake";
    return await handshake(socket, attempt, signal);
  } finally {
    socket.destroy();
  }
}

/**
 * The leaf is taken when the keys are agreed (`keylog`), which is before either side can be refused: a TLS 1.2 server
 * that does not like our certificate ends the handshake, and by then nothing can be asked of the socket any more.
 * However the handshake goes on, that leaf is what is served.
 */
async function handshake(socket: Socket, { endpoint, identity }: Attempt, signal: AbortSignal): Promise<Buffer> {
  const tls = connectTls({ socket, secureContext: identity, rejectUnauthorized: false, ...greeting(endpoint) });
  tls.on("error", () => {});
  let leaf: Buffer | undefined;
  const take = (): void => {
    // Not getPeerX509Certificate: its second call answers the certificate after the leaf.
    leaf ??= tls.getPeerCertificate()?.raw;
  };
  tls.on("keylog", take);
  try {
    await once(tls, "secureConnect", { signal });
    take();
    // A connection that is cut while the last message of the handshake is on its way is a line in the dependent's log.
    await finished(tls.end(), { readable: false, signal });
  } catch (error) {
    if (leaf === undefined) throw error;
  } finally {
    tls.destroy();
  }
  if (leaf === undefined) throw new LeafdError("probe_failed", `${whereOf(endpoint)} showed no certificate`);
  return leaf;
}

/** What our side says first. SNI never holds an IP address (RFC 6066 §3). */
function greeting({ serverName, alpn }: ProbeSpec): Pick<ConnectionOptions, "servername" | "ALPNProtocols"> {
  return {
    ...(serverName !== undefined && isIP(serverName) === 0 && { servername: serverName }),
    ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
  };
}

function identityOf({ certificate, privateKey }: PairMaterial, endpoint: ProbeSpec): SecureContext {
  try {
    return createSecureContext({ cert: certificate, key: privateKey.reveal() });
  } catch (error) {
    const message = `the service's own pair cannot be presented to ${whereOf(endpoint)} (${codeOf(error)})`;
    throw new LeafdError("probe_failed", message, { hint: "Look at tls.crt and tls.key with openssl." });
  }
}

/** Read by OpenSSL and not by domain/certificate.ts, which refuses what leafd would never publish. */
function describe(der: Buffer): ServedLeaf {
  const { serialNumber, validToDate } = new X509Certificate(der);
  return {
    fingerprint: hash("sha256", der, "hex"),
    serial: serialNumber.toLowerCase(),
    notAfter: validToDate.getTime(),
  };
}
