import { type VaultBody, type VaultReply, type VaultRequestOptions, vaultRequest } from "./vault-request.ts";
import { waitFor } from "./wait-for.ts";

/** A running server, real or embedded, as tests see it. Paths are without `/v1/`: `pki/sign/svc`. */
export interface TestVault extends AsyncDisposable {
  readonly kind: "openbao" | "embedded";
  /** As `sys/health` says it: `2.7.2`. */
  readonly version: string;
  /** `http://127.0.0.1:PORT` or https. */
  readonly address: string;
  readonly rootToken: string;
  /** The CA of an https server, PEM. */
  readonly caFile?: string;
  /** One request as it is: any status resolves. The token is the root token unless `options.token` says otherwise. */
  request(method: string, path: string, body?: unknown, options?: VaultRequestOptions): Promise<VaultReply>;
  /** One request with the root token that must succeed: throws with status and errors from 400 on. */
  root(method: string, path: string, body?: unknown): Promise<VaultBody>;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  /** Kills the server and starts it again on the same port and storage, sealed. Only with `persistent: true`. */
  restart(): Promise<void>;
  /** Kills the server. Safe to call twice. */
  stop(): Promise<void>;
}

interface VaultProcess {
  readonly kind: TestVault["kind"];
  readonly version: string;
  readonly address: string;
  readonly rootToken: string;
  readonly unsealKey: string;
  /** PEM text of the CA in `caFile`. */
  readonly ca?: string;
  readonly caFile?: string;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The test's handle of a server that listens already. */
export function testVault(server: VaultProcess): TestVault {
  const { kind, version, address, rootToken, ca, caFile } = server;
  const request: TestVault["request"] = (method, path, body, options = {}) =>
    vaultRequest({
      method,
      url: new URL(`/v1/${path}`, address),
      body,
      options: { token: rootToken, ...options },
      ...(ca === undefined ? {} : { ca }),
    });
  const root: TestVault["root"] = async (method, path, body) => {
    const reply = await request(method, path, body);
    if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.status} ${reply.text.trim()}`);
    return reply.body;
  };
  const health = async (status: number) => {
    const look = async () => (await request("GET", "sys/health", undefined, { token: "" })).status === status;
    await waitFor(look, { what: `sys/health to answer ${status}` });
  };
  return {
    kind,
    version,
    address,
    rootToken,
    ...(caFile === undefined ? {} : { caFile }),
    request,
    root,
    seal: async () => {
      await root("PUT", "sys/seal");
      await health(503);
    },
    unseal: async () => {
      await root("PUT", "sys/unseal", { key: server.unsealKey });
      await health(200);
    },
    restart: () => server.restart(),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
