import { childEnvironment, type Environment } from "../domain/child-environment.ts";
import { LeafdError } from "../domain/errors.ts";
import type { ReloadStep } from "../domain/reload-spec.ts";
import type { Clock } from "../rotation/ports.ts";
import { said } from "./output-tail.ts";
import { runCommand } from "./run-command.ts";

type SystemdStep = Extract<ReloadStep, { kind: "systemd" }>;

interface SystemdSurroundings {
  readonly clock: Clock;
  readonly environment: Environment;
}

/** Reloads leave a stopped unit stopped: what is not running reads fresh files when it starts. */
const VERBS = {
  reload: "reload",
  restart: "try-restart",
  "reload-or-restart": "try-reload-or-restart",
  stop: "stop",
  start: "start",
} as const satisfies Record<SystemdStep["action"], string>;

const STOPPED: ReadonlySet<string> = new Set(["inactive", "failed", "deactivating"]);

/** Asks systemd to act on a unit, and waits until it has. A unit that is not active is left as it is, but by `start`. */
export async function runSystemd(
  step: SystemdStep,
  surroundings: SystemdSurroundings,
  signal: AbortSignal,
): Promise<string> {
  const systemctl = systemctlFor(step, surroundings, signal);
  const shown = await systemctl("show", "--property=LoadState,ActiveState,CanReload", "--", step.unit);
  const properties = new Map(shown.map((line) => splitOnce(line, "=")));
  judgeUnit(step, properties);
  const active = properties.get("ActiveState") ?? "";
  if (STOPPED.has(active) && step.action !== "start")
    return `${step.unit} is ${active}: not running, nothing to ${step.action === "stop" ? "stop" : "reload"}`;
  const verb = VERBS[step.action];
  await systemctl(verb, "--", step.unit);
  return `systemctl ${verb} ${step.unit} succeeded`;
}

type Systemctl = (verb: string, ...args: readonly string[]) => Promise<readonly string[]>;

/** systemctl for one step: all its calls share the step's timeout; the answer is what it printed. */
function systemctlFor(step: SystemdStep, { clock, environment }: SystemdSurroundings, signal: AbortSignal): Systemctl {
  const deadline = clock.monotonic() + step.timeout;
  return async (verb, ...args) => {
    const { status, lines } = await runCommand(
      {
        argv: ["systemctl", "--no-ask-password", verb, ...args],
        environment: childEnvironment(environment),
        timeout: Math.max(deadline - clock.monotonic(), 1),
        clock,
      },
      signal,
    );
    if (status === 0) return lines;
    throw new LeafdError("reload_failed", `systemctl ${verb} ${step.unit} failed (${status})${said(lines)}`, {
      hint: `See journalctl --unit ${step.unit}. leafd needs the socket of the system bus, and root or a polkit rule for this unit.`,
    });
  };
}

/** Refuses a unit that could never be told, however often it is tried. */
function judgeUnit({ unit, action }: SystemdStep, properties: ReadonlyMap<string, string>): void {
  const load = properties.get("LoadState") ?? "unknown";
  if (load === "not-found")
    throw new LeafdError("reload_target", `systemd knows no unit ${unit}`, {
      hint: "Correct the name; systemctl list-units shows those there are.",
    });
  if (load !== "loaded")
    throw new LeafdError("reload_target", `${unit} is not loaded: its load state is ${load}`, {
      hint: `See systemctl status ${unit}.`,
    });
  if (action === "reload" && properties.get("ActiveState") === "active" && properties.get("CanReload") === "no")
    throw new LeafdError("reload_target", `${unit} has no way to reload`, {
      hint: "Give the unit an ExecReload=, or use the action reload-or-restart.",
    });
}

function splitOnce(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}
