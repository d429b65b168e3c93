import type { EpochMillis } from "./units.ts";

/** Where a pair came from: the preferred issuer, one after it, or the reserve. */
export const RUNG_NAMES = ["primary", "failover", "reserve"] as const;
export type RungName = (typeof RUNG_NAMES)[number];

/** In a manifest: nobody knows, because it was made up for a pair whose own could not be read. */
export const UNKNOWN = "unknown";

/**
 * `manifest.json`, written with each generation: what was asked, what was got, from whom. It is a memory, not an
 * authority: whoever reads it verifies the pair again.
 */
export interface Manifest {
  readonly version: 1;
  readonly service: string;
  /** The name of the generation directory. */
  readonly generation: string;
  /** `v1:…`, see `requestHash` in request.ts; of another version, or unknown, it says nothing. */
  readonly requestHash: string;
  /** `v1:…`, see `deliveryHash` in request.ts: the layout and modes this generation was written with. The same holds. */
  readonly deliveryHash: string;
  /** The leaf's serial number, lower-case hex. */
  readonly serial: string;
  /** SHA-256 of the leaf's DER, lower-case hex. */
  readonly fingerprint: string;
  /** File name → SHA-256 of its bytes, lower-case hex. */
  readonly files: Readonly<Record<string, string>>;
  /** File name (`.` is the directory) → mode, owner and group as written, such as `0640 0:33`: shows later changes. */
  readonly access?: Readonly<Record<string, string>>;
  /** The configured name of the issuer that signed it. */
  readonly issuer: string;
  /** The rung of the ladder it came from. */
  readonly rung: RungName;
  /** When the answer arrived here, by our clock. */
  readonly receivedAt: EpochMillis;
  /** When renewal first came due; metrics keep to it until a new leaf is published. */
  readonly firstDue: EpochMillis;
  /** What the dependent's own check said just before this pair was swapped in; absent: it was not asked. */
  readonly dependentWasBroken?: boolean;
}

/** Which generation the dependents have been told about. A record of its own: a generation never changes. */
export interface Delivery {
  readonly version: 1;
  readonly generation: string;
  /** `v1:…` over the reload steps that were carried out. */
  readonly reloadHash: string;
  readonly at: EpochMillis;
  /** When the leaf of that generation ends; absent in records of earlier versions. */
  readonly notAfter?: EpochMillis;
}
