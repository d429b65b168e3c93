import type { ClusterSpec, IssuerSpec } from "../domain/cluster-spec.ts";
import type { Complaint, Remark } from "../domain/remark.ts";
import type { Secret } from "../domain/secret.ts";
import type { ReviewSpec } from "../domain/spec.ts";
import { formatDuration, MINUTE, type Millis, SECOND } from "../domain/units.ts";
import type { Clock, Issuer } from "../rotation/ports.ts";
import type { VaultApi } from "./api.ts";
import type { AuthMethod } from "./auth/method.ts";
import { failed } from "./finding.ts";
import { readHealth } from "./health.ts";
import { probeIssuer } from "./probe-issuer.ts";
import { probeTokenCare } from "./probe-rights.ts";
import type { Wanted } from "./role-settings.ts";
import type { Session } from "./token-life.ts";

/** An issuer to look at. */
interface IssuerQuestion {
  readonly spec: IssuerSpec;
  /** The map of the configuration that says its mount and role. */
  readonly configPath: readonly string[];
  /** Empty: only its roots are of use. */
  readonly wanted: readonly Wanted[];
}

/** What `check --online` wants to know of a cluster. */
export interface ProbeQuestions {
  readonly issuers: readonly IssuerQuestion[];
  /** `trust.roots` is set. */
  readonly ownRoots: boolean;
  /** What lifetimes are held to. */
  readonly review: ReviewSpec;
  /**
   * Log in with a secret-id from a file, which uses it up if it counts its uses. A response-wrapped one is never taken
   * out of its wrapping here.
   */
  readonly spendSecretId: boolean;
}

interface ProbeParts {
  readonly spec: ClusterSpec;
  readonly api: VaultApi;
  readonly session: Session;
  readonly method: AuthMethod;
  readonly clock: Clock;
  readonly issuer: (spec: IssuerSpec) => Issuer;
}

/** Beyond this verification has to give a new leaf the benefit of the doubt; beyond a minute it does not. */
const NOTABLE_SKEW: Millis = 5 * SECOND;

const SPEND_HINT = "to have them looked at, add --spend-secret-id: it uses up one use of a secret-id that counts them";
const WRAPPED_HINT = "a wrapped secret-id is left to leafd itself: it logs in, and says what is wrong, when it runs";

/**
 * Looks at a cluster as leafd would use it: addresses, seal, clock, login, issuers. Issues nothing, consumes nothing
 * (but see `spendSecretId`), and rejects only when the signal aborts: whatever is wrong is a finding.
 */
export async function probeCluster(
  parts: ProbeParts,
  questions: ProbeQuestions,
  signal: AbortSignal,
): Promise<readonly Remark[]> {
  const at = parts.spec.name === "default" ? ["vault"] : ["clusters", parts.spec.name];
  const reached = await probeAddresses(parts, at, signal);
  signal.throwIfAborted();
  if (reached.every(({ severity }) => severity === "error")) return reached;
  const login = await probeLogin(parts, { at, spendSecretId: questions.spendSecretId }, signal);
  const issuers: Remark[] = [];
  for (const question of questions.issuers) {
    const { api, clock } = parts;
    const { ownRoots, review } = questions;
    const probe = { ...question, api, clock, issuer: parts.issuer(question.spec), ownRoots, review };
    issuers.push(...(await probeIssuer(probe, login.token, signal)));
    signal.throwIfAborted();
  }
  if (login.token !== undefined && !parts.method.fixed) await giveBack(parts.api, login.token, signal);
  return [...reached, ...login.findings, ...issuers];
}

async function probeAddresses(
  { spec, api, clock }: ProbeParts,
  at: readonly string[],
  signal: AbortSignal,
): Promise<readonly Remark[]> {
  const findings: Remark[] = [];
  for (const [index, address] of spec.addresses.entries()) {
    try {
      const { version, standby, serverTime } = await readHealth(api, signal, address);
      const role = standby ? "a standby" : "active";
      findings.push({ severity: "ok", subject: address, message: `reachable, unsealed, ${role}, version ${version}` });
      const skew = serverTime === undefined ? 0 : serverTime - clock.now();
      if (Math.abs(skew) > NOTABLE_SKEW) findings.push(skewed(address, skew));
    } catch (error) {
      findings.push(failed(address, error, [...at, "address", ...(spec.addresses.length > 1 ? [index] : [])]));
    }
  }
  return findings;
}

function skewed(subject: string, skew: Millis): Complaint {
  const side = skew > 0 ? "ahead of" : "behind";
  return {
    severity: Math.abs(skew) > MINUTE ? "error" : "warning",
    code: "clock_skew",
    subject,
    message: `its clock is ${formatDuration(Math.abs(skew))} ${side} this machine's`,
    hint: "synchronise both with NTP: certificates may be not valid yet, or end early",
  };
}

interface LoginProbe {
  readonly findings: readonly Remark[];
  readonly token?: Secret<string>;
}

async function probeLogin(
  { spec, api, session, method }: ProbeParts,
  { at, spendSecretId }: { readonly at: readonly string[]; readonly spendSecretId: boolean },
  signal: AbortSignal,
): Promise<LoginProbe> {
  const subject = `login by ${method.kind}`;
  const { auth } = spec;
  const wrapped = auth.kind === "approle" && auth.wrapped !== undefined;
  try {
    if (method.inspect !== undefined && (wrapped || !spendSecretId)) {
      const message = `${await method.inspect(signal)}; rights and role are not looked at without a login`;
      const hint = wrapped ? WRAPPED_HINT : SPEND_HINT;
      return { findings: [{ severity: "skipped", code: "login_skipped", subject, message, hint }] };
    }
    const token = await session.token(signal);
    const life = session.expires;
    const message = life === undefined ? "the token does not end" : "logged in";
    const care = await probeTokenCare(api, { token, subject }, signal);
    return { findings: [{ severity: "ok", subject, message }, ...care], token };
  } catch (error) {
    return { findings: [failed(subject, error, [...at, "auth", method.kind])] };
  }
}

/** The probe's own token is of no further use. It holds no leases; should it fail, the token ends by itself. */
async function giveBack(api: VaultApi, token: Secret<string>, signal: AbortSignal): Promise<void> {
  await api.send({ operation: "write", path: "auth/token/revoke-self", token }, signal).catch(() => undefined);
}
