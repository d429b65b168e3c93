import type { EpochMillis, Millis } from "../../src/domain/units.ts";
import type { Dependents } from "./dependents.ts";
import type { MemoryDisk } from "./disk/memory-disk.ts";
import type { Excuses } from "./excuses.ts";
import type { Invariants } from "./invariants.ts";
import type { Cluster, SimulatedIssuer } from "./issuer.ts";
import type { Leafd } from "./leafd.ts";
import type { ServicePlan } from "./plan.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What the happenings happen to. */
export interface Scene {
  readonly time: VirtualTime;
  readonly end: EpochMillis;
  readonly excuses: Excuses;
  readonly disk: MemoryDisk;
  readonly issuers: Readonly<Record<Cluster, SimulatedIssuer>>;
  readonly dependents: Dependents;
  readonly invariants: Invariants;
  readonly plans: readonly ServicePlan[];
  /** Undefined while it is down. */
  leafd: Leafd | undefined;
  /** Something to do when a rotation begins. */
  onRotation: (() => void) | undefined;
  start(): void;
  configure(plans: readonly ServicePlan[]): void;
  log(what: string, text: string): void;
  /** Does something when this much true time has passed. */
  later(after: Millis, run: () => void): void;
}

/** Which world to play. */
export interface WorldOptions {
  readonly seed: number;
  readonly days: number;
  /** Each line of the event log. */
  readonly log: (line: string) => void;
}
