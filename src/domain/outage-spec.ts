import type { IssuerSpec } from "./cluster-spec.ts";
import type { ReloadStep } from "./reload-spec.ts";
import type { Millis } from "./units.ts";

/** What holds for a service while its issuers cannot be had. */
export interface OutageSpec {
  /** The longest outage that a pair must outlive: renewal comes early enough for it. Absent: none was named. */
  readonly survive?: Millis;
  /** How long one issuer may fail before the next is asked; absent: a quarter of the renewal window, or 10 min of open circuit. */
  readonly failoverAfter?: Millis;
  readonly reserve?: ReserveSpec;
  readonly atExpiry: AtExpiry;
}

/** A second, longer certificate that is kept back and published only when no issuer gives another one in time. */
export interface ReserveSpec {
  /** Mostly the first issuer with a role of its own. */
  readonly issuer: IssuerSpec;
  readonly ttl: Millis;
}

/** What is done to the dependents when the pair has ended and there is no other. */
export type AtExpiry =
  | { readonly kind: "keep" }
  | {
      readonly kind: "stop" | "exec";
      readonly steps: readonly ReloadStep[];
      /** What takes it back once a valid pair is published again. */
      readonly undo: readonly ReloadStep[];
    };

/** Where a dependent serves its certificate, so that leafd can see which one. */
export interface ProbeSpec {
  readonly host: string;
  readonly port: number;
  /** SNI, and the name that the dependent chooses its certificate by; absent: no SNI. */
  readonly serverName?: string;
  /** Protocols to offer; empty: no ALPN. */
  readonly alpn: readonly string[];
  /** The handshake begins inside this protocol. */
  readonly startTls?: "postgres";
  /** Until the handshake is over. */
  readonly timeout: Millis;
  /** After a reload an old worker may go on answering for this long: until then another certificate is no failure. */
  readonly settle: Millis;
}

/** When reloads may happen. */
export interface WindowSpec {
  /** When it opens: five fields, or six with seconds first. */
  readonly cron: string;
  readonly duration: Millis;
  /** An IANA name, such as Europe/Berlin. */
  readonly timezone: string;
}
