import type { Secret } from "./secret.ts";
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

/** One place that signs: a role of a PKI mount of a cluster. */
export interface IssuerSpec {
  readonly name: string;
  readonly cluster: string;
  readonly mount: string;
  readonly role: string;
  /** `sign`: the key is made here. `issue`: the server makes it, only when asked for. */
  readonly method: "sign" | "issue";
  /** A named issuer of the mount (`pki/issuer/:ref/…`); absent: the mount's default. */
  readonly issuerRef?: string;
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

export type SignalTarget =
  | { readonly by: "pidFile"; readonly path: string }
  /** The name of the executable, as in /proc/PID/comm; `user` narrows it. */
  | { readonly by: "process"; readonly name: string; readonly user?: string }
  | { readonly by: "pid"; readonly pid: number };

/** How a dependent is told that its files changed. One step of a service's `reload` list. */
export type ReloadStep =
  | {
      readonly kind: "signal";
      readonly signal: ReloadSignal;
      readonly target: SignalTarget;
      /** Permits pid 1, which in a container may be the dependent. */
      readonly allowInit: boolean;
    }
  | {
      readonly kind: "exec";
      readonly argv: readonly [string, ...string[]];
      readonly timeout: Millis;
      /** True: one run serves all services that name the same argv; LEAFD_SERVICE then lists them. */
      readonly shared: boolean;
    }
  | {
      readonly kind: "systemd";
      readonly unit: string;
      readonly action: "reload" | "restart" | "reload-or-restart";
      readonly timeout: Millis;
    }
  | {
      readonly kind: "http";
      readonly url: string;
      readonly method: "GET" | "POST" | "PUT";
      /** Header name → file whose trimmed content is the value, read at each call. */
      readonly headerFiles: Readonly<Record<string, string>>;
      readonly headers: Readonly<Record<string, string>>;
      /** Status codes that count as done. */
      readonly expect: readonly number[];
      readonly caFile?: string;
      readonly timeout: Millis;
    }
  | { readonly kind: "touch"; readonly path: string };

export const RELOAD_SIGNALS = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGTERM", "SIGQUIT", "SIGWINCH"] as const;
export type ReloadSignal = (typeof RELOAD_SIGNALS)[number];

export interface ServiceSpec {
  readonly name: string;
  /** Readiness and `once` wait for it. */
  readonly required: boolean;
  readonly request: CertificateRequest;
  readonly issuer: IssuerSpec;
  readonly output: OutputSpec;
  readonly reload: readonly ReloadStep[];
  /** The fraction of the lifetime after which renewal is due, before jitter: 2/3 unless the operator says otherwise. */
  readonly renewAt: number;
}

export interface TrustSpec {
  /** A PEM file of trust anchors; absent: the roots that the PKI mount holds. */
  readonly roots?: string;
  /** What happens when the mount shows a root that was not known. */
  readonly newRoot: "accept" | "hold";
}

export interface ClusterSpec {
  readonly name: string;
  /** `https://…`, `http://…` (loopback only unless allowed) or `unix:///path`; tried in order. */
  readonly addresses: readonly string[];
  readonly namespace?: string;
  readonly tls: {
    readonly caFile?: string;
    readonly serverName?: string;
    /** The client certificate of `cert` auth, or of a listener that asks for one. */
    readonly certFile?: string;
    readonly keyFile?: string;
  };
  readonly auth: AuthSpec;
  readonly timeouts: { readonly connect: Millis; readonly request: Millis };
  /** Requests to this cluster that may be under way at once. */
  readonly concurrency: number;
}

export type AuthSpec =
  | { readonly kind: "token"; readonly token: Secret<string> }
  | { readonly kind: "tokenFile"; readonly path: string }
  | {
      readonly kind: "approle";
      readonly mount: string;
      readonly roleId: { readonly value: string } | { readonly file: string };
      /** Absent: the role has `bind_secret_id=false`. */
      readonly secretIdFile?: string;
      /** Set: the file holds a response-wrapping token, which must have been created by this path. */
      readonly wrapped?: { readonly creationPath: string };
      /** Keep an unwrapped secret-id 0600 in the state directory, so that a restart can log in again. */
      readonly persist: boolean;
    }
  | { readonly kind: "kubernetes"; readonly mount: string; readonly role: string; readonly tokenFile: string }
  | { readonly kind: "jwt"; readonly mount: string; readonly role: string; readonly tokenFile: string }
  /** Presents the cluster's `tls.certFile`. */
  | { readonly kind: "cert"; readonly mount: string; readonly role?: string }
  | { readonly kind: "userpass"; readonly mount: string; readonly username: string; readonly passwordFile: string };

export interface ObserveSpec {
  /** `host:port`; absent: no listener. */
  readonly listen?: string;
  /** Further Host headers that are answered besides IP literals and localhost. */
  readonly hosts: readonly string[];
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
