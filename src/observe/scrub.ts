import { redact } from "../domain/redact.ts";

/** A longer text is cut: what somebody sent us must not fill the log. */
const LONGEST = 4096;

/** Whatever starts a new line, moves the cursor or turns the text around; JSON itself escapes only the C0 controls. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A text that is safe to put on one line of a log: no secrets, no control characters, not too long. */
export function scrub(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return redact(cut).replace(CONTROLS, escapeControl);
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
