import { LeafdError } from "../domain/errors.ts";
import { type EpochMillis, SECOND } from "../domain/units.ts";
import type { VaultApi } from "./api.ts";
import { badResponse, fieldsOf, textOf } from "./replies.ts";

/** A node that can serve; a sealed or uninitialised one is an error. */
export interface Health {
  /** A standby forwards requests to the active node. */
  readonly standby: boolean;
  readonly version: string;
  /** The server's clock, to the second; undefined when it does not say. */
  readonly serverTime: EpochMillis | undefined;
}

/** Standbys answer 200 with these: they serve as well. */
const PATH = "sys/health?standbyok=true&perfstandbyok=true";

/**
 * Asks `sys/health` without token and namespace, of one address or of the first that answers.
 * Rejects with `sealed`, `uninitialised`, `standby` or a reason why it cannot be reached.
 * Source: https://developer.hashicorp.com/vault/api-docs/system/health
 */
export async function readHealth(api: VaultApi, signal: AbortSignal, address?: string): Promise<Health> {
  const one = address === undefined ? {} : { address };
  const body = fieldsOf(await api.send({ operation: "read", path: PATH, rootNamespace: true, ...one }, signal));
  if (typeof body.sealed !== "boolean") throw badResponse("sys/health", "it does not say whether it is sealed");
  if (body.sealed) throw new LeafdError("sealed", "sys/health: sealed", { hint: "unseal Vault" });
  return {
    standby: body.standby === true,
    version: textOf(body.version) ?? "unknown",
    serverTime: typeof body.server_time_utc === "number" ? body.server_time_utc * SECOND : undefined,
  };
}
