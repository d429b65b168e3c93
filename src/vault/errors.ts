import type { IncomingHttpHeaders } from "node:http";
import { LeafdError, type Reason } from "../domain/errors.ts";
import { type EpochMillis, HOUR, type Millis, SECOND } from "../domain/units.ts";
import { fieldsOf, textsOf } from "./replies.ts";
import { oneLine } from "./text.ts";

/** An answer that is not a success. */
export interface FailedReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON, text, or undefined. */
  readonly body: unknown;
}

export interface ReplyContext {
  /** What was asked and of whom: `POST pki/sign/svc at https://vault:8200`. */
  readonly subject: string;
  /** For a `Retry-After` that is a date. */
  readonly now: EpochMillis;
  /** Secrets of the request, which the answer may echo. */
  readonly hidden: readonly string[];
}

interface Rule {
  readonly status: number;
  readonly text?: RegExp;
  readonly reason: Reason;
  readonly hint?: string;
}

const NO_ROUTE = /no handler for route|unsupported path|route entry not found/i;
const NAMES = [
  /not allowed by this role/,
  /alternat(iv)?e names?\b.*(not allowed|not valid)/i,
  /names? .*not valid for this role/i,
  /not a valid (ip address|email|hostname|uri)/i,
  /common_name field is required/,
];
const KEYS = /requires? keys? of type|minimum of an? \d+-bit|key (type|bits|length|size)/i;

/** What a status and its errors mean, as real servers answer; the first rule that fits wins. */
const RULES: readonly Rule[] = [
  { status: 400, text: /unknown role/i, reason: "role_missing", hint: "check the issuer's `role`, or create it" },
  { status: 400, text: KEYS, reason: "key_denied", hint: "choose a `key` that the role takes, or change its key_type" },
  ...NAMES.map((text) => ({
    status: 400,
    text,
    reason: "name_denied" as const,
    hint: "ask only for names that the role allows, or change the role",
  })),
  { status: 400, text: NO_ROUTE, reason: "mount_missing" },
  {
    status: 400,
    text: /beyond the expiration of the CA/i,
    reason: "request_denied",
    hint: "ask for a shorter `ttl`, or renew the issuing CA",
  },
  { status: 403, text: NO_ROUTE, reason: "mount_missing" },
  { status: 403, text: /invalid token|bad token/i, reason: "token_invalid" },
  { status: 403, reason: "permission_denied" },
  { status: 404, reason: "mount_missing", hint: "check the `mount`: no secrets engine answers there" },
  { status: 405, reason: "mount_missing", hint: "check the `mount`: another kind of secrets engine answers there" },
  { status: 412, reason: "not_consistent" },
  { status: 429, reason: "quota" },
  { status: 472, reason: "standby" },
  { status: 473, reason: "standby" },
  { status: 474, reason: "standby" },
  { status: 530, reason: "standby" },
  { status: 501, reason: "uninitialised", hint: "initialise this Vault, or correct `address`" },
  { status: 502, reason: "overloaded" },
  { status: 503, text: /sealed/i, reason: "sealed", hint: "unseal Vault" },
  { status: 503, reason: "overloaded" },
  { status: 504, reason: "overloaded" },
  {
    status: 500,
    text: /unable to find PKI issuer|no default issuer|unable to locate .*issuer/i,
    reason: "issuer_missing",
    hint: "check the issuer's `issuerRef`: the mount has no such issuer",
  },
  // What the cert method says of a client certificate that has ended or is of another CA.
  { status: 500, text: /failed to verify client's certificate/i, reason: "permission_denied" },
  { status: 500, text: /active cluster node not found|node not active/i, reason: "standby" },
  { status: 500, text: /\bsealed\b/i, reason: "sealed", hint: "unseal Vault" },
];

/** Statuses below 500 whose meaning needs no body. */
const CLEAR_WITHOUT_BODY: ReadonlySet<number> = new Set([412, 429, 472, 473, 474]);

/**
 * A reply that is no success, as a LeafdError: pure. The message holds all of the server's errors on one line, without
 * control characters and bounded; `retryAfter` is kept.
 * Source: https://developer.hashicorp.com/vault/api-docs#http-status-codes, and what OpenBao 2 and Vault 1 were seen to say.
 */
export function replyError(reply: FailedReply, context: ReplyContext): LeafdError {
  const errors = textsOf(fieldsOf(reply.body).errors);
  const said = oneLine(errors.join("; "), context.hidden);
  const { reason, hint } = judge(reply, said);
  const retryAfter = retryAfterOf(reply.headers, context.now);
  const text = said === "" ? describe(reply.body) : said;
  return new LeafdError(reason, `${context.subject}: HTTP ${reply.status}: ${text}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

function judge(reply: FailedReply, said: string): { readonly reason: Reason; readonly hint?: string } {
  const { status, body } = reply;
  if (status < 500 && typeof body !== "object" && !CLEAR_WITHOUT_BODY.has(status))
    return { reason: "bad_response", hint: "check that `address` is Vault's own API, and what stands between" };
  const text = fieldsOf(body).sealed === true ? `${said} sealed` : said;
  const rule = RULES.find((each) => each.status === status && (each.text === undefined || each.text.test(text)));
  if (rule !== undefined) return rule;
  return { reason: status >= 500 ? "server_error" : status >= 400 ? "request_denied" : "bad_response" };
}

/** An error page is not quoted: it can be long, and it may hold what the request said. */
function describe(body: unknown): string {
  if (typeof body === "string") return "the answer is not JSON";
  return body === undefined ? "no further word" : "no errors given";
}

/** `Retry-After` (RFC 9110, 10.2.3), seconds or a date, as a delay; at most an hour, because nobody checks it. */
export function retryAfterOf(headers: IncomingHttpHeaders, now: EpochMillis): Millis | undefined {
  const value = headers["retry-after"]?.trim();
  if (value === undefined || value === "") return undefined;
  const delay = /^\d{1,9}$/.test(value) ? Number(value) * SECOND : Date.parse(value) - now;
  return Number.isNaN(delay) ? undefined : Math.min(Math.max(0, delay), HOUR);
}
