import type { Circuit } from "../circuit.ts";
import type { ClockDoubt, ClockTrust } from "../clock-guard.ts";
import type { Reason } from "../errors.ts";
import type { EpochMillis, Millis } from "../units.ts";
import type { Base } from "./base.ts";

/** What happens around the services: clusters, issuers, trust, configuration, the process. */
export type DaemonEvent =
  | (Base & { readonly kind: "started"; readonly version: string; readonly services: number; readonly pid: number })
  | (Base & { readonly kind: "stopping"; readonly signal: string })
  | (Base & { readonly kind: "stopped"; readonly took: Millis })
  | (Base & {
      readonly kind: "config_loaded";
      readonly hash: string;
      readonly added: number;
      readonly changed: number;
      readonly removed: number;
    })
  | (Base & { readonly kind: "config_rejected"; readonly message: string })
  | (Base & {
      readonly kind: "logged_in";
      readonly cluster: string;
      readonly method: string;
      readonly ttl: Millis;
      readonly renewable: boolean;
      readonly warnings: readonly string[];
    })
  | (Base & {
      readonly kind: "login_failed";
      readonly cluster: string;
      readonly method: string;
      readonly reason: Reason;
      readonly message: string;
      readonly hint?: string;
    })
  | (Base & { readonly kind: "token_renewed"; readonly cluster: string; readonly ttl: Millis })
  | (Base & {
      readonly kind: "token_ending";
      readonly cluster: string;
      readonly why: "not_renewable" | "max_ttl" | "renew_failed" | "invalid";
    })
  | (Base & { readonly kind: "cluster_up"; readonly cluster: string; readonly address: string })
  | (Base & {
      readonly kind: "cluster_down";
      readonly cluster: string;
      readonly address: string;
      readonly reason: Reason;
      readonly message: string;
    })
  /** The circuit of an issuer changed; the reason is that of the outage. */
  | (Base & {
      readonly kind: "issuer_circuit";
      readonly issuer: string;
      readonly state: Circuit["kind"];
      readonly reason?: Reason;
    })
  | (Base & {
      readonly kind: "root_added";
      readonly issuer: string;
      readonly fingerprint: string;
      readonly subject: string;
      readonly notAfter: EpochMillis;
    })
  | (Base & {
      readonly kind: "root_held";
      readonly issuer: string;
      readonly fingerprint: string;
      readonly subject: string;
    })
  | (Base & {
      readonly kind: "root_removed";
      readonly issuer: string;
      readonly fingerprint: string;
      readonly subject: string;
    })
  /** The time goes on from `believed`, and no longer by the wall clock, which is ahead of it by `departure`. */
  | (Base & {
      readonly kind: "clock_doubted";
      readonly why: ClockDoubt;
      readonly departure: Millis;
      readonly believed: EpochMillis;
    })
  /** `skew`: how far a server's clock is ahead of the wall clock, when one has said its time. */
  | (Base & { readonly kind: "clock_trusted"; readonly how: ClockTrust; readonly skew?: Millis })
  | (Base & {
      readonly kind: "warning";
      readonly subject: string;
      readonly reason: Reason;
      readonly message: string;
      readonly hint?: string;
    });
