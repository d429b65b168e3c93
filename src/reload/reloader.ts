import type { Environment } from "../domain/child-environment.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import type { ReloadStep } from "../domain/reload-spec.ts";
import { Slots } from "../domain/slots.ts";
import type { Clock, ReloadContext, Reloader } from "../rotation/ports.ts";
import { runExec } from "./exec.ts";
import { runHttp } from "./http.ts";
import { runSignal } from "./signal.ts";
import { runSystemd } from "./systemd.ts";
import { targetKey } from "./target-key.ts";
import { runTouch } from "./touch.ts";

export interface ReloaderOptions {
  readonly clock: Clock;
  /** Our own environment. Children get PATH, LANG, TZ and HOME of it, nothing else. */
  readonly environment: Environment;
  /** Never signalled. */
  readonly ownPid: number;
  /** Where procfs is mounted; default `/proc`. */
  readonly procRoot?: string;
}

/** Each child is a process and four descriptors: hundreds of services may want theirs at once. */
const MOST_CHILDREN = 16;

type Surroundings = Required<ReloaderOptions> & { readonly children: Slots };

/** The reload methods, one file each; docs/reloads.md says what each does. */
export function createReloader(options: ReloaderOptions): Reloader {
  const children = new Slots(MOST_CHILDREN);
  const surroundings = { procRoot: "/proc", ...options, children };
  return {
    targetKey,
    async run(step, context, signal) {
      if (signal.aborted) throw new LeafdError("cancelled", "the reload was stopped before it began");
      try {
        // A step's timeout begins when its turn has come.
        const run = () => runStep(step, { ...surroundings, context }, signal);
        return await (step.kind === "exec" || step.kind === "systemd" ? children.use(run, signal) : run());
      } catch (error) {
        throw toLeafdError(error);
      }
    },
  };
}

function runStep(
  step: ReloadStep,
  surroundings: Surroundings & { readonly context: ReloadContext },
  signal: AbortSignal,
): Promise<string> {
  switch (step.kind) {
    case "signal":
      return runSignal(step, surroundings, signal);
    case "exec":
      return runExec(step, surroundings, signal);
    case "systemd":
      return runSystemd(step, surroundings, signal);
    case "http":
      return runHttp(step, surroundings.clock, signal);
    case "touch":
      return runTouch(step.path, surroundings.clock);
    default:
      return step satisfies never;
  }
}
