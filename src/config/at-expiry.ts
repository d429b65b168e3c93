import type { AtExpiry } from "../domain/outage-spec.ts";
import type { ReloadStep } from "../domain/reload-spec.ts";
import { execStep } from "./reload-steps.ts";
import type { FileService } from "./schema-service.ts";
import { origin, type Surroundings, sourcesOf } from "./surroundings.ts";

/** The reload steps of a service, as far as they are right. */
export interface Reloads {
  readonly steps: readonly ReloadStep[];
  /** Whether that is all of them. */
  readonly complete: boolean;
}

interface Parts {
  readonly name: string;
  readonly service: FileService;
  readonly reload: Reloads;
}

/** What is done at expiry, as steps: `stop` becomes what stops the dependents that the reload steps name. */
export function atExpirySpec({ name, service, reload }: Parts, { defaults, report }: Surroundings): AtExpiry {
  const own = service.outage?.atExpiry;
  const given = own ?? defaults.outage?.atExpiry ?? "keep";
  if (given === "keep") return { kind: "keep" };
  if (given !== "stop") {
    const path = [...origin(name, own), "outage", "atExpiry", "exec", "command"];
    return { kind: "exec", steps: [execStep(given.exec, path, report)], undo: [] };
  }
  const stops = reload.steps.map(stopOf).filter((each) => each !== undefined);
  if (stops.length === 0 && reload.complete) {
    const path = ["services", name, "outage", "atExpiry"];
    const asked = own === undefined ? "stop, which is in defaults," : "stop";
    const message = `${asked} has nothing to stop: no reload step names a unit or a process`;
    const hint = "add a systemd or signal step to reload, or say here what stops it: { exec: { command: […] } }";
    report({ path, at: "value", message, hint, lacks: sourcesOf(name, "reload") });
  }
  return {
    kind: "stop",
    steps: stops.map(({ stop }) => stop),
    undo: stops.map(({ undo }) => undo).filter((step) => step !== undefined),
  };
}

interface Stop {
  readonly stop: ReloadStep;
  /** Absent: leafd does not know how the process was started. */
  readonly undo?: ReloadStep;
}

function stopOf(step: ReloadStep): Stop | undefined {
  switch (step.kind) {
    case "systemd":
      return { stop: { ...step, action: "stop" }, undo: { ...step, action: "start" } };
    case "signal":
      return { stop: { ...step, signal: "SIGTERM" } };
    case "exec":
    case "http":
    case "touch":
      return undefined;
    default:
      return step satisfies never;
  }
}
