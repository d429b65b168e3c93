import { LeafdError } from "../domain/errors.ts";
import { Secret } from "../domain/secret.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import { oneLine } from "./text.ts";

/*
 * Guards for Vault's replies, which arrive as `unknown`. Each answers what leafd reads of one reply, or throws
 * LeafdError `bad_response`, whose message never quotes a value.
 */

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A JSON object's fields; none when it is not an object. */
export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

/** `data` of a reply; `subject` says what was asked, for the message. */
export function dataOf(body: unknown, subject: string): Fields {
  const { data } = fieldsOf(body);
  if (!isObject(data)) throw badResponse(subject, "it has no data");
  return data;
}

/** The LeafdError `bad_response` for an answer that is no answer of Vault's: `subject` is whose, `what` is wrong with it. */
export function badResponse(subject: string, what: string): LeafdError {
  return new LeafdError("bad_response", `${subject}: not an answer of Vault's: ${what}`, {
    hint: "check that `address` is Vault's own API, and what stands between",
  });
}

/** A text that says something; undefined for an empty one and for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Only the strings of a list. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** Seconds as Vault counts them (a number, or a string in some replies) in milliseconds; 0 when absent. */
function durationOf(value: unknown): Millis {
  const seconds = typeof value === "string" ? Number(value) : value;
  return typeof seconds === "number" && Number.isFinite(seconds) && seconds > 0 ? seconds * SECOND : 0;
}

/** Vault's warnings, each as one line. */
export function warningsOf(body: unknown): readonly string[] {
  return textsOf(fieldsOf(body).warnings).map((text) => oneLine(text));
}

/** A token and what is known of its life. */
export interface Grant {
  readonly token: Secret<string>;
  /** What is left of it; 0: it does not end. */
  readonly ttl: Millis;
  readonly renewable: boolean;
  /** How many requests it is good for; 0: any number. */
  readonly uses: number;
  readonly warnings: readonly string[];
}

/** The `auth` of a login. */
export function grantOf(body: unknown, subject: string): Grant {
  const auth = fieldsOf(fieldsOf(body).auth);
  const token = textOf(auth.client_token);
  if (token === undefined) throw badResponse(subject, "it has no token");
  return {
    token: new Secret(token),
    ttl: durationOf(auth.lease_duration),
    renewable: auth.renewable === true,
    uses: typeof auth.num_uses === "number" ? auth.num_uses : 0,
    warnings: warningsOf(body),
  };
}

/** `auth/token/lookup-self` about a token that somebody handed to us. */
export function lookedUpGrant(body: unknown, token: Secret<string>, subject: string): Grant {
  const data = dataOf(body, subject);
  const ends = data.expire_time !== null && data.expire_time !== undefined;
  return {
    token,
    // In its last second the ttl is 0, which elsewhere means "for ever".
    ttl: ends ? Math.max(SECOND, durationOf(data.ttl)) : durationOf(data.ttl),
    renewable: data.renewable === true,
    uses: typeof data.num_uses === "number" ? data.num_uses : 0,
    warnings: warningsOf(body),
  };
}

/** `auth/token/renew-self`. A renewal that gives nothing more is one of a millisecond, not one without end. */
export function renewalOf(body: unknown, subject: string): { readonly ttl: Millis; readonly renewable: boolean } {
  const auth = fieldsOf(fieldsOf(body).auth);
  if (typeof auth.lease_duration !== "number") throw badResponse(subject, "it has no lease_duration");
  return { ttl: durationOf(auth.lease_duration) || 1, renewable: auth.renewable === true };
}

/** The PEM certificates in a text, one block each, with LF line ends and a final newline. */
export function certificatesIn(text: string): readonly string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => `${block.replaceAll("\r", "")}\n`);
}
