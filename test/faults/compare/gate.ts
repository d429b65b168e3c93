import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A door before a server: open, all passes through it; shut, connections are refused, as by a server that is down. */
export interface Gate extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly address: string;
  /** Cuts what is open and refuses what comes. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

/** A gate before an `http://` address on loopback, open. */
export async function gateBefore(address: string): Promise<Gate> {
  const target = Number(new URL(address).port);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.once("error", () => other.destroy());
      socket.once("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  let port = 0;
  const open = async () => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    if (typeof bound === "object" && bound !== null) port = bound.port;
  };
  const shut = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await open();
  return { address: `http://127.0.0.1:${port}`, open, shut, [Symbol.asyncDispose]: shut };
}
