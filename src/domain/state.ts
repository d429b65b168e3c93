import type { Reason } from "./errors.ts";
import type { Cause, LeafFacts, ServiceEvent, Stage } from "./events.ts";
import type { EpochMillis } from "./units.ts";

/** A row of failures without a success in between. */
export interface Trouble {
  readonly failures: number;
  readonly reason: Reason;
  readonly message: string;
  readonly hint?: string;
  readonly stage: Stage;
  readonly retryAt: EpochMillis;
}

/** All that is known of one service. Changed by `evolve` and by nothing else. */
export interface ServiceState {
  /** The disk has been read. */
  readonly recovered: boolean;
  /** The pair that is published, good when it was last judged. */
  readonly current?: LeafFacts;
  /** Why there is none. */
  readonly lacking?: "missing" | "damaged";
  /** The current pair must be replaced or published again before its time. */
  readonly outdated?: Cause;
  /** Not before this; absent: at once. */
  readonly replaceAt?: EpochMillis;
  /** An operator asked for a new one. */
  readonly forced: boolean;
  readonly reloadOwed: boolean;
  /** Why this process published the current pair; absent when an earlier one did. */
  readonly published?: Cause;
  /** What is going on right now. */
  readonly activity?: "rotation" | "reload";
  readonly rotationTrouble?: Trouble;
  readonly reloadTrouble?: Trouble;
  readonly lastIssue?: EpochMillis;
  readonly lastStore?: EpochMillis;
  readonly lastReload?: EpochMillis;
  /** Certificates published since this process began, for the page and the tests. */
  readonly rotations: number;
}

export const INITIAL_STATE: ServiceState = { recovered: false, forced: false, reloadOwed: false, rotations: 0 };

type Optional = Exclude<keyof ServiceState, "recovered" | "forced" | "reloadOwed" | "rotations">;

/** The state without these fields: `exactOptionalPropertyTypes` has no other way to unset one. */
function without(state: ServiceState, ...fields: Optional[]): ServiceState {
  const rest = { ...state };
  for (const field of fields) delete rest[field];
  return rest;
}

/** The next state. Pure: the same events give the same state, whatever happened around them. */
export function evolve(state: ServiceState, event: ServiceEvent): ServiceState {
  switch (event.kind) {
    case "recovered": {
      const next = {
        ...without(state, "lacking", "outdated", "replaceAt"),
        recovered: true,
        current: event.leaf,
        reloadOwed: event.reloadOwed,
      };
      const { outdated, replaceAt } = event;
      return { ...next, ...(outdated && { outdated }), ...(replaceAt && { replaceAt }) };
    }
    case "nothing_usable":
      return {
        ...without(state, "current", "outdated", "replaceAt"),
        recovered: true,
        lacking: event.cause,
        reloadOwed: false,
      };
    case "outdated":
      return { ...without(state, "replaceAt"), outdated: event.cause };
    case "renewal_requested":
      return { ...without(state, "rotationTrouble"), forced: true };
    case "rotation_started":
      return { ...state, activity: "rotation" };
    case "issued":
      return { ...state, lastIssue: event.at };
    case "published":
      return published(state, event);
    case "rotation_failed":
      return { ...without(state, "activity"), rotationTrouble: trouble(event, event.stage) };
    case "reload_started":
      return { ...state, activity: "reload" };
    case "reload_failed":
      return { ...without(state, "activity"), reloadTrouble: trouble(event, "reload") };
    case "delivered":
      return { ...without(state, "activity", "reloadTrouble"), reloadOwed: false, lastReload: event.at };
    case "reloaded":
    case "ttl_clipped":
    case "leased_certificate":
    case "pair_warning":
    case "service_added":
    case "service_changed":
    case "service_removed":
    case "leftovers_removed":
      return state;
    default:
      return event satisfies never;
  }
}

function published(state: ServiceState, event: ServiceEvent & { kind: "published" }): ServiceState {
  const isNew = event.leaf.serial !== state.current?.serial;
  // A pair that is published again answers neither a wish for a new one nor a request for another.
  const isAnswered = isNew || state.outdated === event.cause;
  const over = ["lacking", "activity", "rotationTrouble", "reloadTrouble"] as const;
  return {
    ...without(state, ...over, ...(isAnswered ? (["outdated", "replaceAt"] as const) : [])),
    recovered: true,
    current: event.leaf,
    forced: isNew ? false : state.forced,
    reloadOwed: event.reloadOwed,
    published: event.cause,
    lastStore: event.at,
    rotations: state.rotations + (isNew ? 1 : 0),
  };
}

function trouble(event: ServiceEvent & { kind: "rotation_failed" | "reload_failed" }, stage: Stage): Trouble {
  const { failures, reason, message, retryAt } = event;
  return { failures, reason, message, stage, retryAt, ...(event.hint === undefined ? {} : { hint: event.hint }) };
}
