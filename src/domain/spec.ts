import type { ClusterSpec, IssuerSpec } from "./cluster-spec.ts";
import type { OutageSpec, ProbeSpec, WindowSpec } from "./outage-spec.ts";
import type { ReloadStep } from "./reload-spec.ts";
import type { EpochMillis, Millis } from "./units.ts";

/**
 * The configuration as the program uses it: complete, checked, no defaults left to fill in.
 * `config/` makes it from the file; everything else only reads it.
 */
export interface Settings {
  readonly clusters: readonly ClusterSpec[];
  readonly trust: TrustSpec;
  readonly stateDir: string;
  readonly services: readonly ServiceSpec[];
  readonly observe: ObserveSpec;
  readonly review: ReviewSpec;
  readonly control: ControlSpec;
  readonly log: LogSpec;
}

export const KEY_ALGORITHMS = ["ec-p256", "ec-p384", "ec-p521", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519"] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

export const USAGES = ["server", "client"] as const;
/** Extended key usages that the leaf must carry: TLS server authentication, TLS client authentication. */
export type Usage = (typeof USAGES)[number];

/** The names of a certificate. `config/` hands them over normalised: trimmed, DNS in lower case, IPs canonical. */
export interface Names {
  readonly commonName?: string;
  readonly dns: readonly string[];
  readonly ips: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
}

/** What is asked of the issuer for one service. */
export interface CertificateRequest {
  readonly names: Names;
  readonly key: KeyAlgorithm;
  /** Keep the private key across renewals. Default false: a new key each time. */
  readonly reuseKey: boolean;
  readonly usages: readonly Usage[];
  /** The lifetime asked for; absent: the role's own. */
  readonly ttl?: Millis;
  /** A fixed end instead of a lifetime. */
  readonly notAfter?: EpochMillis;
}

export interface OutputSpec {
  /** Absolute and normalised. */
  readonly directory: string;
  /** The state directory, when `directory` lies below it: missing parents between the two are leafd's to make. */
  readonly makeBelow?: string;
  /** The files' owner, a user name or number; absent: leafd's own. Directories stay leafd's. */
  readonly owner?: string;
  readonly group?: string;
  /** File mode bits, such as 0o600. */
  readonly modes: { readonly key: number; readonly cert: number; readonly directory: number };
  /** `bundle` adds `tls-combined.pem` (key, leaf, chain in one file) for dependents that re-read by themselves. */
  readonly layout: "generations" | "bundle";
}

export interface ServiceSpec {
  readonly name: string;
  /** Readiness and `once` wait for it. */
  readonly required: boolean;
  readonly request: CertificateRequest;
  /** Whom to ask, in the order of preference. */
  readonly issuers: readonly [IssuerSpec, ...IssuerSpec[]];
  readonly output: OutputSpec;
  /** What must succeed before dependents are told, such as `nginx -t`; also tried before the pair is swapped in. */
  readonly preReload: readonly ReloadStep[];
  readonly reload: readonly ReloadStep[];
  /** What else is done, one step further each time the proof fails. */
  readonly escalate: readonly ReloadStep[];
  /** Where the dependents serve the pair; empty: a reload that succeeded is the proof. */
  readonly probes: readonly ProbeSpec[];
  /** The fraction of the lifetime after which renewal is due, before jitter: 2/3 unless the operator says otherwise. */
  readonly renewAt: number;
  readonly outage: OutageSpec;
  /** When reloads may happen; empty: always. */
  readonly windows: readonly WindowSpec[];
  /** Revoke the certificate before, once the new one is proved to be live. */
  readonly revokeOld: boolean;
}

/** All that a service may ask, the reserve's issuer last. */
export function issuersOf({ issuers, outage }: ServiceSpec): readonly IssuerSpec[] {
  return outage.reserve === undefined ? issuers : [...issuers, outage.reserve.issuer];
}

export interface TrustSpec {
  /** A PEM file of trust anchors; absent: the roots that the PKI mount holds. */
  readonly roots?: string;
  /** Issuers whose roots are in every trust bundle, besides those of the issuers of the service itself. */
  readonly include: readonly IssuerSpec[];
  /** What happens when the mount shows a root that was not known. */
  readonly newRoot: "accept" | "hold";
}

export interface ObserveSpec {
  /** `host:port`; absent: no listener. */
  readonly listen?: string;
  /** Further Host headers that are answered besides IP literals and localhost. */
  readonly hosts: readonly string[];
}

/** What `check` holds the services to; nothing else reads it. */
export interface ReviewSpec {
  /** The longest life of a certificate that is no long-lived one. */
  readonly maxTtl: Millis;
  /** How often Prometheus scrapes the metrics; absent: nothing is there to be scraped. */
  readonly scrapeInterval?: Millis;
}

export interface ControlSpec {
  /** The directory of the two sockets. */
  readonly directory: string;
  /** The group that may read the status socket. */
  readonly group?: string;
}

export interface LogSpec {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "json" | "text";
}
