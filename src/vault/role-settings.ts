import type { CertificateRequest } from "../domain/spec.ts";
import { DAY, type EpochMillis, type Millis, SECOND } from "../domain/units.ts";

/** What `GET <mount>/roles/<role>` answers. */
export type RoleSettings = Readonly<Record<string, unknown>>;

/** What a service wants from the role. */
export interface Wanted {
  readonly service: string;
  readonly request: CertificateRequest;
  /** The part of the lifetime after which renewal is due; absent: it is not renewed by that, as a reserve is not. */
  readonly renewAt?: number;
  /** The outage that certificates of the role must outlive; absent: none was named. */
  readonly survive?: Millis;
  /** It revokes the certificate before: `revokeOld`. */
  readonly revokes?: true;
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
  return Math.min(lifetime, longestOf(role) ?? lifetime);
}

/** The longest life that the role gives; undefined when it leaves that to the mount. */
export function longestOf(role: RoleSettings): Millis | undefined {
  return secondsOf(role.max_ttl);
}

/** A length of time of the role, in seconds; 0 means that the role does not say. */
function secondsOf(value: unknown): Millis | undefined {
  return typeof value === "number" && value > 0 ? value * SECOND : undefined;
}

/** A list of texts of the role. */
export function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
