import type { EpochMillis } from "../domain/units.ts";
import { parseGoDuration } from "./durations.ts";
import { text } from "./fields.ts";
import { type Call, type Fields, type Route, VaultError } from "./protocol.ts";
import { randomText } from "./tokens.ts";

interface Wrapped {
  /** The whole answer, as it would have been sent. */
  readonly envelope: Fields;
  readonly creationPath: string;
  readonly createdAt: EpochMillis;
  readonly ttl: number;
}

/** Response wrapping: an answer is put away and fetched once, with the token that was sent in its place. */
export class Wrapping {
  readonly #wrapped = new Map<string, Wrapped>();
  readonly #now: () => EpochMillis;

  constructor(now: () => EpochMillis) {
    this.#now = now;
  }

  /** Seconds of an `X-Vault-Wrap-TTL` header; 0 when there is none. VaultError 400 when it is no duration. */
  static ttl(header: string | undefined): number {
    if (header === undefined || header === "") return 0;
    const ttl = parseGoDuration(header);
    if (ttl !== undefined && ttl >= 0) return ttl;
    throw new VaultError(400, `error parsing X-Vault-Wrap-TTL header: time: invalid duration "${header}"`);
  }

  /** Puts an answer away; gives the `wrap_info` that is sent instead. */
  wrap(envelope: Fields, creationPath: string, ttl: number): Fields {
    const token = `s.${randomText(24)}`;
    const createdAt = this.#now();
    this.#wrapped.set(token, { envelope, creationPath, createdAt, ttl });
    const creationTime = new Date(createdAt).toISOString();
    return { token, accessor: randomText(24), ttl, creation_time: creationTime, creation_path: creationPath };
  }

  /** `sys/wrapping/…` */
  routes(): readonly Route[] {
    const lookup = (call: Call) => {
      const { creationPath, createdAt, ttl } = this.#find(tokenOf(call));
      const creationTime = new Date(createdAt).toISOString();
      const data = { creation_path: creationPath, creation_time: creationTime, creation_ttl: ttl };
      return { kind: "data" as const, data };
    };
    const unwrap = (call: Call) => {
      const token = tokenOf(call);
      if (token === "") throw new VaultError(403, "error validating wrapping token: token is empty");
      const { envelope } = this.#find(token);
      this.#wrapped.delete(token);
      return { kind: "raw" as const, contentType: "application/json", bytes: JSON.stringify(envelope) };
    };
    const echo = (call: Call) => ({ kind: "data" as const, data: call.body });
    return [
      { method: "POST", path: "wrapping/wrap", handle: echo },
      { method: "POST", path: "wrapping/lookup", open: true, handle: lookup },
      { method: "POST", path: "wrapping/unwrap", open: true, handle: unwrap },
    ];
  }

  #find(token: string): Wrapped {
    const wrapped = this.#wrapped.get(token);
    if (wrapped !== undefined && wrapped.createdAt + wrapped.ttl * 1000 > this.#now()) return wrapped;
    throw new VaultError(400, "wrapping token is not valid or does not exist");
  }
}

/** The token in the body, else the one in the header. */
function tokenOf(call: Call): string {
  return text(call.body, "token") || call.bearer;
}
