import type { Certificate } from "../domain/certificate.ts";
import type { RotationEvent } from "../domain/events.ts";
import type { Inspection, ManifestFacts, PairMaterial } from "../domain/inspection.ts";
import type { Delivery, Manifest } from "../domain/manifest.ts";
import type { ProbeSpec, WindowSpec } from "../domain/outage-spec.ts";
import type { ReloadStep } from "../domain/reload-spec.ts";
import type { Secret } from "../domain/secret.ts";
import type { SignedReply, SignOrder } from "../domain/sign-order.ts";
import type { KeyAlgorithm, Names, OutputSpec } from "../domain/spec.ts";
import type { EpochMillis, Millis } from "../domain/units.ts";

/*
 * The ports: what the rotation asks of the world. Every method rejects with a LeafdError (domain/errors.ts) and with
 * nothing else, takes an AbortSignal as its last argument where it can wait, and is safe to call again after a failure.
 */

/** Time. The only source of it besides the real one in runtime/clock.ts is the virtual one of the tests. */
export interface Clock {
  /** The wall clock: may jump. */
  now(): EpochMillis;
  /** Never jumps, never goes back; only differences mean something. */
  monotonic(): Millis;
  /** As `monotonic`, but goes on while the machine is suspended; absent where that cannot be told. */
  boottime?(): Millis;
  /**
   * Resolves after `duration` (any length: longer than a timer can hold is waited for in parts). Rejects with the
   * signal's reason as soon as it aborts.
   */
  sleep(duration: Millis, signal?: AbortSignal): Promise<void>;
}

/** Where every event goes. Must not throw and must not block. */
export type Emit = (event: RotationEvent) => void;

/** Private keys and certificate signing requests (RFC 2986), made in this process and synchronously. */
export interface Keys {
  /** A new key: PKCS#8 PEM. */
  generate(algorithm: KeyAlgorithm): Secret<string>;
  /** A CSR in PEM for these names, signed by the key (PKCS#8 PEM). */
  request(privateKey: Secret<string>, names: Names): string;
  /** SHA-256 of the key's SubjectPublicKeyInfo DER, lower-case hex; LeafdError `pair_damaged` when it does not parse. */
  publicKeyHash(privateKey: Secret<string>): string;
}

/** One place that signs. Cancelling aborts the request; the server may have signed all the same. */
export interface Issuer {
  readonly name: string;
  /** Unique per cluster, namespace, mount, role and issuer reference; part of the request hash. */
  readonly identity: string;
  /** `sign`: the key is made here. `issue`: the server makes it. */
  readonly method: "sign" | "issue";
  /** Signs, or rejects with a reason of "reaching the issuer", "being allowed" or "the request". */
  sign(order: SignOrder, signal: AbortSignal): Promise<SignedReply>;
  /** The CA certificates the mount publishes (PEM blocks, roots and intermediates), asked without a token. */
  authorities(signal: AbortSignal): Promise<readonly string[]>;
  /** Asks for the health of its cluster, without a token; rejects when that cannot serve. Says nothing about the mount. */
  health(signal: AbortSignal): Promise<ClusterHealth>;
  /** Revokes a certificate of this mount (PEM), also one that it did not store; one that is revoked already is no error. */
  revoke(certificate: string, signal: AbortSignal): Promise<void>;
  /**
   * Asks, without a token, whether the certificate with this serial (lower-case hex) has been revoked; one that the
   * mount does not know has not. Absent: that cannot be asked.
   */
  isRevoked?(serial: string, signal: AbortSignal): Promise<boolean>;
}

export interface ClusterHealth {
  /** The server's clock, whole seconds; absent: it did not say. */
  readonly serverTime?: EpochMillis;
}

/**
 * The output directory of one service: generations behind `..data` (see docs/architecture.md). One writer at a time
 * per output; a reader at any moment finds one complete generation.
 */
export interface Store {
  /**
   * Claims the directory (`..owner`) and proves that a commit would succeed as far as that can be known: parent,
   * writability, owner and group, free space. Costs no issuance because it runs before one. Rejects with a reason of
   * "the disk"; `target_foreign` when another leafd owns it.
   */
  preflight(output: OutputSpec, service: string): Promise<void>;
  /** Reads what is there and never changes it. `target_denied` when it may not be read: that is not damage. */
  inspect(output: OutputSpec): Promise<Inspection>;
  /**
   * Writes a new generation durably and swaps it in. When it rejects, the generation that was visible before is
   * visible still, and the leftovers go at the next `sweep`; only when the very last sync fails is the new one visible
   * (whole, but a power cut might undo it). The reasons are those of "the disk".
   */
  commit(output: OutputSpec, material: PairMaterial, facts: ManifestFacts): Promise<Manifest>;
  /** The last delivery, or undefined when there is none or it cannot be read. */
  delivery(output: OutputSpec): Promise<Delivery | undefined>;
  recordDelivery(output: OutputSpec, delivery: Omit<Delivery, "version">): Promise<void>;
  /** The newest whole generation besides the visible one; undefined when there is none. Not verified. */
  previous(output: OutputSpec): Promise<{ readonly manifest: Manifest; readonly material: PairMaterial } | undefined>;
  /** Removes temporary files of crashed commits, and old generations but for the previous one. Answers how many. */
  sweep(output: OutputSpec): Promise<number>;
  /** Gives the claim back, so that another leafd (the sidecar after its init container) may take it at once. */
  release(output: OutputSpec): Promise<void>;
}

export interface ReloadContext {
  /** All the services that this one run serves, sorted. */
  readonly services: readonly string[];
  readonly directories: readonly string[];
  readonly cause: string;
}

/** Tells a dependent that its files changed. */
export interface Reloader {
  /** Equal keys are one target: their reloads are coalesced into one run. */
  targetKey(step: ReloadStep, service: string): string;
  /**
   * Carries one step out and resolves with one line for the log. A dependent that is not running has nothing to
   * reload: that resolves too, and says so. Rejects with a reason of "the dependent".
   */
  run(step: ReloadStep, context: ReloadContext, signal: AbortSignal): Promise<string>;
}

/** Sees which certificate a dependent serves. */
export interface Probe {
  /**
   * One TLS handshake, presenting the service's own pair where the server asks for a certificate. Resolves with the leaf
   * that was served, whoever issued it and whether or not it is valid. Rejects with `probe_failed` when it cannot be
   * seen, which is not the same as another leaf being served.
   */
  served(endpoint: ProbeSpec, own: PairMaterial, signal: AbortSignal): Promise<ServedLeaf>;
}

export interface ServedLeaf {
  /** SHA-256 of its DER, lower-case hex. */
  readonly fingerprint: string;
  readonly serial: string;
  readonly notAfter: EpochMillis;
}

/** When reloads may happen. */
export interface Windows {
  /** When the next of these windows opens; `now` or earlier while one is open, and when there are none. */
  opensAt(windows: readonly WindowSpec[], now: EpochMillis): EpochMillis;
}

/** When each service had certificates issued; kept in the state directory so that a crash loop cannot reset it. */
export interface Ledger {
  /** The issuances of the last hour, oldest first. */
  recent(service: string): readonly EpochMillis[];
  /** Written before the issuer is asked. A ledger that cannot be written warns and does not stop the rotation. */
  record(service: string, at: EpochMillis): void;
  /** The issuer gave no certificate for it: an outage must not spend the budget. */
  forget(service: string, at: EpochMillis): void;
}

/** Services that an operator has paused; kept in the state directory, so that a restart does not end a pause. */
export interface Pauses {
  /** When the service's pause ends by itself; undefined when it is not paused (any more). */
  until(service: string): EpochMillis | undefined;
  /** Pauses it until then, instead of until when it was before. A pause that cannot be written warns, and holds until a restart. */
  pause(service: string, until: EpochMillis): void;
  /** Ends its pause; without one, nothing happens. */
  resume(service: string): void;
}

/** Where trust anchors are kept between runs. Not an authority: what is read back is parsed and judged again. */
export interface TrustMemory {
  /** The text of the operator's `trust.roots` file; LeafdError `no_trust` when it cannot be read. */
  operatorRoots(path: string): string;
  /** The anchors remembered for one issuer, or undefined when nothing readable is there. */
  recall(identity: string): string | undefined;
  /** A memory that cannot be written warns and does not stop the rotation. */
  remember(identity: string, json: string): void;
}

/** The trust anchors, known before an issuer is asked. */
export interface Trust {
  /** What is known of all these without asking anybody: for judging what lies on disk. Empty when nothing is. */
  known(issuers: readonly Issuer[]): readonly Certificate[];
  /** A leaf of ours chains to this anchor (fingerprint) and lives until then: the anchor must stay as long. */
  anchored(issuer: Issuer, anchor: string, until: EpochMillis): void;
  /**
   * The bundle of all these, for leaves of `signer`, which is asked again when its answer is older than a minute; what
   * was known before stays when nobody answers. The others are waited for only briefly, and only when nothing is known of
   * them: one that is away must not hold up the one that is asked. LeafdError `no_trust` when no root is known of the
   * signer.
   */
  bundle(issuers: readonly Issuer[], signer: Issuer, signal: AbortSignal): Promise<readonly Certificate[]>;
  /** A leaf of this issuer chains to a root that is not known: the next `bundle` asks it again, however fresh its answer is. */
  outdated(issuer: Issuer): void;
  /** The bundle on disk, by which the pair beside it was proved: it stays while nothing is known of an issuer. */
  published(roots: readonly Certificate[]): void;
}

/** What all services share of it. */
export interface SharedTrust extends Omit<Trust, "published"> {
  /** Nothing is known of one of these, where anything could be: nobody has answered yet, and nobody remembers. */
  lacks(issuers: readonly Issuer[]): boolean;
}
