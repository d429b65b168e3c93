import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { LeafdError } from "../../domain/errors.ts";
import { Secret } from "../../domain/secret.ts";

/** Larger than any token: a file beyond this is another file. */
const LARGEST = 64 * 1024;

/**
 * The trimmed content of a file that holds one credential and nothing else: a secret-id, a token, a password.
 * `what` names it in the message. LeafdError `credential_missing` when it is absent, unreadable, empty or too large.
 */
export function readCredential(path: string, what: string): Secret<string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw missing(`the ${what} in ${path} cannot be read: ${code}`);
  }
  const value = text.trim();
  if (value === "") throw missing(`${path} is empty and should hold the ${what}`);
  if (text.length > LARGEST) throw missing(`${path} is too large to be a ${what}`);
  return new Secret(value);
}

/** `readCredential` for a value that travels in a header: one word of printable ASCII. */
export function readToken(path: string, what: string): Secret<string> {
  const token = readCredential(path, what);
  if (!/^[\x21-\x7e]+$/.test(token.reveal())) throw missing(`${path} holds more than the ${what}`);
  return token;
}

/** The digest of a file's trimmed content; undefined when it is empty or cannot be read now. */
export function fileDigest(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8").trim();
    return text === "" ? undefined : digestOf(text);
  } catch {
    return undefined;
  }
}

/** SHA-256, lower-case hex. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function missing(message: string): LeafdError {
  return new LeafdError("credential_missing", message, {
    hint: "put the credential there, readable by the user that runs leafd",
  });
}
