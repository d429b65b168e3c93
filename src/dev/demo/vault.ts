import { LeafdError } from "../../domain/errors.ts";
import { SECOND } from "../../domain/units.ts";
import type { Clock } from "../../rotation/ports.ts";
import { startDevVault } from "../server.ts";

/** A Vault that is unsealed and empty, with the powers of its operator. */
export interface DemoVault extends AsyncDisposable {
  /** As the narration calls it. */
  readonly name: string;
  readonly address: string;
  /** A request with the root token: the `data` of the answer, empty when there is none. */
  request(method: "GET" | "POST", path: string, body?: Fields): Promise<Fields>;
  seal(): Promise<void>;
  unseal(): Promise<void>;
}

export type Fields = Readonly<Record<string, unknown>>;

interface Server {
  readonly name: string;
  readonly address: string;
  readonly rootToken: string;
  readonly unsealKey: string;
  readonly stop: () => Promise<void>;
}

/** The embedded development Vault. */
export async function startEmbeddedVault(clock: Clock): Promise<DemoVault> {
  const server = await startDevVault({ now: () => clock.now() });
  return operate({ ...server, name: "the embedded development Vault" });
}

/** A server as its operator sees it. */
export function operate({ name, address, rootToken, unsealKey, stop }: Server): DemoVault {
  return {
    name,
    address,
    async request(method, path, body) {
      const { data } = await callVault(address, { method, path, token: rootToken, ...(body ? { body } : {}) });
      return isFields(data) ? data : {};
    },
    seal: async () => void (await callVault(address, { method: "PUT", path: "sys/seal", token: rootToken })),
    unseal: async () =>
      void (await callVault(address, { method: "PUT", path: "sys/unseal", body: { key: unsealKey } })),
    [Symbol.asyncDispose]: stop,
  };
}

interface VaultCall {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly token?: string;
  readonly body?: Fields;
}

/** One request; rejects with a LeafdError `bad_response` that names path and status unless it succeeded. */
export async function callVault(address: string, { method, path, token, body }: VaultCall): Promise<Fields> {
  const response = await fetch(`${address}/v1/${path}`, {
    method,
    headers: { "X-Vault-Request": "true", ...(token === undefined ? {} : { "X-Vault-Token": token }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10 * SECOND),
  });
  const text = await response.text();
  if (!response.ok) throw new LeafdError("bad_response", `${method} ${path}: ${response.status} ${text.trim()}`);
  const answer: unknown = text === "" ? {} : JSON.parse(text);
  return isFields(answer) ? answer : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
