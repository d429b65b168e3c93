import type { LogSpec } from "../domain/spec.ts";
import { createLog } from "../observe/log.ts";
import type { Emit } from "../rotation/ports.ts";
import type { Terminal } from "./command.ts";

/** The log on standard error, in the form of the journal where that is the journal (systemd.exec(5), JOURNAL_STREAM). */
export function openLog(spec: LogSpec, { env }: Pick<Terminal, "env">): Emit {
  const journal = env["JOURNAL_STREAM"];
  return createLog({ ...spec, fd: 2, ...(journal === undefined ? {} : { journalStream: journal }) });
}
