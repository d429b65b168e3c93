import { X509Certificate } from "node:crypto";
import type { IssuerSpec } from "../domain/cluster-spec.ts";
import type { Complaint, Remark } from "../domain/remark.ts";
import { type EpochMillis, formatDuration, formatTime, type Millis } from "../domain/units.ts";
import type { Clock, Issuer } from "../rotation/ports.ts";
import { failed } from "./finding.ts";
import { lifetimeOf, type RoleSettings, type Wanted } from "./role-settings.ts";

export interface AuthorityProbe {
  readonly spec: IssuerSpec;
  readonly issuer: Issuer;
  readonly clock: Clock;
  /** The map of the configuration that says its mount and role. */
  readonly configPath: readonly string[];
  /** What services want of it; empty: only its roots are of use. */
  readonly wanted: readonly Wanted[];
  /** `trust.roots` is set: the mount need not hold a root. */
  readonly ownRoots: boolean;
}

/**
 * CA certificates: present, a root among them, one below the root that signs, all alive longer than what they are to
 * sign. `role` are the settings of the role, where they may be read.
 */
export async function probeAuthorities(
  probe: AuthorityProbe,
  role: RoleSettings | undefined,
  signal: AbortSignal,
): Promise<readonly Remark[]> {
  const { spec, clock, wanted, configPath: at } = probe;
  const subject = `issuer ${spec.name}`;
  const path = [...at, spec.issuerRef === undefined ? "mount" : "issuerRef"];
  let authorities: readonly X509Certificate[];
  try {
    authorities = (await probe.issuer.authorities(signal)).map((pem) => new X509Certificate(pem));
  } catch (error) {
    return [failed(subject, error, path)];
  }
  const [issuing] = authorities;
  if (issuing === undefined) {
    const hint = "generate or import a CA there, or correct the mount";
    const message = `the mount ${spec.mount} has no CA certificate`;
    return [{ severity: "error", code: "ca_missing", subject, message, hint, path: at }];
  }
  const longest = Math.max(0, ...wanted.map(({ request }) => lifetimeOf(request, role, clock.now()) ?? 0));
  const findings = [
    ...(probe.ownRoots || authorities.some(isRoot) ? [] : [rootUnknown(subject)]),
    ...(wanted.length > 0 && isRoot(issuing) && signsByDefault(probe, role) ? [rootSigns(issuing, subject, path)] : []),
    ...authorities.flatMap((authority) => endsFirst(authority, { subject, longest, now: clock.now() })),
  ];
  if (findings.length > 0) return findings;
  const first = Math.min(...authorities.map(endOf));
  return [{ severity: "ok", subject, message: `the CA lives until ${formatTime(first)}` }];
}

function isRoot(authority: X509Certificate): boolean {
  return authority.checkIssued(authority) && authority.verify(authority.publicKey);
}

/** Whether the first of the certificates is of what signs: a role may name another issuer of its mount. */
function signsByDefault({ spec }: AuthorityProbe, role: RoleSettings | undefined): boolean {
  const ref = role?.issuer_ref;
  return spec.issuerRef !== undefined || ref === undefined || ref === "" || ref === "default";
}

function rootUnknown(subject: string): Complaint {
  const message = "the mount holds an intermediate only, and no root is known";
  const hint = "set trust.roots to the root's PEM file";
  return { severity: "error", code: "root_unknown", subject, message, hint, path: ["trust"] };
}

function rootSigns(root: X509Certificate, subject: string, path: Complaint["path"] = []): Complaint {
  const message = `the root "${nameOf(root)}" signs the leaves itself: its key has to be online, and can only be replaced by telling everybody who trusts it`;
  const hint = "sign with an intermediate CA, and keep the root's key offline";
  return { severity: "warning", code: "root_signs_leaves", subject, message, hint, path };
}

interface Against {
  readonly subject: string;
  /** The longest life of what it is to sign. */
  readonly longest: Millis;
  readonly now: EpochMillis;
}

function endsFirst(authority: X509Certificate, { subject, longest, now }: Against): readonly Complaint[] {
  const left = endOf(authority) - now;
  if (left > longest) return [];
  const name = nameOf(authority);
  const message =
    left <= 0
      ? `the CA "${name}" ended at ${formatTime(endOf(authority))}`
      : `the CA "${name}" ends in ${formatDuration(left)}, before certificates of ${formatDuration(longest)} would`;
  const severity = left <= 0 ? "error" : "warning";
  return [{ severity, code: "ca_ends_first", subject, message, hint: "renew the CA" }];
}

function endOf(authority: X509Certificate): EpochMillis {
  return authority.validToDate.getTime();
}

function nameOf(authority: X509Certificate): string {
  return authority.subject.replaceAll("\n", ", ");
}
