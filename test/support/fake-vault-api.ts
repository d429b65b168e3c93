import { LeafdError, type Reason } from "../../src/domain/errors.ts";
import type { VaultApi, VaultRequest } from "../../src/vault/api.ts";

type Reply = (request: VaultRequest) => unknown;

/** Vault's API without a server: each path has an answer that a test can change, and the requests are kept. */
export class FakeVaultApi implements VaultApi {
  readonly requests: VaultRequest[] = [];
  readonly #replies = new Map<string, Reply>();

  /** From now on `path` answers this; a function is called for each request, and may throw a LeafdError. */
  on(path: string, reply: Reply | Readonly<Record<string, unknown>>): this {
    this.#replies.set(path, typeof reply === "function" ? reply : () => reply);
    return this;
  }

  /** From now on `path` fails for this reason. */
  refuse(path: string, reason: Reason): this {
    return this.on(path, () => {
      throw new LeafdError(reason, `${path}: ${reason}`);
    });
  }

  /** How often `path` was asked. */
  count(path: string): number {
    return this.requests.filter((request) => request.path === path).length;
  }

  async send(request: VaultRequest): Promise<unknown> {
    this.requests.push(request);
    const reply = this.#replies.get(request.path);
    if (reply === undefined) throw new LeafdError("mount_missing", `nobody answers ${request.path}`);
    return reply(request);
  }
}
