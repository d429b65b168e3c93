import { once } from "node:events";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { Handshake } from "../../src/mtls/handshake.ts";
import { type LivePair, openPair } from "../../src/mtls/live-pair.ts";
import { type MutualTlsServer, type MutualTlsServerOptions, mutualTlsServer } from "../../src/mtls/server.ts";
import { eventQueue } from "./event-queue.ts";
import { filesOf, publish } from "./output-directory.ts";
import { tempDir } from "./temp-dir.ts";
import { type LeafOptions, TestCa } from "./test-ca.ts";

export interface ListeningServer extends AsyncDisposable {
  /** Signs the server's certificates, and is trusted by it. */
  readonly authority: TestCa;
  readonly mtls: MutualTlsServer;
  readonly pair: LivePair;
  readonly port: number;
  /** Publishes a new generation and resolves when the server uses it; answers its serial. */
  rotate(trust?: string): Promise<string>;
  /** The next handshake that the server saw, in order. */
  handshake(): Promise<Handshake>;
  /** A client with this leaf, of the server's authority unless another is given; gone when the server is. */
  connect(leaf: LeafOptions | undefined, options?: ConnectionOptions & { authority?: TestCa }): Promise<TLSSocket>;
}

/** A mutual TLS server on loopback, `spiffe://demo/orders`, whose pair comes from a directory. */
export async function listeningServer(options: Partial<MutualTlsServerOptions> = {}): Promise<ListeningServer> {
  await using cleanUp = new AsyncDisposableStack();
  const directory = cleanUp.use(await tempDir());
  const authority = await TestCa.root();
  const handshakes = eventQueue<Handshake>();
  const generation = async (trust = authority.certificate.pem): Promise<string> => {
    const leaf = await authority.leaf({ uris: ["spiffe://demo/orders"], dns: ["localhost"] });
    return publish(directory.path, filesOf(leaf, trust));
  };
  await generation();
  const pair = cleanUp.adopt(await openPair({ directory: directory.path }), (opened) => opened.close());
  const mtls = mutualTlsServer({
    pair,
    allow: { "GET /orders": ["spiffe://demo/payments"] },
    handler: (_request, response, caller) => void response.end(`hello ${caller.spiffeId}`),
    onHandshake: handshakes.push,
    ...options,
  });
  cleanUp.defer(() => mtls.close());
  cleanUp.defer(() => mtls.server.closeAllConnections());
  mtls.server.listen(0, "127.0.0.1");
  await once(mtls.server, "listening");
  const address = mtls.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const disposables = cleanUp.move();
  return {
    authority,
    mtls,
    pair,
    port,
    async rotate(trust) {
      const used = Promise.withResolvers<string>();
      const unsubscribe = pair.subscribe(({ serial }) => used.resolve(serial));
      await generation(trust);
      const serial = await used.promise;
      unsubscribe();
      return serial;
    },
    handshake: handshakes.next,
    async connect(leaf, { authority: signer = authority, ...rest } = {}) {
      const own = leaf && (await signer.leaf(leaf));
      const identity = own && { key: own.privateKey.reveal(), cert: own.certificate.pem };
      const socket = connect({ port, host: "localhost", ca: authority.certificate.pem, ...identity, ...rest });
      // Whether a client hears of a refusal, and when, depends on the TLS version: the server's view is what counts.
      socket.on("error", () => {});
      disposables.defer(() => void socket.destroy());
      return socket;
    },
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}
