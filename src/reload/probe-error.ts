import { isIPv6 } from "node:net";
import { LeafdError } from "../domain/errors.ts";
import type { ProbeSpec } from "../domain/outage-spec.ts";
import { formatDuration } from "../domain/units.ts";

/** How far a probe has come: look-up and connection, the plain text before the handshake, the handshake. */
export type ProbeStage = "connect" | "startTls" | "handshake";

interface Failure {
  readonly endpoint: ProbeSpec;
  readonly stage: ProbeStage;
  /** The time was over. */
  readonly overdue: boolean;
}

interface Said {
  readonly message: string;
  readonly hint: string;
}

/**
 * What ended a probe, as a LeafdError `probe_failed` that says what and where. The original is dropped, also as a cause:
 * it has nothing more to say than its code, and whatever hangs on it.
 */
export function probeError(thrown: unknown, failure: Failure): LeafdError {
  if (thrown instanceof LeafdError) return thrown;
  const { message, hint } = failure.overdue ? sayOverdue(failure) : sayFailed(thrown, failure);
  return new LeafdError("probe_failed", message, { hint });
}

/** Host and port, as they are written in an address. */
export function whereOf({ host, port }: ProbeSpec): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** What Node or OpenSSL call an error: `ECONNREFUSED`, `ERR_SSL_…`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

/** The TLS alert that the other side sent, in words: `certificate required`; undefined for another kind of end. */
export function alertOf(error: unknown): string | undefined {
  const [, alert] = codeOf(error).split("_ALERT_");
  return alert?.toLowerCase().replaceAll("_", " ");
}

const OVERDUE: Readonly<Record<ProbeStage, string>> = {
  connect: "could not be reached",
  startTls: "did not answer the request for TLS",
  handshake: "did not come to a certificate in a TLS handshake",
};

function sayOverdue({ endpoint, stage }: Failure): Said {
  return {
    message: `${whereOf(endpoint)} ${OVERDUE[stage]} within ${formatDuration(endpoint.timeout)}`,
    hint: "Is the dependent busy, does it expect another protocol there, or is a firewall between?",
  };
}

/** OpenSSL's words for bytes that are no TLS. */
const NOT_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE|BAD_RECORD_TYPE/;

function sayFailed(error: unknown, { endpoint, stage }: Failure): Said {
  const code = codeOf(error);
  const where = whereOf(endpoint);
  if (stage === "connect") return sayUnreachable(code, endpoint);
  if (code === "ECONNRESET" || code === "EPIPE")
    return {
      message: `${where} closed the connection before it showed a certificate`,
      hint: "The dependent's own log may say why.",
    };
  if (NOT_TLS.test(code))
    return {
      message: `${where} does not speak TLS (${code})`,
      hint: "Correct the port; a protocol that begins in plain text needs startTls.",
    };
  const alert = alertOf(error);
  if (alert !== undefined)
    return {
      message: `${where} refused the handshake (alert ${alert})`,
      hint: "Do serverName and alpn of the probe fit the dependent, and does it take TLS 1.2 or later?",
    };
  return { message: `the TLS handshake with ${where} failed (${code})`, hint: "The dependent's own log may say why." };
}

function sayUnreachable(code: string, endpoint: ProbeSpec): Said {
  if (code === "ENOTFOUND" || code.startsWith("EAI_"))
    return {
      message: `the name ${endpoint.host} does not resolve (${code})`,
      hint: "Correct the host of the probe, or the resolver of this machine.",
    };
  return {
    message: `${whereOf(endpoint)} cannot be reached (${code})`,
    hint: "Is the dependent running, and does it listen there?",
  };
}
