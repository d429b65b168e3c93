import { ttlToSurvive } from "../domain/schedule.ts";
import type { CertificateRequest, KeyAlgorithm } from "../domain/spec.ts";
import { DAY, durationAtLeast, type EpochMillis, formatDuration, type Millis, SECOND } from "../domain/units.ts";
import type { Finding } from "./finding.ts";

/** What `GET <mount>/roles/<role>` answers. */
export type RoleSettings = Readonly<Record<string, unknown>>;

/** What a service wants from the role. */
export interface Wanted {
  readonly service: string;
  readonly request: CertificateRequest;
  /** The outage that certificates of the role must outlive; absent: none was named. */
  readonly survive?: Millis;
  /** Where the service says what it asks of the role; absent: in its own keys. */
  readonly configPath?: readonly string[];
}

/** What a role without a ttl gives, unless the mount or the server is tuned: Vault's default lease, 768 hours. */
const DEFAULT_LIFETIME: Millis = 32 * DAY;

/** How long a certificate of this request would live; undefined when only the role can tell, and it may not be read. */
export function lifetimeOf(
  { ttl, notAfter }: CertificateRequest,
  role: RoleSettings | undefined,
  now: EpochMillis,
): Millis | undefined {
  if (notAfter !== undefined) return notAfter - now;
  if (role === undefined) return ttl;
  const lifetime = ttl ?? secondsOf(role.ttl) ?? DEFAULT_LIFETIME;
  return Math.min(lifetime, secondsOf(role.max_ttl) ?? lifetime);
}

/** A length of time of the role, in seconds; 0 means that the role does not say. */
function secondsOf(value: unknown): Millis | undefined {
  return typeof value === "number" && value > 0 ? value * SECOND : undefined;
}

type Judgement = Pick<Finding, "severity" | "message" | "hint"> & { readonly configPath?: readonly string[] };

/** What the role will do to these requests, as far as its settings tell. Pure; an empty list is a good sign. */
export function judgeRole(role: RoleSettings, wanted: readonly Wanted[]): readonly Judgement[] {
  return [
    ...judgeLeases(role),
    ...wanted.flatMap((each) => [
      ...judgeTtl(role, each),
      ...judgeSurvival(role, each),
      ...judgeKey(role, each),
      ...judgeNames(role, each),
    ]),
  ];
}

function judgeLeases(role: RoleSettings): readonly Judgement[] {
  if (role.generate_lease !== true) return [];
  const message = "the role has generate_lease=true: the end of leafd's token would revoke live certificates";
  return [{ severity: "error", message, hint: "set generate_lease=false on the role" }];
}

function judgeTtl(role: RoleSettings, wanted: Wanted): readonly Judgement[] {
  const { service, request } = wanted;
  const longest = secondsOf(role.max_ttl);
  if (request.ttl === undefined || longest === undefined || request.ttl <= longest) return [];
  const [asked, got] = [formatDuration(request.ttl), formatDuration(longest)];
  const message = `${service} asks for ${asked}, and the role gives ${got} at most`;
  const configPath = [...pathOf(wanted), "ttl"];
  return [{ severity: "warning", message, hint: "ask for less, or raise max_ttl", configPath }];
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
  return [{ severity: "error", message, hint, configPath: ["services", service, "outage", "survive"] }];
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
  return [{ severity: "error", message, hint, configPath: ["services", service, "key"] }];
}

function judgeNames(role: RoleSettings, { service, request: { names } }: Wanted): readonly Judgement[] {
  const configPath = ["services", service, "identity"];
  const found: Judgement[] = [];
  if (names.commonName === undefined && role.require_cn !== false)
    found.push({
      severity: "error",
      message: `${service} has no common name, and the role requires one`,
      hint: "set commonName, or require_cn=false on the role",
      configPath,
    });
  if (names.ips.length > 0 && role.allow_ip_sans === false)
    found.push({ severity: "error", message: `${service} has IP addresses, and the role allows none`, configPath });
  if (names.uris.length > 0 && Array.isArray(role.allowed_uri_sans) && role.allowed_uri_sans.length === 0)
    found.push({ severity: "error", message: `${service} has URI names, and the role allows none`, configPath });
  for (const name of names.dns.filter((each) => !mayName(role, each)))
    found.push({
      severity: "warning",
      message: `${service} has the name ${name}, which the role does not seem to allow`,
      hint: "check allowed_domains, allow_bare_domains and allow_subdomains of the role",
      configPath,
    });
  return found;
}

/** A reading of the commonest settings; globs and templates are given the benefit of the doubt. */
function mayName(role: RoleSettings, name: string): boolean {
  if (role.allow_any_name === true || role.allow_glob_domains === true || role.allowed_domains_template === true)
    return true;
  if (role.allow_localhost === true && (name === "localhost" || name === "localdomain")) return true;
  const domains = Array.isArray(role.allowed_domains) ? role.allowed_domains.map(String) : [];
  return domains.some(
    (domain) =>
      (role.allow_bare_domains === true && name === domain) ||
      (role.allow_subdomains === true && name.endsWith(`.${domain}`)),
  );
}
