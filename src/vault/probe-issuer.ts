import { toLeafdError } from "../domain/errors.ts";
import type { Complaint, Remark } from "../domain/remark.ts";
import type { Secret } from "../domain/secret.ts";
import type { ReviewSpec } from "../domain/spec.ts";
import { apiPath, type VaultApi } from "./api.ts";
import { failed } from "./finding.ts";
import { issuingPath } from "./pki-issuer.ts";
import { ruleFor } from "./policy.ts";
import { type AuthorityProbe, probeAuthorities } from "./probe-authorities.ts";
import { probeRights } from "./probe-rights.ts";
import { dataOf } from "./replies.ts";
import { judgeRole } from "./role-findings.ts";
import type { RoleSettings } from "./role-settings.ts";

interface IssuerProbe extends AuthorityProbe {
  readonly api: VaultApi;
  readonly review: ReviewSpec;
}

/** Looks at one issuer, and issues nothing. Without a token only at what the mount publishes. */
export async function probeIssuer(
  probe: IssuerProbe,
  token: Secret<string> | undefined,
  signal: AbortSignal,
): Promise<readonly Remark[]> {
  if (token === undefined || probe.wanted.length === 0) return await probeAuthorities(probe, undefined, signal);
  const rights = await probeRights(probe, token, signal);
  const { settings, findings } = await probeRole(probe, token, signal);
  const authorities = await probeAuthorities(probe, settings, signal);
  return [...authorities, ...rights, ...findings];
}

interface RoleProbe {
  readonly findings: readonly Remark[];
  /** Absent when they may not be read. */
  readonly settings?: RoleSettings;
}

/** The role's settings where the token may read them, else whether the role exists. */
async function probeRole(probe: IssuerProbe, token: Secret<string>, signal: AbortSignal): Promise<RoleProbe> {
  const { spec, api, wanted, review } = probe;
  const [subject, path] = [`issuer ${spec.name}`, [...probe.configPath, "role"]];
  try {
    const role = apiPath(spec.mount, "roles", spec.role);
    const settings = dataOf(await api.send({ operation: "read", path: role, token }, signal), role);
    const complaints = judgeRole(settings, wanted, review).map((each) => ({ subject, path, ...each }));
    const suits = { severity: "ok", subject, message: `the role ${spec.role} suits its services` } as const;
    // One that gives too much suits them, too.
    const isEnough = complaints.every(({ code }) => code === "role_wide");
    return { findings: isEnough ? [suits, ...complaints] : complaints, settings };
  } catch (thrown) {
    const error = toLeafdError(thrown);
    if (error.reason === "permission_denied") return { findings: [await findRole(probe, token, signal)] };
    if (error.reason !== "mount_missing") return { findings: [failed(subject, error, path)] };
    const message = `the mount ${spec.mount} has no role ${spec.role}`;
    return { findings: [{ severity: "error", code: "role_missing", subject, message, path }] };
  }
}

/** A role whose settings the token may not read: whether it exists is shown by a signing request without a CSR. */
async function findRole(
  { spec, api, configPath: at }: IssuerProbe,
  token: Secret<string>,
  signal: AbortSignal,
): Promise<Complaint> {
  const [subject, configPath] = [`issuer ${spec.name}`, [...at, "role"]];
  const path = apiPath(spec.mount, "roles", spec.role);
  const hint = `to have leases and limits looked at, allow: ${ruleFor({ path, capability: "read", template: "read-role" })}`;
  const message = `the role ${spec.role} may not be read`;
  const unread = { severity: "skipped", code: "role_unread", subject, message, hint } as const;
  if (spec.method === "issue") return unread;
  try {
    await api.send({ operation: "write", path: issuingPath(spec), data: { csr: "" }, token }, signal);
  } catch (thrown) {
    const error = toLeafdError(thrown);
    if (error.reason === "permission_denied") return unread;
    if (error.reason !== "request_denied") return failed(subject, error, configPath);
  }
  return { ...unread, message: `the role ${spec.role} is there, and its settings may not be read` };
}
