import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import type { PairMaterial } from "../../src/domain/inspection.ts";
import type { ProbeSpec } from "../../src/domain/outage-spec.ts";
import { createProbe } from "../../src/reload/probe.ts";
import type { ServedLeaf } from "../../src/rotation/ports.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import type { TestCa, TestLeaf } from "./test-ca.ts";

export type ProbeOptions = Partial<Parameters<typeof createProbe>[0]> & {
  /** The pair of the service that is looked at. */
  readonly own: PairMaterial;
  readonly signal?: AbortSignal;
};

/** Looks once at 127.0.0.1, without SNI and ALPN, for 10 s at most; `endpoint` has the port and what is different. */
export function look(endpoint: Partial<ProbeSpec> & { port: number }, options: ProbeOptions): Promise<ServedLeaf> {
  const { own, signal = new AbortController().signal, ...parts } = options;
  const probe = createProbe({ clock: systemClock, ...parts });
  return probe.served({ host: "127.0.0.1", alpn: [], timeout: 10_000, settle: 0, ...endpoint }, own, signal);
}

/** What leafd would have published for this leaf. */
export function materialOf(leaf: TestLeaf, ...intermediates: readonly TestCa[]): PairMaterial {
  const chain = intermediates.map((ca) => ca.certificate.pem);
  return { privateKey: leaf.privateKey, certificate: [leaf.certificate.pem, ...chain].join(""), trust: "" };
}

/** What a probe must answer for this leaf. */
export function servedAs({ certificate: { fingerprint, serial, notAfter } }: TestLeaf): ServedLeaf {
  return { fingerprint, serial, notAfter };
}

export interface LocalServer<S extends Server = Server> extends AsyncDisposable {
  readonly port: number;
  readonly server: S;
}

/** A TCP server on loopback that does `serve` with each connection; gone, with its connections, at the end of the scope. */
export function tcpServer(serve: (socket: Socket) => void, host?: string): Promise<LocalServer> {
  return listen(createServer(serve), host);
}

/** A TLS server on loopback that serves this pair and keeps its connections open. */
export function tlsServer(material: PairMaterial, options: TlsOptions = {}, host?: string) {
  const pair = { cert: material.certificate, key: material.privateKey.reveal() };
  return listen(createTlsServer({ ...pair, ...options }), host);
}

async function listen<S extends Server>(server: S, host = "127.0.0.1"): Promise<LocalServer<S>> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket.on("error", () => {}).once("close", () => open.delete(socket)));
  });
  server.listen(0, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return {
    port: address.port,
    server,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
