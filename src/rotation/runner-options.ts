import type { OutputSpec, ServiceSpec } from "../domain/spec.ts";
import type { Millis } from "../domain/units.ts";
import type { Circuits } from "./circuits.ts";
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
  readonly circuits: Pick<Circuits, "of" | "report">;
  readonly pass: Pass;
  readonly reloads: ReloadQueue;
  readonly emit: Emit;
  /** See `Reading`. */
  readonly pace?: Millis;
  readonly movedFrom?: OutputSpec;
}

/** Lets the work through to an issuer when it may be asked; nothing happens when another service tries it first. */
export type Pass = (passage: Passage, work: () => Promise<void>, signal: AbortSignal) => Promise<void>;

interface Passage {
  /** Its configured name. */
  readonly issuer: string;
  /** Lower goes first: see `Gate`. */
  readonly urgency: number;
  /** Whatever its circuit says. */
  readonly force: boolean;
}
