import { randomBytes } from "node:crypto";
import type { EpochMillis } from "../domain/units.ts";
import { text } from "./fields.ts";
import { type Call, type Fields, type Route, VaultError } from "./protocol.ts";

/** What `sys/health` calls this server. */
export const VERSION = "0.0.0-dev";

/** Sealed or not, with the one key that opens it. A sealed server forgets nothing and answers 503. */
export class Seal {
  readonly key = randomBytes(32).toString("hex");
  sealed = false;

  /** VaultError 400 when it is not the key. */
  open(key: string): void {
    if (!/^[0-9a-f]{64}$/i.test(key)) throw new VaultError(400, "'key' must be a valid hex or base64 string");
    if (key !== this.key) throw new VaultError(400, "failed to unseal: invalid key");
    this.sealed = false;
  }

  /** `sys/health`, `sys/seal-status`, `sys/seal` and `sys/unseal`. */
  routes(now: () => EpochMillis): readonly Route[] {
    const seal = () => {
      this.sealed = true;
      return { kind: "empty" as const };
    };
    const unseal = (call: Call) => {
      this.open(text(call.body, "key"));
      return json(this.#status());
    };
    return [
      { method: "GET", path: "health", open: true, whileSealed: true, handle: () => this.#health(now()) },
      { method: "GET", path: "seal-status", open: true, whileSealed: true, handle: () => json(this.#status()) },
      { method: "POST", path: "unseal", open: true, whileSealed: true, handle: unseal },
      { method: "POST", path: "seal", handle: seal },
    ];
  }

  #health(now: EpochMillis) {
    const replication = this.sealed ? "unknown" : "disabled";
    const health = {
      initialized: true,
      sealed: this.sealed,
      standby: this.sealed,
      replication_performance_mode: replication,
      replication_dr_mode: replication,
      server_time_utc: Math.floor(now / 1000),
      version: VERSION,
    };
    return json(health, this.sealed ? 503 : 200);
  }

  #status(): Fields {
    return { type: "shamir", initialized: true, sealed: this.sealed, t: 1, n: 1, progress: 0, version: VERSION };
  }
}

function json(body: Fields, status = 200) {
  return { kind: "raw" as const, contentType: "application/json", bytes: JSON.stringify(body), status };
}
