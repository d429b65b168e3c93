import { createHash } from "node:crypto";
import type { ReloadStep, SignalTarget } from "../domain/reload-spec.ts";

/**
 * What a step acts on, as text: steps with equal keys need one run for all. It is shown in logs and events, so what
 * may be secret in a URL (credentials, query) is in it as a hash only.
 */
export function targetKey(step: ReloadStep, service: string): string {
  switch (step.kind) {
    case "signal":
      return `${step.signal} to ${signalTarget(step.target)}`;
    case "exec":
      return `${step.shared ? "shared" : service}: ${JSON.stringify(step.argv)}`;
    case "systemd":
      return `${step.action} ${step.unit}`;
    case "http":
      return `${step.method} ${urlKey(step.url)}`;
    case "touch":
      return `touch ${step.path}`;
    default:
      return step satisfies never;
  }
}

function signalTarget(target: SignalTarget): string {
  switch (target.by) {
    case "pidFile":
      return target.path;
    case "process":
      return target.user === undefined ? target.name : `${target.name} of ${target.user}`;
    case "pid":
      return `pid ${target.pid}`;
    default:
      return target satisfies never;
  }
}

function urlKey(url: string): string {
  const { origin, pathname, username, password, search } = new URL(url);
  const shown = `${origin}${pathname}`;
  if (username === "" && password === "" && search === "") return shown;
  const hash = createHash("sha256").update(url).digest("hex").slice(0, 8);
  return `${shown} #${hash}`;
}
