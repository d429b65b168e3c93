import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { TestVault } from "../../support/vault-server.ts";
import { NODE_ADDRESS } from "./node.ts";

const PORT = 8200;

/** Where the pods reach the server of the test, which listens on loopback. */
export async function openDoor(to: TestVault): Promise<AsyncDisposable & { readonly address: string }> {
  const port = Number(new URL(to.address).port);
  const server = createServer((inner) => {
    const outer = connect(port, "127.0.0.1");
    for (const socket of [inner, outer]) socket.on("error", () => socket.destroy());
    inner.pipe(outer).pipe(inner);
  });
  server.listen(PORT, NODE_ADDRESS);
  await once(server, "listening");
  return {
    address: `https://${NODE_ADDRESS}:${PORT}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
