import type { EpochMillis } from "../../src/domain/units.ts";
import type { Issuance } from "./issuer.ts";
import type { ServicePlan } from "./plan.ts";
import type { Found, PairReader } from "./reader.ts";
import type { Spending } from "./spending.ts";

/** Something that must never be. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** A service, as the invariants see it. */
export interface Watched {
  readonly plan: ServicePlan;
  readonly reader: PairReader;
  /** Looks at the reserve. */
  readonly reserve: PairReader;
  found: Found;
  /** Since when `found` is as it is. */
  since: EpochMillis;
  /** When what was found is to be replaced. */
  due: EpochMillis;
  /** The last generation that was said to be published: it must survive whatever comes. */
  announced: string;
  /** The last pair that was seen whole. */
  last: Issuance | undefined;
  /** The one before that. */
  before: Issuance | undefined;
  readonly spending: Spending;
  events: number;
  hour: number;
}

/** What was thrown, as a broken promise: a defect is one too. */
export function violationOf(thrown: unknown): Violation {
  return thrown instanceof Violation ? thrown : new Violation(`defect: ${String(thrown)}`, { cause: thrown });
}
