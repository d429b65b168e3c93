import { randomBytes } from "node:crypto";
import type { EpochMillis } from "../domain/units.ts";
import { goDuration } from "./durations.ts";

/** The server's own limit of a token's life, and its life when nobody says one: 32 days. */
export const SYSTEM_TTL = 2_764_800;

/** What a token is made from. Lives are in seconds; 0 means "not set". */
export interface TokenOrder {
  readonly policies: readonly string[];
  /** The path that made it: `auth/approle/login`. */
  readonly path: string;
  readonly displayName: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly ttl: number;
  /** No renewal goes beyond this, counted from the issue. */
  readonly maxTtl: number;
  /** The same, as the creator of the token asked; shown by look-ups. */
  readonly explicitMaxTtl: number;
  /** Renewals give this much each time, without end. */
  readonly period: number;
  readonly renewable: boolean;
  readonly type: "service" | "batch";
  /** Requests it is good for; 0: any number. */
  readonly uses: number;
  /** Ends with its parent. */
  readonly parent?: Token;
}

export interface Token extends TokenOrder {
  readonly id: string;
  readonly accessor: string;
  readonly issuedAt: EpochMillis;
  /** Seconds, after the limits were applied; 0: it does not end. */
  readonly creationTtl: number;
  expiresAt: EpochMillis;
  usesLeft: number;
}

interface TokenStoreOptions {
  readonly now: () => EpochMillis;
  /** Called when a token ends, by revocation or by itself. */
  readonly onEnd: (token: Token) => void;
}

/** The tokens that are alive. Expiry is looked at before each request, so that the clock alone decides. */
export class TokenStore {
  readonly #alive = new Map<string, Token>();
  readonly #now: () => EpochMillis;
  readonly #onEnd: (token: Token) => void;

  constructor({ now, onEnd }: TokenStoreOptions) {
    this.#now = now;
    this.#onEnd = onEnd;
  }

  /** Makes a token, and says when its life was cut. */
  create(order: TokenOrder): { token: Token; warnings: string[] } {
    const { ttl, warnings } = this.#limit(order, order.ttl, 0);
    const isEternal = order.policies.includes("root") && order.ttl === 0;
    const token: Token = {
      ...order,
      id: `${order.type === "batch" ? "b" : "s"}.${randomText(order.type === "batch" ? 120 : 24)}`,
      accessor: order.type === "batch" ? "" : randomText(24),
      renewable: order.renewable && order.type === "service" && !isEternal,
      issuedAt: this.#now(),
      creationTtl: isEternal ? 0 : ttl,
      expiresAt: isEternal ? Number.POSITIVE_INFINITY : this.#now() + ttl * 1000,
      usesLeft: order.uses,
    };
    this.#alive.set(token.id, token);
    return { token, warnings };
  }

  find(id: string): Token | undefined {
    return this.#alive.get(id);
  }

  findByAccessor(accessor: string): Token | undefined {
    return [...this.#alive.values()].find((token) => token.accessor === accessor && accessor !== "");
  }

  /** Batch tokens have none. */
  accessors(): string[] {
    return [...this.#alive.values()].map(({ accessor }) => accessor).filter((accessor) => accessor !== "");
  }

  /** Counts one request of a token with limited uses; it ends after the last one. */
  use(token: Token): void {
    if (token.uses === 0) return;
    token.usesLeft = token.usesLeft === 1 ? -1 : token.usesLeft - 1;
  }

  /** The request that was the last one is over. */
  finishUse(token: Token): void {
    if (token.usesLeft < 0) this.revoke(token);
  }

  /** Lengthens a life by `increment` seconds from now (0: as long as at first), inside the limits. Answers warnings. */
  renew(token: Token, increment: number): string[] {
    const age = (this.#now() - token.issuedAt) / 1000;
    const { ttl, warnings } = this.#limit(token, increment === 0 ? token.creationTtl : increment, age);
    token.expiresAt = this.#now() + ttl * 1000;
    return warnings;
  }

  /** Ends a token and its children. */
  revoke(token: Token): void {
    if (!this.#alive.delete(token.id)) return;
    this.#onEnd(token);
    for (const other of this.#alive.values()) if (other.parent === token) this.revoke(other);
  }

  /** Ends what has expired. */
  sweep(): void {
    const now = this.#now();
    for (const token of this.#alive.values()) if (token.expiresAt <= now) this.revoke(token);
  }

  /** Whole seconds that are left; 0 for a token that does not end. */
  ttl(token: Token): number {
    return Number.isFinite(token.expiresAt) ? Math.round((token.expiresAt - this.#now()) / 1000) : 0;
  }

  #limit(order: TokenOrder, wanted: number, age: number): { ttl: number; warnings: string[] } {
    if (order.period > 0) return { ttl: order.period, warnings: [] };
    const limits = [order.explicitMaxTtl, order.maxTtl, SYSTEM_TTL].filter((limit) => limit > 0);
    const most = Math.min(...limits);
    const ttl = wanted === 0 ? SYSTEM_TTL : wanted;
    if (age + ttl <= most || wanted === 0) return { ttl: Math.min(ttl, most - age), warnings: [] };
    const cut = `TTL of "${shortDuration(ttl)}" exceeded the effective max_ttl of "${shortDuration(most - age)}"`;
    return { ttl: most - age, warnings: [`${cut}; TTL value is capped accordingly`] };
  }
}

/** Letters and digits that nobody guesses. */
export function randomText(length: number): string {
  const text = randomBytes(length * 2)
    .toString("base64")
    .replace(/[^A-Za-z0-9]/g, "");
  return text.length < length ? randomText(length) : text.slice(0, length);
}

/** `1h`, `1m40s`: the zero parts at the end are left out. */
function shortDuration(total: number): string {
  return goDuration(Math.round(total))
    .replace(/(?<=[hm])0s$/, "")
    .replace(/(?<=h)0m$/, "");
}
