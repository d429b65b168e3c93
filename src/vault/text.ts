import { redact } from "../domain/redact.ts";

/** What a server's words may take in a message: an error page is no log line. */
const LONGEST_MESSAGE = 400;

/**
 * Text of the other side as part of one log line: control characters and line separators become spaces, and it is cut
 * at 400 characters. What looks like a secret is taken out, for `status` and `check` show messages as they are; `hidden` are
 * secrets that the other side may have echoed.
 */
export function oneLine(text: string, hidden: readonly string[] = []): string {
  let line = text.slice(0, 10 * LONGEST_MESSAGE);
  for (const secret of hidden) if (secret !== "") line = line.replaceAll(secret, "[redacted]");
  line = redact(line)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/g, " ")
    .trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}
