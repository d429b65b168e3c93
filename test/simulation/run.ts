import { fork } from "node:child_process";
import { parseArgs } from "node:util";
import { formatDuration, SECOND } from "../../src/domain/units.ts";
import { type Figures, type Outcome, simulate } from "./simulate.ts";
import type { Done, Task } from "./worker.ts";

/*
 * `npm run test:simulation -- [--seeds N] [--seed FIRST] [--days D] [--log]`: leafd through months of trouble in virtual
 * time, each seed another one, on two processors. `--log` prints the event log of one seed instead, which is the same
 * byte for byte whenever it is run. Ends with 1 when a promise was broken, and prints how to see it again.
 */

const WORKERS = 2;
/** After so many seeds it is said how far the run is. */
const REPORT_EVERY = 10;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    days: { type: "string", default: "90" },
    log: { type: "boolean", default: false },
  },
});
const [count, first, days] = [Number(values.seeds), Number(values.seed), Number(values.days)];
process.exitCode = values.log ? await printLog(first) : await runAll();

async function printLog(seed: number): Promise<number> {
  Error.stackTraceLimit = 0;
  const { violation } = await simulate({ seed, days, log: (line) => process.stdout.write(`${line}\n`) });
  if (violation !== undefined) console.log(`FAIL ${violation}`);
  return violation === undefined ? 0 : 1;
}

async function runAll(): Promise<number> {
  const began = performance.now();
  const done: Done[] = [];
  let next = first;
  const work = async (): Promise<void> => {
    await using worker = startWorker();
    while (next < first + count) {
      const result = await worker.simulate({ seed: next++, days });
      done.push(result);
      report(result.outcome, { done: done.length, since: began });
    }
  };
  await Promise.all(Array.from({ length: Math.min(WORKERS, count) }, work));
  const failed = done.filter(({ outcome }) => outcome.violation !== undefined).length;
  const cpu = done.reduce((sum, one) => sum + one.cpu, 0) / done.length / 1000;
  console.log(summary(done.map(({ outcome }) => outcome)));
  const took = (performance.now() - began) / 1000;
  console.log(
    `${count} seeds of ${days} days in ${took.toFixed(0)} s (${cpu.toFixed(2)} s of processor time each): ${failed} failed`,
  );
  return failed === 0 ? 0 : 1;
}

function startWorker() {
  // Most of what it makes is soon forgotten.
  const child = fork(new URL("worker.ts", import.meta.url), { execArgv: ["--max-semi-space-size=32"] });
  return {
    simulate: (task: Task): Promise<Done> =>
      new Promise((resolve, reject) => {
        const died = (): void => reject(new Error(`the process that ran seed ${task.seed} died`));
        child.once("exit", died);
        child.once("message", (done: Done) => {
          child.off("exit", died);
          resolve(done);
        });
        child.send(task);
      }),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      if (child.connected) child.disconnect();
    },
  };
}

/** A line for each failure, and one now and then that shows how far it is. */
function report({ seed, violation, digest }: Outcome, { done, since }: { done: number; since: number }): void {
  if (violation !== undefined) {
    const again = `npm run test:simulation -- --seed ${seed} --days ${days}`;
    console.log(`FAIL seed=${seed} ${violation} → ${again} (--log shows how it came)`);
  } else if (count === 1) console.log(`ok seed=${seed} log ${digest.slice(0, 16)}`);
  else if (done % REPORT_EVERY === 0 && done < count) {
    const took = performance.now() - since;
    const left = (took / done) * (count - done);
    console.log(`${done} of ${count} in ${inSeconds(took)}, about ${inSeconds(left)} to go`);
  }
}

function inSeconds(duration: number): string {
  return formatDuration(Math.round(duration / SECOND) * SECOND);
}

function summary(outcomes: readonly Outcome[]): string {
  const total = (name: keyof Figures): number => outcomes.reduce((sum, { figures }) => sum + figures[name], 0);
  const happened: Record<string, number> = {};
  for (const outcome of outcomes)
    for (const [kind, times] of Object.entries(outcome.happened)) happened[kind] = (happened[kind] ?? 0) + times;
  const troubles = Object.entries(happened).map(([kind, times]) => `${kind} ${times}`);
  const least = Math.min(...outcomes.map(({ figures }) => figures.leastLeft));
  return [
    `troubles: ${troubles.sort().join(", ")}`,
    `${total("events")} events, ${total("issuances")} issuances, ${total("reloads")} reloads, ${total("steps")} steps`,
    `shortest life left at a replacement ${formatDuration(least)}; ${total("expired")} pairs outlived by the trouble they met`,
  ].join("\n");
}
