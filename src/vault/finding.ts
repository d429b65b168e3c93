import { type LeafdError, toLeafdError } from "../domain/errors.ts";

/** One thing that a look at the servers showed. */
export interface Finding {
  /** `skipped` was not looked at: nothing is known, good or bad. */
  readonly severity: "ok" | "skipped" | "warning" | "error";
  /** What was looked at: `https://vault:8200`, `issuer main`. */
  readonly subject: string;
  readonly message: string;
  readonly hint?: string;
  /** The setting to correct, such as `["vault", "address", 0]`. */
  readonly configPath?: readonly (string | number)[];
}

/** An error as a finding. */
export function failed(subject: string, thrown: unknown, configPath: Finding["configPath"] = []): Finding {
  const error: LeafdError = toLeafdError(thrown);
  return {
    severity: "error",
    subject,
    message: `${error.reason}: ${error.message}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(configPath.length === 0 ? {} : { configPath }),
  };
}
