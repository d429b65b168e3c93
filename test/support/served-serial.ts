import { once } from "node:events";
import { connect } from "node:tls";

/** The serial of the certificate that a fresh handshake is given, in lower-case hex as in the log. */
export async function servedSerial(port: number, host = "127.0.0.1"): Promise<string | undefined> {
  const socket = connect({ host, port, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerX509Certificate()?.serialNumber.toLowerCase();
  } finally {
    socket.destroy();
  }
}
