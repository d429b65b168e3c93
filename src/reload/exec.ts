import { childEnvironment, type Environment } from "../domain/child-environment.ts";
import { LeafdError } from "../domain/errors.ts";
import type { ReloadStep } from "../domain/reload-spec.ts";
import type { Clock, ReloadContext } from "../rotation/ports.ts";
import { said } from "./output-tail.ts";
import { runCommand } from "./run-command.ts";

type ExecStep = Extract<ReloadStep, { kind: "exec" }>;

interface ExecSurroundings {
  readonly clock: Clock;
  readonly environment: Environment;
}

/**
 * Runs the operator's command; exit code 0 is success. It is told what happened by LEAFD_SERVICE, LEAFD_DIRECTORY
 * and LEAFD_REASON (docs/reloads.md); a shared run gets every service, in the order of the directories.
 */
export async function runExec(
  step: ExecStep,
  { clock, environment, context }: ExecSurroundings & { readonly context: ReloadContext },
  signal: AbortSignal,
): Promise<string> {
  const told = {
    LEAFD_SERVICE: context.services.join(" "),
    LEAFD_DIRECTORY: context.directories.join(":"),
    LEAFD_REASON: context.cause,
  };
  const { argv, timeout } = step;
  const { status, lines } = await runCommand(
    { argv, timeout, clock, environment: childEnvironment(environment, told) },
    signal,
  );
  if (status === 0) return `${argv[0]} exited with code 0${said(lines)}`;
  const ended = typeof status === "number" ? `exited with code ${status}` : `was ended by ${status}`;
  throw new LeafdError("reload_failed", `${argv[0]} ${ended}${said(lines)}`, {
    hint: "Run the command by hand as leafd's user, with an environment as docs/reloads.md lists it.",
  });
}
