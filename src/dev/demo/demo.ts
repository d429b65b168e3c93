import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Millis } from "../../domain/units.ts";
import type { Clock } from "../../rotation/ports.ts";
import { play } from "./play.ts";
import { scenarioFor } from "./scenario.ts";
import type { Screen } from "./screen.ts";
import { endOf, setStage } from "./stage.ts";
import { verdict } from "./verdict.ts";

interface DemoOptions {
  /** How long it runs in all; absent: until `stop`. */
  readonly total?: Millis;
  readonly realVault: boolean;
  /** The variable PATH. */
  readonly path: string;
  readonly screen: Screen;
  readonly clock: Clock;
}

/** The demo from the first file to the last one removed; `stop` is the user's Ctrl-C. Answers the exit code. */
export async function runDemo(options: DemoOptions, stop: AbortSignal): Promise<0 | 1> {
  const { total = Number.POSITIVE_INFINITY, screen, clock } = options;
  const began = clock.monotonic();
  const scenario = scenarioFor(options.total);
  const say = (line: string): void => screen.say(line);
  await using cleanUp = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "leafd-demo-"));
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
  const stage = cleanUp.use(await setStage({ ...options, directory, ttl: scenario.ttl, say }, stop));
  const { payments, orders, intruder, leafd } = stage;

  const leafdEnded = endOf(leafd);
  await play({ stage, scenario, screen, clock, endsAt: began + total }, AbortSignal.any([stop, leafdEnded]));

  const { lines, exitCode } = verdict({
    elapsed: clock.monotonic() - began,
    services: [payments, orders, intruder],
    intruder: intruder.name,
    interrupted: stop.aborted,
    ...(leafdEnded.aborted && { leafdEnded: `${String(leafdEnded.reason)}\n${leafd.tail()}` }),
  });
  screen.end(lines);
  return exitCode;
}
