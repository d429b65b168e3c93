import type { ClusterSpec, IssuerSpec } from "../domain/cluster-spec.ts";
import type { ClusterStatus } from "../domain/cluster-status.ts";
import type { Remark } from "../domain/remark.ts";
import { Slots } from "../domain/slots.ts";
import type { EpochMillis } from "../domain/units.ts";
import type { Clock, Emit, Issuer } from "../rotation/ports.ts";
import type { VaultApi } from "./api.ts";
import { authMethod } from "./auth/select.ts";
import { VaultClient } from "./client.ts";
import { type Health, readHealth } from "./health.ts";
import { PkiIssuer } from "./pki-issuer.ts";
import { type ProbeQuestions, probeCluster } from "./probe.ts";
import { TlsMaterial } from "./tls-material.ts";
import { Session } from "./token-life.ts";

interface ClusterOptions {
  readonly spec: ClusterSpec;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Told the time that a server says. */
  readonly heard?: (serverTime: EpochMillis) => void;
  /** Where an unwrapped secret-id is kept. */
  readonly stateDir: string;
}

/** One Vault cluster and our login there. Nothing is asked of it before somebody needs it. */
export interface Cluster {
  readonly spec: ClusterSpec;
  readonly api: VaultApi;
  readonly session: Session;
  /** A role that signs; they share the connections, the token and the bound on requests. */
  issuer(spec: IssuerSpec): Issuer;
  /** `sys/health` of the first address that answers, without token and namespace. */
  health(signal: AbortSignal): Promise<Health>;
  /** What is known of it now; asks nothing. */
  status(): ClusterStatus;
  /** What `check --online` shows. */
  probe(questions: ProbeQuestions, signal: AbortSignal): Promise<readonly Remark[]>;
  /** Logs in and keeps the token alive until the signal aborts; then closes, and resolves. */
  run(signal: AbortSignal): Promise<void>;
  /** Ends a login under way and the idle connections. The token is left alone. */
  close(): void;
}

/** Puts the parts of one cluster together. */
export function createCluster({ spec, clock, emit, stateDir, heard }: ClusterOptions): Cluster {
  const tls = new TlsMaterial(spec.tls, clock);
  const api = new VaultClient({ spec, tls, clock, emit, ...(heard && { heard }) });
  const method = authMethod({ cluster: spec, api, tls, stateDir, clock, emit });
  const session = new Session({ cluster: spec.name, api, method, clock, emit });
  const slots = new Slots(spec.concurrency);
  const issuer = (wanted: IssuerSpec): Issuer =>
    new PkiIssuer({ spec: wanted, cluster: spec, api, session, slots, clock });
  const close = (): void => {
    session.close();
    api.close();
  };
  return {
    spec,
    api,
    session,
    issuer,
    health: (signal) => readHealth(api, signal),
    probe: (questions, signal) => probeCluster({ spec, api, session, method, clock, issuer }, questions, signal),
    status: () => statusOf(spec, api.availability, session),
    run: (signal) => session.run(signal).finally(close),
    close,
  };
}

function statusOf(
  spec: ClusterSpec,
  { serving, downFor, since }: VaultClient["availability"],
  { expires, loginTrouble }: Session,
): ClusterStatus {
  return {
    name: spec.name,
    address: serving ?? spec.addresses[0] ?? "",
    ...(serving === undefined && downFor === undefined ? {} : { up: serving !== undefined }),
    ...(downFor === undefined ? {} : { reason: downFor }),
    ...(since === undefined ? {} : { since }),
    ...(expires === undefined ? {} : { tokenExpires: expires }),
    ...(loginTrouble === undefined ? {} : { login: loginTrouble }),
  };
}
