import { toLeafdError } from "../domain/errors.ts";
import type { Complaint } from "../domain/remark.ts";

/** What keeps a look at a server from succeeding. */
export function failed(subject: string, thrown: unknown, path: Complaint["path"] = []): Complaint {
  const { reason, message, hint } = toLeafdError(thrown);
  return {
    severity: "error",
    code: reason,
    subject,
    message: `${reason}: ${message}`,
    ...(hint === undefined ? {} : { hint }),
    ...(path.length === 0 ? {} : { path }),
  };
}
