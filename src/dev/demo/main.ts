import { toLeafdError } from "../../domain/errors.ts";
import { systemClock } from "../../runtime/clock.ts";
import { runDemo } from "./demo.ts";
import { runDrill } from "./drill/drill.ts";
import { HELP, parseDemoOptions } from "./options.ts";
import { Screen } from "./screen.ts";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());

// Such as a pipe whose reader has gone: nobody watches any more.
process.stdout.on("error", () => stop.abort());

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { help, drill, ...options } = parseDemoOptions(process.argv.slice(2));
    if (!help) {
      const screen = new Screen(process.stdout, systemClock);
      const common = { ...options, path: process.env["PATH"] ?? "", screen, clock: systemClock };
      return await (drill ? runDrill : runDemo)(common, stop.signal);
    }
    process.stdout.write(HELP);
    return 0;
  } catch (thrown) {
    if (stop.signal.aborted) return 0;
    const { reason, message, hint } = toLeafdError(thrown);
    process.stderr.write(`demo: ${message}\n${hint === undefined ? "" : `  ${hint}\n`}`);
    return reason === "config_invalid" ? 2 : 1;
  }
}
