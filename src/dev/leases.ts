import type { EpochMillis } from "../domain/units.ts";
import { text } from "./fields.ts";
import { type Call, type Route, VaultError } from "./protocol.ts";
import { randomText, type Token } from "./tokens.ts";

interface Lease {
  readonly id: string;
  readonly path: string;
  readonly token: Token | undefined;
  readonly issuedAt: EpochMillis;
  readonly expiresAt: EpochMillis;
  /** What the end of the lease takes back: a certificate is revoked. */
  readonly revoke: () => void;
}

/** What was handed out on loan: it is taken back at its end, and with the token that took it. */
export class Leases {
  readonly #leases = new Map<string, Lease>();
  readonly #now: () => EpochMillis;

  constructor(now: () => EpochMillis) {
    this.#now = now;
  }

  /** Answers the lease's id: the path and a random part. */
  grant(call: Call, expiresAt: EpochMillis, revoke: () => void): string {
    const id = `${call.path}/${randomText(24)}`;
    this.#leases.set(id, { id, path: call.path, token: call.token, issuedAt: this.#now(), expiresAt, revoke });
    return id;
  }

  /** Takes back what the token took. */
  endOf(token: Token): void {
    for (const lease of this.#leases.values()) if (lease.token === token) this.#end(lease);
  }

  sweep(): void {
    for (const lease of this.#leases.values()) if (lease.expiresAt <= this.#now()) this.#end(lease);
  }

  /** `sys/leases/…` */
  routes(): readonly Route[] {
    const named = (call: Call) => this.#leases.get(text(call.body, "lease_id"));
    const lookup = (call: Call) => {
      const lease = named(call);
      if (lease === undefined) throw new VaultError(400, "invalid lease");
      return { kind: "data" as const, data: this.#describe(lease) };
    };
    const revoke = (call: Call) => {
      const lease = named(call);
      if (lease !== undefined) this.#end(lease);
      return { kind: "empty" as const };
    };
    return [
      { method: "POST", path: "leases/lookup", handle: lookup },
      { method: "POST", path: "leases/revoke", handle: revoke },
    ];
  }

  #end(lease: Lease): void {
    if (this.#leases.delete(lease.id)) lease.revoke();
  }

  #describe({ id, path, issuedAt, expiresAt }: Lease) {
    return {
      id,
      path,
      issue_time: new Date(issuedAt).toISOString(),
      expire_time: new Date(expiresAt).toISOString(),
      last_renewal: null,
      renewable: false,
      ttl: Math.floor((expiresAt - this.#now()) / 1000),
    };
  }
}
