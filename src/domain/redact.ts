/**
 * What looks like a secret. Secrets are kept in `Secret<T>` and never become text; this is the second belt, for others
 * who quote one to us: a server that sends back what it was sent, a hook that prints a key.
 */
const SECRETS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // PEM private keys, and those whose end is cut off; then those whose beginning is.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[redacted]"],
  [/^[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/, "[redacted]"],
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
  /-----(?:BEGIN|END)|\bhv[sbr]\.|\b[sbr]\.[A-Za-z0-9]{24}|\beyJ|token|secret_id|password|jwt|private_key|authorization|:\/\/[^/]*@/i;

/** The text without what looks like a secret. */
export function redact(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  return SECRETS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}
