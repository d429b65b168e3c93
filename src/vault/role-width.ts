import type { Complaint } from "../domain/remark.ts";
import type { ReviewSpec } from "../domain/spec.ts";
import { formatDuration, type Millis } from "../domain/units.ts";
import { longestOf, type RoleSettings, textsIn, type Wanted } from "./role-settings.ts";

/** A role that gives certificates of more than this many times the life that anybody asks for is too generous. */
const GENEROUS = 10;

/**
 * What the role would sign for whoever gets hold of leafd's login, far beyond what its services ask for: one warning
 * with all of it, or none.
 */
export function judgeWidth(
  role: RoleSettings,
  wanted: readonly Wanted[],
  review: ReviewSpec,
): readonly Omit<Complaint, "subject">[] {
  const excess = [...wideNames(role, wanted), ...wideLife(role, wanted, review)];
  if (excess.length === 0) return [];
  // Not a reason by itself: several services may need several types of key.
  if (role.key_type === "any" && new Set(wanted.map(({ request }) => request.key)).size === 1)
    excess.push("keys of any type (key_type=any)");
  const message = `the role gives far more than its services need: ${excess.join("; ")}`;
  const hint =
    "narrow the role to the names, addresses and lifetimes of these services, or give them a role of their own";
  return [{ severity: "warning", code: "role_wide", message, hint }];
}

function wideNames(role: RoleSettings, wanted: readonly Wanted[]): string[] {
  const found: string[] = [];
  if (role.allow_any_name === true) found.push("any name (allow_any_name)");
  const globs = role.allow_glob_domains === true ? textsIn(role.allowed_domains).filter(isWideGlob) : [];
  if (globs.length > 0) found.push(`names below nearly any domain (allowed_domains=${globs.join(",")})`);
  const uris = textsIn(role.allowed_uri_sans).filter(isWideUri);
  if (uris.length > 0) found.push(`any identity of a scheme (allowed_uri_sans=${uris.join(",")})`);
  if (role.allow_ip_sans === true && wanted.every(({ request: { names } }) => names.ips.length === 0))
    found.push("any IP address, and no service has one (allow_ip_sans)");
  return found;
}

/** A glob whose fixed part holds no whole domain: `*`, `*.com`, `web*`. */
function isWideGlob(domain: string): boolean {
  if (!domain.includes("*")) return false;
  const fixed = domain.slice(domain.lastIndexOf("*") + 1).replace(/^\./, "");
  return fixed.split(".").length < 2;
}

/** A URI that is free from the host on: `*`, `spiffe://*`. */
function isWideUri(uri: string): boolean {
  return /^([a-z][a-z0-9+.-]*:\/\/)?\*/i.test(uri);
}

function wideLife(role: RoleSettings, wanted: readonly Wanted[], { maxTtl }: ReviewSpec): string[] {
  const most = longestOf(role);
  const asked = wanted.flatMap(({ request: { ttl } }) => ttl ?? []);
  const needed = asked.length === 0 ? undefined : Math.max(...asked);
  if (most === undefined) return [];
  const fits = (life: Millis) => life >= most;
  if (most > maxTtl && !asked.some(fits)) return [`lives of up to ${formatDuration(most)} (max_ttl)`];
  if (needed === undefined || needed * GENEROUS >= most) return [];
  return [`lives of up to ${formatDuration(most)} where ${formatDuration(needed)} is asked for (max_ttl)`];
}
