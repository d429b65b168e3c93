import { reviewLifetime } from "../domain/lifetime-review.ts";
import type { Complaint } from "../domain/remark.ts";
import { ttlToSurvive } from "../domain/schedule.ts";
import type { KeyAlgorithm, ReviewSpec } from "../domain/spec.ts";
import { durationAtLeast, formatDuration } from "../domain/units.ts";
import { lifetimeOf, longestOf, type RoleSettings, textsIn, type Wanted } from "./role-settings.ts";
import { judgeWidth } from "./role-width.ts";

type Judgement = Omit<Complaint, "subject">;

/** What the role will do to these requests, as far as its settings tell. Pure; an empty list is a good sign. */
export function judgeRole(role: RoleSettings, wanted: readonly Wanted[], review: ReviewSpec): readonly Judgement[] {
  return [
    ...judgeLeases(role),
    ...wanted.flatMap((each) => [
      ...judgeTtl(role, each),
      ...judgeSurvival(role, each),
      ...judgeLifetime(role, each, review),
      ...judgeKey(role, each),
      ...judgeNames(role, each),
    ]),
    ...judgeWidth(role, wanted, review),
  ];
}

function judgeLeases(role: RoleSettings): readonly Judgement[] {
  if (role.generate_lease !== true) return [];
  const message = "the role has generate_lease=true: the end of leafd's token would revoke live certificates";
  return [{ severity: "error", code: "role_leases", message, hint: "set generate_lease=false on the role" }];
}

function judgeTtl(role: RoleSettings, wanted: Wanted): readonly Judgement[] {
  const { service, request } = wanted;
  const longest = longestOf(role);
  if (request.ttl === undefined || longest === undefined || request.ttl <= longest) return [];
  const [asked, got] = [formatDuration(request.ttl), formatDuration(longest)];
  const message = `${service} asks for ${asked}, and the role gives ${got} at most`;
  const path = [...pathOf(wanted), "ttl"];
  return [{ severity: "warning", code: "ttl_capped", message, hint: "ask for less, or raise max_ttl", path }];
}

function pathOf({ service, configPath = ["services", service] }: Wanted): readonly string[] {
  return configPath;
}

/** Whether what the role gives outlives the outage; a fixed end is not a lifetime. */
function judgeSurvival(role: RoleSettings, { service, request, survive }: Wanted): readonly Judgement[] {
  const given = request.notAfter === undefined ? lifetimeOf(request, role, 0) : undefined;
  if (survive === undefined || given === undefined || given >= ttlToSurvive(survive)) return [];
  const [outage, life, enough] = [
    formatDuration(survive),
    formatDuration(given),
    durationAtLeast(ttlToSurvive(survive)),
  ];
  const message = `${service} is to survive ${outage}, which certificates of ${life} cannot: it takes ${enough}`;
  const isCapped = request.ttl !== undefined && request.ttl > given;
  const knob = request.ttl === undefined || isCapped ? "ttl and max_ttl of the role" : "the ttl";
  const hint = `raise ${knob} to ${enough} or more, or survive less`;
  const path = ["services", service, "outage", "survive"];
  return [{ severity: "error", code: "survive_unmet", message, hint, path }];
}

/** The lifetime that is the role's choice; one that the service asks for is judged without a server. */
function judgeLifetime(role: RoleSettings, wanted: Wanted, review: ReviewSpec): readonly Judgement[] {
  const { service, request, renewAt, survive } = wanted;
  const lifetime = lifetimeOf(request, role, 0);
  if (request.notAfter !== undefined || lifetime === undefined || lifetime === request.ttl || renewAt === undefined)
    return [];
  const use = { lifetime, renewAt, ...(survive === undefined ? {} : { survive }) };
  return reviewLifetime(use, review).map(({ message, ...judgement }) => ({
    severity: "warning",
    message: `${service}: ${message}`,
    ...judgement,
  }));
}

const KEY_TYPE: Readonly<Record<KeyAlgorithm, string>> = {
  "ec-p256": "ec",
  "ec-p384": "ec",
  "ec-p521": "ec",
  "rsa-2048": "rsa",
  "rsa-3072": "rsa",
  "rsa-4096": "rsa",
  ed25519: "ed25519",
};

function judgeKey(role: RoleSettings, { service, request }: Wanted): readonly Judgement[] {
  const type = role.key_type;
  if (typeof type !== "string" || type === "any" || type === KEY_TYPE[request.key]) return [];
  const message = `${service} has a key of type ${request.key}, and the role takes ${type} only`;
  const hint = "set key_type=any on the role, or choose another key";
  return [{ severity: "error", code: "key_type_refused", message, hint, path: ["services", service, "key"] }];
}

function judgeNames(role: RoleSettings, { service, request: { names } }: Wanted): readonly Judgement[] {
  const refused = { code: "name_refused", path: ["services", service, "identity"] } as const;
  const orElse = (setting: string) => `leave them out, or set ${setting} on the role`;
  const found: Judgement[] = [];
  if (names.commonName === undefined && role.require_cn !== false)
    found.push({
      severity: "error",
      message: `${service} has no common name, and the role requires one`,
      hint: "set commonName, or require_cn=false on the role",
      ...refused,
    });
  if (names.ips.length > 0 && role.allow_ip_sans === false)
    found.push({
      severity: "error",
      message: `${service} has IP addresses, and the role allows none`,
      hint: orElse("allow_ip_sans=true"),
      ...refused,
    });
  if (names.uris.length > 0 && Array.isArray(role.allowed_uri_sans) && role.allowed_uri_sans.length === 0)
    found.push({
      severity: "error",
      message: `${service} has URI names, and the role allows none`,
      hint: orElse("allowed_uri_sans"),
      ...refused,
    });
  for (const name of names.dns.filter((each) => !mayName(role, each)))
    found.push({
      severity: "warning",
      message: `${service} has the name ${name}, which the role does not seem to allow`,
      hint: "check allowed_domains, allow_bare_domains and allow_subdomains of the role",
      ...refused,
    });
  return found;
}

/** A reading of the commonest settings; globs and templates are given the benefit of the doubt. */
function mayName(role: RoleSettings, name: string): boolean {
  if (role.allow_any_name === true || role.allow_glob_domains === true || role.allowed_domains_template === true)
    return true;
  if (role.allow_localhost === true && (name === "localhost" || name === "localdomain")) return true;
  return textsIn(role.allowed_domains).some(
    (domain) =>
      (role.allow_bare_domains === true && name === domain) ||
      (role.allow_subdomains === true && name.endsWith(`.${domain}`)),
  );
}
