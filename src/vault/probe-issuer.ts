import { X509Certificate } from "node:crypto";
import type { IssuerSpec } from "../domain/cluster-spec.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import { formatDuration, formatTime } from "../domain/units.ts";
import type { Clock, Issuer } from "../rotation/ports.ts";
import { apiPath, type VaultApi } from "./api.ts";
import { type Finding, failed } from "./finding.ts";
import { issuingPath } from "./pki-issuer.ts";
import { dataOf, textsOf } from "./replies.ts";
import { judgeRole, lifetimeOf, type RoleSettings, type Wanted } from "./role-findings.ts";

export interface IssuerProbe {
  readonly spec: IssuerSpec;
  readonly issuer: Issuer;
  readonly api: VaultApi;
  readonly clock: Clock;
  /** The map of the configuration that says its mount and role. */
  readonly configPath: readonly string[];
  /** What services want of it; empty: only its roots are of use. */
  readonly wanted: readonly Wanted[];
  /** `trust.roots` is set: the mount need not hold a root. */
  readonly ownRoots: boolean;
}

/** Looks at one issuer, and issues nothing. Without a token only at what the mount publishes. */
export async function probeIssuer(
  probe: IssuerProbe,
  token: Secret<string> | undefined,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (token === undefined || probe.wanted.length === 0) return await probeAuthorities(probe, undefined, signal);
  const rights = await probeRights(probe, token, signal);
  const { settings, findings } = await probeRole(probe, token, signal);
  const authorities = await probeAuthorities(probe, settings, signal);
  return [...authorities, ...rights, ...findings];
}

/** CA certificates: present, a root among them, alive longer than what they are to sign. */
async function probeAuthorities(
  probe: IssuerProbe,
  role: RoleSettings | undefined,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { spec, clock, wanted, ownRoots, configPath: at } = probe;
  const subject = `issuer ${spec.name}`;
  let authorities: readonly X509Certificate[];
  try {
    authorities = (await probe.issuer.authorities(signal)).map((pem) => new X509Certificate(pem));
  } catch (error) {
    return [failed(subject, error, [...at, spec.issuerRef === undefined ? "mount" : "issuerRef"])];
  }
  if (authorities.length === 0) {
    const hint = "generate or import a CA there, or correct the mount";
    return [
      { severity: "error", subject, message: `the mount ${spec.mount} has no CA certificate`, hint, configPath: at },
    ];
  }
  const findings: Finding[] = [];
  if (!ownRoots && !authorities.some((each) => each.checkIssued(each) && each.verify(each.publicKey))) {
    const message = "the mount holds an intermediate only, and no root is known";
    findings.push({
      severity: "error",
      subject,
      message,
      hint: "set trust.roots to the root's PEM file",
      configPath: ["trust"],
    });
  }
  const longest = Math.max(0, ...wanted.map(({ request }) => lifetimeOf(request, role, clock.now()) ?? 0));
  for (const authority of authorities) {
    const left = authority.validToDate.getTime() - clock.now();
    const name = authority.subject.replaceAll("\n", ", ");
    if (left > longest) continue;
    const message =
      left <= 0
        ? `the CA "${name}" ended at ${formatTime(authority.validToDate.getTime())}`
        : `the CA "${name}" ends in ${formatDuration(left)}, before certificates of ${formatDuration(longest)} would`;
    findings.push({ severity: left <= 0 ? "error" : "warning", subject, message, hint: "renew the CA" });
  }
  if (findings.length > 0) return findings;
  const first = Math.min(...authorities.map((each) => each.validToDate.getTime()));
  return [{ severity: "ok", subject, message: `the CA lives until ${formatTime(first)}` }];
}

/** `update` on the path that signs: `create` alone is refused. */
async function probeRights(
  probe: IssuerProbe,
  token: Secret<string>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { spec, api } = probe;
  const subject = `issuer ${spec.name}`;
  const path = issuingPath(spec);
  let granted: readonly string[];
  try {
    const ask = { operation: "write", path: "sys/capabilities-self", data: { paths: [path] }, token } as const;
    granted = textsOf(dataOf(await api.send(ask, signal), "sys/capabilities-self").capabilities);
  } catch (error) {
    return [{ ...failed(subject, error), severity: "warning" }];
  }
  if (granted.includes("update") || granted.includes("root"))
    return [{ severity: "ok", subject, message: `the token may update ${path}` }];
  return [
    {
      severity: "error",
      subject,
      message: `the token may not update ${path}: it has ${granted.join(", ") || "nothing"}`,
      hint: `give it a policy with: path "${path}" { capabilities = ["update"] } (or correct mount and role)`,
      configPath: [...probe.configPath, "role"],
    },
  ];
}

interface RoleProbe {
  readonly findings: readonly Finding[];
  /** Absent when they may not be read. */
  readonly settings?: RoleSettings;
}

/** The role's settings where the token may read them, else whether the role exists. */
async function probeRole(probe: IssuerProbe, token: Secret<string>, signal: AbortSignal): Promise<RoleProbe> {
  const { spec, api, wanted } = probe;
  const [subject, configPath] = [`issuer ${spec.name}`, [...probe.configPath, "role"]];
  try {
    const path = apiPath(spec.mount, "roles", spec.role);
    const settings = dataOf(await api.send({ operation: "read", path, token }, signal), path);
    const findings: Finding[] = [];
    for (const each of judgeRole(settings, wanted)) findings.push({ subject, configPath, ...each });
    if (findings.length === 0)
      findings.push({ severity: "ok", subject, message: `the role ${spec.role} suits its services` });
    return { findings, settings };
  } catch (thrown) {
    const error = toLeafdError(thrown);
    if (error.reason === "permission_denied") return { findings: [await findRole(probe, token, signal)] };
    if (error.reason !== "mount_missing") return { findings: [failed(subject, error, configPath)] };
    const message = `the mount ${spec.mount} has no role ${spec.role}`;
    return { findings: [{ severity: "error", subject, message, configPath }] };
  }
}

/** A role whose settings the token may not read: whether it exists is shown by a signing request without a CSR. */
async function findRole(
  { spec, api, configPath: at }: IssuerProbe,
  token: Secret<string>,
  signal: AbortSignal,
): Promise<Finding> {
  const [subject, configPath] = [`issuer ${spec.name}`, [...at, "role"]];
  const path = apiPath(spec.mount, "roles", spec.role);
  const hint = `to have leases and limits looked at, allow: path "${path}" { capabilities = ["read"] }`;
  const unread = { severity: "skipped", subject, message: `the role ${spec.role} may not be read`, hint } as const;
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
