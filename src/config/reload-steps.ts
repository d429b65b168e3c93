import type { ReloadStep, SignalTarget } from "../domain/reload-spec.ts";
import { SECOND } from "../domain/units.ts";
import type { Path } from "./report.ts";
import type { FileReloadStep } from "./schema-reload.ts";
import type { Report } from "./surroundings.ts";

const COMMAND_TIMEOUT = 30 * SECOND;
const HTTP_TIMEOUT = 10 * SECOND;
const DONE = [200, 201, 202, 204];

/** One reload step of the file, complete; undefined when it is none, which is reported. */
export function reloadStep(step: FileReloadStep, path: Path, report: Report): ReloadStep | undefined {
  const kinds = Object.keys(step);
  if (kinds.length !== 1) {
    const message = kinds.length === 0 ? "this reload step is empty" : "this reload step does several things";
    const hint = "one step is one of systemd, signal, exec, http, touch";
    report({ path, at: "value", message, hint, ...(kinds.length === 0 ? { lacks: [path] } : {}) });
    return undefined;
  }
  if (step.signal) return signalStep(step.signal, [...path, "signal"], report);
  if (step.exec) return execStep(step.exec, [...path, "exec", "command"], report);
  if (step.http) return httpStep(step.http, [...path, "http"], report);
  if (step.touch !== undefined) return { kind: "touch", path: step.touch };
  const given = typeof step.systemd === "string" ? { unit: step.systemd } : step.systemd;
  if (given === undefined) return undefined;
  const { unit, action = "reload", timeout = COMMAND_TIMEOUT } = given;
  return { kind: "systemd", unit, action, timeout };
}

function signalStep(given: NonNullable<FileReloadStep["signal"]>, path: Path, report: Report): ReloadStep | undefined {
  const { signal = "SIGHUP", pidFile, process, user, pid, allowInit = false } = given;
  const targets: SignalTarget[] = [];
  if (pidFile !== undefined) targets.push({ by: "pidFile", path: pidFile });
  if (process !== undefined) targets.push({ by: "process", name: process, ...(user === undefined ? {} : { user }) });
  if (pid !== undefined) targets.push({ by: "pid", pid });
  const [target, ...further] = targets;
  if (target === undefined || further.length > 0) {
    const message = target === undefined ? "there is nobody to send the signal to" : "there are several to signal";
    const lacks = target === undefined ? { lacks: [path] } : {};
    report({ path, at: "key", message, hint: "give one of pidFile, process, pid", ...lacks });
    return undefined;
  }
  if (user !== undefined && process === undefined)
    report({ path: [...path, "user"], at: "key", message: "user narrows process, which is not given", lacks: [path] });
  if (pid === 1 && !allowInit) {
    const hint = "set allowInit: true where process 1 is the dependent, as in its container";
    report({ path: [...path, "pid"], at: "value", message: "process 1 is the init of the host", hint });
  }
  return { kind: "signal", signal, target, allowInit };
}

/** A command as a step; the path is that of its argv. */
export function execStep(given: NonNullable<FileReloadStep["exec"]>, path: Path, report: Report): ReloadStep {
  const { command, timeout = COMMAND_TIMEOUT, shared = false } = given;
  const [program = "", ...args] = command;
  if (program === "") report({ path: [...path, 0], at: "value", message: "the program has no name" });
  const broken = command.findIndex((argument) => argument.includes("\0"));
  if (broken !== -1) report({ path: [...path, broken], at: "value", message: "an argument cannot hold a zero byte" });
  return { kind: "exec", argv: [program, ...args], timeout, shared };
}

function httpStep(given: NonNullable<FileReloadStep["http"]>, path: Path, report: Report): ReloadStep {
  const { method = "POST", headers = {}, headerFiles = {}, expect = DONE, caFile, timeout = HTTP_TIMEOUT } = given;
  const url = URL.parse(given.url);
  if (url === null) report({ path: [...path, "url"], at: "value", message: "is not a URL" });
  else if (url.username !== "" || url.password !== "") {
    const hint = "put an Authorization header into headerFiles";
    report({ path: [...path, "url"], at: "value", message: "a URL with a password would be shown in the log", hint });
  }
  const known = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  for (const name of Object.keys(headerFiles))
    if (known.has(name.toLowerCase()))
      report({ path: [...path, "headerFiles", name], at: "key", message: "this header is in headers too" });
  const caPart = caFile === undefined ? {} : { caFile };
  return { kind: "http", url: url?.href ?? given.url, method, headers, headerFiles, expect, ...caPart, timeout };
}
