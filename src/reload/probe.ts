import { hash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { finished } from "node:stream/promises";
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from "node:tls";
import { abortError } from "../domain/abort.ts";
import { LeafdError } from "../domain/errors.ts";
import type { PairMaterial } from "../domain/inspection.ts";
import type { ProbeSpec } from "../domain/outage-spec.ts";
import type { Clock, Probe, ServedLeaf } from "../rotation/ports.ts";
import { deadlineOf } from "./deadline.ts";
import { codeOf, type ProbeStage, probeError, whereOf } from "./probe-error.ts";
import { type ServerView, watchHandshake } from "./server-view.ts";
import { SocketTap } from "./socket-tap.ts";
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
export function createProbe(options: ProbeOptions): Probe {
  return {
    async served(endpoint, own, signal) {
      const attempt: Attempt = { endpoint, identity: identityOf(own, endpoint), stage: "connect" };
      const shake = (socket: Socket, until: AbortSignal) => handshake(socket, attempt, until);
      return describe(await look({ attempt, signal, shake }, options));
    },
  };
}

/**
 * Sees all that a server says in a handshake, for people: the chain as it was sent, what was agreed, whether a client
 * certificate was asked for, and what became of ours. As above, nothing is verified and nothing is told. Versions and
 * keys that are too weak for anything else are taken, to be seen. LeafdError `connect` when nobody can be reached,
 * `probe_failed` when who is there shows no certificate.
 */
export function createViewer(options: ProbeOptions) {
  return async (endpoint: ProbeSpec, pair: Pair | undefined, signal: AbortSignal): Promise<ServerView> => {
    const attempt: Attempt = { endpoint, identity: identityOf(pair, endpoint, LENIENT), stage: "connect" };
    const shake = (socket: Socket, until: AbortSignal) => {
      const tap = new SocketTap(socket);
      return watchHandshake(greet(tap, attempt), { tap, clock: options.clock, signal: until });
    };
    try {
      return await look({ attempt, signal, shake }, options);
    } catch (thrown) {
      if (!(thrown instanceof LeafdError) || attempt.stage !== "connect") throw thrown;
      throw new LeafdError("connect", thrown.message, thrown.hint === undefined ? {} : { hint: thrown.hint });
    }
  };
}

/** What a client presents. */
type Pair = Pick<PairMaterial, "certificate" | "privateKey">;

/** What peers refuse is to be seen all the same. */
const LENIENT: SecureContextOptions = { minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" };

interface Attempt {
  readonly endpoint: ProbeSpec;
  readonly identity: SecureContext;
  /** How far it has come. */
  stage: ProbeStage;
}

interface Errand<T> {
  readonly attempt: Attempt;
  readonly signal: AbortSignal;
  /** What is done once TLS may begin. */
  readonly shake: (socket: Socket, until: AbortSignal) => Promise<T>;
}

/** Carries one out within the endpoint's time. */
async function look<T>({ attempt, signal, shake }: Errand<T>, { clock, lookup }: ProbeOptions): Promise<T> {
  if (signal.aborted) throw abortError(signal);
  const deadline = deadlineOf(attempt.endpoint.timeout, clock, signal);
  try {
    const socket = await reach(attempt, lookup, deadline.signal);
    attempt.stage = "handshake";
    try {
      return await shake(socket, deadline.signal);
    } finally {
      socket.destroy();
    }
  } catch (error) {
    if (signal.aborted) throw abortError(signal);
    throw probeError(error, { ...attempt, overdue: deadline.signal.aborted });
  } finally {
    deadline.clear();
  }
}

const START_TLS = { postgres: requestPostgresTls } as const satisfies Record<
  NonNullable<ProbeSpec["startTls"]>,
  (socket: Socket, where: string, signal: AbortSignal) => Promise<void>
>;

/** A connection on which TLS may begin. */
async function reach(attempt: Attempt, lookup: LookupFunction | undefined, signal: AbortSignal): Promise<Socket> {
  const { host, port, startTls } = attempt.endpoint;
  const socket = connectTcp({ host, port, ...(lookup && { lookup }) });
  socket.on("error", () => {}); // one that comes after the answer
  try {
    await once(socket, "connect", { signal });
    if (startTls === undefined) return socket;
    attempt.stage = "startTls";
    await START_TLS[startTls](socket, whereOf(attempt.endpoint), signal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Our first words. Whatever is answered is looked at and not believed. */
function greet(socket: Duplex, { endpoint, identity }: Attempt): TLSSocket {
  const tls = connectTls({ socket, secureContext: identity, rejectUnauthorized: false, ...greeting(endpoint) });
  return tls.on("error", () => {});
}

/**
 * The leaf is taken when the keys are agreed (`keylog`), which is before either side can be refused: a TLS 1.2 server
 * that does not like our certificate ends the handshake, and by then nothing can be asked of the socket any more.
 * However the handshake goes on, that leaf is what is served.
 */
async function handshake(socket: Socket, attempt: Attempt, signal: AbortSignal): Promise<Buffer> {
  const tls = greet(socket, attempt);
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
  if (leaf === undefined) throw new LeafdError("probe_failed", `${whereOf(attempt.endpoint)} showed no certificate`);
  return leaf;
}

/** What our side says first. SNI never holds an IP address (RFC 6066 §3). */
function greeting({ serverName, alpn }: ProbeSpec): Pick<ConnectionOptions, "servername" | "ALPNProtocols"> {
  return {
    ...(serverName !== undefined && isIP(serverName) === 0 && { servername: serverName }),
    ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
  };
}

function identityOf(pair: Pair | undefined, endpoint: ProbeSpec, options: SecureContextOptions = {}): SecureContext {
  if (pair === undefined) return createSecureContext(options);
  try {
    return createSecureContext({ ...options, cert: pair.certificate, key: pair.privateKey.reveal() });
  } catch (error) {
    const message = `the pair cannot be presented to ${whereOf(endpoint)} (${codeOf(error)})`;
    throw new LeafdError("probe_failed", message, { hint: "Look at tls.crt and tls.key with `leafd inspect`." });
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
