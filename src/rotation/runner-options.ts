import type { OutputSpec, ServiceSpec } from "../domain/spec.ts";
import type { Millis } from "../domain/units.ts";
import type { Circuits } from "./circuits.ts";
import type { Gate } from "./gate.ts";
import type { Ports } from "./job.ts";
import type { Emit, Issuer } from "./ports.ts";
import type { ReloadQueue } from "./reload-queue.ts";

/** What one service is run with. */
export interface RunnerOptions {
  readonly spec: ServiceSpec;
  /** Those of the specification, in its order. */
  readonly issuers: readonly [Issuer, ...Issuer[]];
  /** That of the reserve. */
  readonly reserveIssuer?: Issuer;
  /** Whose roots belong into the trust bundle besides those of the issuers. */
  readonly included?: readonly Issuer[];
  readonly ports: Ports;
  readonly circuits: Circuits;
  /** Towards the cluster of an issuer, by its configured name. */
  readonly gate: (issuer: string) => Gate;
  readonly reloads: ReloadQueue;
  readonly emit: Emit;
  /** See `Job`. */
  readonly pace?: Millis;
  readonly movedFrom?: OutputSpec;
}
