/** A longer text is cut: what somebody sent us must not fill the log. */
const LONGEST = 4096;

/**
 * What looks like a secret. Secrets are kept in `Secret<T>` and never reach an event; this is the second belt, for a
 * server that quotes one back at us.
 */
const SECRETS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // PEM private keys, cut ones too.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[redacted]"],
  // Vault and OpenBao tokens: hvs. hvb. hvr. and the older s. b. r.
  [/\bhv[sbr]\.[\w-]{8,}/g, "[redacted]"],
  [/\b[sbr]\.[A-Za-z0-9]{24,}(?:\.[A-Za-z0-9]+)?/g, "[redacted]"],
  // JSON web tokens.
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, "[redacted]"],
  // Headers, JSON members, query and form fields that are named after what they hold.
  [/\b(x-vault-token|authorization)(["\s:=]+)(?:(?:bearer|basic)\s+)?[^\s",;]+/gi, "$1$2[redacted]"],
  [/(\\?"(?:\w*token|secret_id|password|jwt|private_key)\\?"\s*:\s*\\?")[^"\\]+/gi, "$1[redacted]"],
  [/\b(token|secret_id|password|jwt)=[^\s&",;]+/gi, "$1=[redacted]"],
  // Passwords in URLs.
  [/(:\/\/[^/\s:@]*):[^/\s@]+@/g, "$1:[redacted]@"],
];

/** One look that most texts pass, so that the patterns above cost nothing: each of them needs one of these. */
const SUSPICIOUS =
  /-----BEGIN|\bhv[sbr]\.|\b[sbr]\.[A-Za-z0-9]{24}|\beyJ|token|secret_id|password|jwt|private_key|authorization|:\/\/[^/]*@/i;

/** Whatever starts a new line, moves the cursor or turns the text around; JSON itself escapes only the C0 controls. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A text that is safe to put on one line of a log: no secrets, no control characters, not too long. */
export function scrub(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return (SUSPICIOUS.test(cut) ? redact(cut) : cut).replace(CONTROLS, escapeControl);
}

function redact(text: string): string {
  return SECRETS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

/** The same for a member of an event: texts and lists of them are scrubbed, numbers pass, an object is never printed. */
export function scrubValue(value: unknown): unknown {
  if (typeof value === "string") return scrub(value);
  if (Array.isArray(value)) return value.map(scrubValue);
  return typeof value === "object" ? "[redacted]" : value;
}

function escapeControl(character: string): string {
  return SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
