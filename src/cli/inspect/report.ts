import type { Ranked } from "../../domain/inspect/chain.ts";
import type { Finding } from "../../domain/inspect/findings.ts";
import type { ServedFacts } from "../../domain/inspect/served.ts";
import type { EpochMillis } from "../../domain/units.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";

/** What `inspect` found out about one thing it was pointed at. */
export interface InspectedTarget {
  readonly kind: "file" | "directory" | "endpoint";
  /** The path, or host and port. */
  readonly target: string;
  /** What else lies there and is not judged, a phrase each. */
  readonly besides: readonly string[];
  readonly output?: InspectedOutput;
  readonly served?: ServedFacts;
  readonly chains: readonly InspectedChain[];
  readonly findings: readonly Finding[];
}

/** What the manifest of an output directory remembers. */
export interface InspectedOutput {
  readonly service: string;
  readonly generation: string;
  readonly issuer: string;
  readonly rung: string;
  readonly receivedAt: EpochMillis;
  readonly renewalDue: EpochMillis;
  /** Whether the dependents have been told about this generation; `nobody` is to be told. */
  readonly delivery: "done" | "owed" | "nobody" | "unknown";
  readonly deliveredAt?: EpochMillis;
}

/** Certificates that belong together. */
export interface InspectedChain {
  /** The file, or `sent`. */
  readonly where: string;
  readonly certificates: readonly Ranked[];
  /** Where the anchors come from that it was held against. */
  readonly trust: string;
  /** The subject of the anchor that it leads to; absent: to none. */
  readonly anchor?: string;
  /** The private key that lies with it. Never more of it than this. */
  readonly key?: InspectedKey;
}

export interface InspectedKey {
  readonly file: string;
  readonly mode: number;
  readonly algorithm: string;
  readonly matches: boolean;
}

/** 1 for an error, 69 when nobody answered and nothing else is wrong. */
export function inspectExitCode(targets: readonly InspectedTarget[]): ExitCode {
  const errors = targets.flatMap(({ findings }) => findings.filter(({ severity }) => severity === "error"));
  if (errors.length === 0) return EXIT.ok;
  return errors.every(({ code }) => code === "unreachable") ? EXIT.unavailable : EXIT.failed;
}
