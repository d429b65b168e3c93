import { RELOAD_SIGNALS } from "../domain/reload-spec.ts";
import * as forms from "./forms.ts";
import {
  account,
  anyText,
  choice,
  either,
  flag,
  list,
  map,
  type Output,
  oneOf,
  optional,
  path,
  record,
  text,
  timeout,
  whole,
  written,
} from "./shapes.ts";

/* The shape of a step of `reload`, and of the lists that are like it. */

const signal = optional({
  signal: choice(RELOAD_SIGNALS),
  pidFile: path,
  process: text,
  user: account,
  pid: whole().min(1),
  allowInit: flag(),
});

const action = choice(["reload", "restart", "reload-or-restart"]).optional();
const unit = written(forms.UNIT);
const systemd = map({ unit, action, timeout: timeout.optional() });

const noShell = "must be an argv list such as [nginx, -s, reload]; there is no shell";
const argument = anyText("must be text; put it in quotes");
/** The program and its arguments. */
const command = list(argument, { error: noShell }).min(1).max(256);
/** What is said of a command line where a map must be. */
const mapNotLine = ({ code }: { readonly code: string }) =>
  code === "invalid_type" ? "must be a map such as { command: [nginx, -s, reload] }; there is no shell" : undefined;
const exec = map({ command, timeout: timeout.optional(), shared: flag().optional() }, { error: mapNotLine });

const headerName = written(forms.HEADER_NAME);
const http = map({
  url: written(forms.URL),
  method: choice(["GET", "POST", "PUT"]).optional(),
  headers: record(headerName, written(forms.HEADER_VALUE)).optional(),
  headerFiles: record(headerName, path).optional(),
  expect: list(whole().min(100).max(599)).min(1).optional(),
  caFile: path.optional(),
  timeout: timeout.optional(),
});

export const reloadStep = oneOf({
  signal,
  systemd: either([unit, systemd], { error: "must be the name of a unit, or a map" }),
  exec,
  http,
  touch: path,
});

/** A step that can be no other than a command: what runs before the pair is swapped in must not tell anybody. */
export const testStep = map({ exec });

/** A command of one service alone, when its pair has ended. */
export const expiryCommand = map({
  exec: map({ command, timeout: timeout.optional() }, { error: mapNotLine }),
});

export type FileReloadStep = Output<typeof reloadStep>;
