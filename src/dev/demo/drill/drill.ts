import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../../rotation/ports.ts";
import type { Screen } from "../screen.ts";
import type { Act } from "./act.ts";
import { deaf, refused } from "./acts-of-dependent.ts";
import { diskFull, killed } from "./acts-of-leafd.ts";
import { sealedBoth, sealedPastRenewal } from "./acts-of-vault.ts";
import { Course } from "./course.ts";
import { Journal } from "./journal.ts";
import { narrate } from "./narration.ts";
import { type ActReport, actVerdict, drillReport, inSeconds } from "./report.ts";
import { type DrillStage, setDrillStage } from "./stage.ts";

const ACTS: readonly Act[] = [sealedPastRenewal, sealedBoth, killed, diskFull, deaf, refused];

interface DrillOptions {
  readonly realVault: boolean;
  /** The variable PATH. */
  readonly path: string;
  readonly screen: Screen;
  readonly clock: Clock;
}

/** The outage drill from the first file to the last one removed; `stop` is the user's Ctrl-C. Answers the exit code. */
export async function runDrill(options: DrillOptions, stop: AbortSignal): Promise<0 | 1> {
  const { screen, clock } = options;
  const began = clock.monotonic();
  const drill = new Drill(options);
  await using cleanUp = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "leafd-drill-"));
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
  const stage = await drill.stage(directory, stop).catch((thrown: unknown) => {
    if (!stop.aborted) throw thrown;
  });
  if (stage === undefined) {
    screen.end(["Ended before the first act."]);
    return 1;
  }
  cleanUp.use(stage);
  const acts = await drill.play(stage, stop);
  const { lines, exitCode } = drillReport({
    elapsed: clock.monotonic() - began,
    planned: ACTS.length,
    acts,
    ...stage.traffic.handshakes,
    ...(drill.leafdEnded !== undefined && { leafdEnded: drill.leafdEnded }),
  });
  screen.end(lines);
  return exitCode;
}

class Drill {
  leafdEnded: string | undefined;
  readonly #options: DrillOptions;
  readonly #journal = new Journal();
  readonly #end = new AbortController();
  /** The act that is played, and its course. */
  #now: { readonly act: Act; readonly course: Course } | undefined;

  constructor(options: DrillOptions) {
    this.#options = options;
    this.#journal.listen((entry) => {
      const line = narrate(entry);
      if (line !== undefined) this.#tell(entry.service, `leafd: ${line}`, entry.at);
    });
  }

  stage(directory: string, stop: AbortSignal): Promise<DrillStage> {
    const { screen, clock } = this.#options;
    return setDrillStage(
      {
        ...this.#options,
        directory,
        journal: this.#journal,
        say: (line) => screen.say(line),
        tell: (service, line) => this.#tell(service, line, clock.now()),
        onLeafdEnd: (how) => {
          this.leafdEnded = how;
          this.#end.abort(new Error("leafd ended by itself"));
        },
      },
      AbortSignal.any([stop, this.#end.signal]),
    );
  }

  /** The acts in turn; those that were played when the signal aborts. */
  async play(stage: DrillStage, signal: AbortSignal): Promise<readonly ActReport[]> {
    const stop = AbortSignal.any([signal, this.#end.signal]);
    const reports: ActReport[] = [];
    for (const act of ACTS) {
      if (stop.aborted) break;
      this.#options.screen.say("");
      this.#options.screen.say(`ACT ${reports.length + 1} of ${ACTS.length}: ${act.headline}`);
      reports.push(await this.#act(act, stage, stop));
    }
    return reports;
  }

  async #act(act: Act, stage: DrillStage, stop: AbortSignal): Promise<ActReport> {
    const { screen, clock } = this.#options;
    const course = new Course({
      ...act,
      journal: this.#journal,
      now: () => clock.now(),
      say: (line) => screen.say(`  ${line}`),
      stop,
    });
    this.#now = { act, course };
    const before = stage.traffic.handshakes;
    try {
      await act.play(course, stage, stop);
    } catch (thrown) {
      course.failed(thrown);
    }
    await act.tidy?.(stage);
    this.#now = undefined;
    const { good, failures } = stage.traffic.handshakes;
    const own = { good: good - before.good, failures: failures.slice(before.failures.length) };
    course.expect(own.failures.length === 0, `${own.failures.length} handshakes failed`);
    const report = course.report();
    screen.say(`  ${actVerdict(report, own)}`);
    return report;
  }

  /** What concerns nobody of the act is not told. */
  #tell(service: string | undefined, line: string, at: number): void {
    const { screen } = this.#options;
    if (this.#now === undefined) return service === undefined ? screen.say(line) : undefined;
    const { act, course } = this.#now;
    if (service !== undefined && !act.services.includes(service)) return;
    const since = course.injectedAt === undefined ? "" : `+${inSeconds(Math.max(0, at - course.injectedAt))}`;
    screen.say(`  ${since.padEnd(8)}  ${line}`);
  }
}
