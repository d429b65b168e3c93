import { once } from "node:events";
import type { Socket } from "node:net";
import { LeafdError } from "../domain/errors.ts";

/** Length 8, then the code 1234.5679: PostgreSQL's SSLRequest, the first message of a connection. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * Asks a PostgreSQL server for TLS (its manual, "SSL Session Encryption"): resolves when it has said yes and the next
 * byte on the connection belongs to the handshake. Rejects with `probe_failed` when it says anything else, and with
 * the socket's error or the signal's when it says nothing.
 */
export async function requestPostgresTls(socket: Socket, where: string, signal: AbortSignal): Promise<void> {
  socket.write(SSL_REQUEST);
  const answer = await Promise.race([firstBytes(socket, signal), ended(socket, signal)]);
  if (answer === undefined)
    throw new LeafdError("probe_failed", `${where} closed the connection when it was asked for TLS`, {
      hint: "Is this the port of a PostgreSQL server, and may this machine connect to it?",
    });
  const [first] = answer.toString("latin1");
  if (first === "N")
    throw new LeafdError("probe_failed", `the PostgreSQL server at ${where} does not do TLS`, {
      hint: "Set ssl = on in its postgresql.conf, and ssl_cert_file and ssl_key_file.",
    });
  if (first === "E")
    throw new LeafdError(
      "probe_failed",
      `the PostgreSQL server at ${where} answered the request for TLS with an error`,
      {
        hint: "Its own log says which.",
      },
    );
  // More bytes than the one would be plain text that somebody has put before the handshake (CVE-2021-23222).
  if (first !== "S" || answer.length !== 1)
    throw new LeafdError("probe_failed", `${where} did not answer as a PostgreSQL server does`, {
      hint: "Correct the port, or take startTls away for a dependent that begins with TLS.",
    });
}

async function firstBytes(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  const [bytes]: Buffer[] = await once(socket, "data", { signal });
  socket.pause();
  return bytes ?? Buffer.alloc(0);
}

async function ended(socket: Socket, signal: AbortSignal): Promise<undefined> {
  await once(socket, "end", { signal });
}
