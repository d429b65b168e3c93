import { Daemon } from "../daemon.ts";
import { createEventFeed } from "../observe/event-feed.ts";
import { fanOut } from "../observe/sinks.ts";
import { createTally } from "../observe/tally.ts";
import { GuardedClock } from "../rotation/guarded-clock.ts";
import { systemClock } from "../runtime/clock.ts";
import { keepHeapSmall } from "../runtime/heap.ts";
import { VERSION } from "../version.ts";
import { CONFIG_OPTION, type Command, parseOptions } from "./command.ts";
import { followConfig } from "./config-follower.ts";
import { EXIT } from "./exit-codes.ts";
import { openLog } from "./open-log.ts";
import { readConfig } from "./read-config.ts";
import { openSurfaces } from "./surfaces.ts";
import { reportToSystemd } from "./systemd.ts";

const OPTIONS = { ...CONFIG_OPTION, takeover: { type: "boolean", default: false } } as const;

export const runCommand: Command = {
  name: "run",
  summary: "Keep the certificates of all services until told to stop",
  options: OPTIONS,
  help: `Usage: leafd run [--takeover] [--config FILE]

Keeps a valid, proved certificate under every service of the configuration: issues what is missing, renews long before
the end, writes each pair as one generation, tells the dependents, and retries what failed. A pair that is valid already
costs nothing. One line an event goes to standard error; metrics, health and a status page are served at
observe.listen; status, renew, pause and resume speak to it over unix sockets in control.directory.

Signals: SIGHUP loads the configuration again (so does a change of its files); SIGTERM and SIGINT end it at a point
where the disk is whole, within 5 s. A second one ends it at once, by that signal (143 or 130 in a shell), and so does
the first after 4.5 s when a disk or a resolver hangs. The certificates stay.

Options:
      --takeover      take output directories that another leafd has claimed
  -c, --config FILE   the configuration (default /etc/leafd/leafd.yaml)

Exit codes: 0 told to stop · 70 defect in leafd · 75 another leafd holds the state directory · 78 wrong configuration
`,
  async run(args, terminal) {
    const { values } = parseOptions(args, OPTIONS);
    keepHeapSmall();
    // One that comes before the configuration is followed changes nothing, and must not end the program.
    terminal.onHangup(() => undefined, terminal.stopped);
    const config = await readConfig(values.config, terminal);
    const { settings } = config;
    const { env: environment, pid, stopped } = terminal;
    let toldToStop = systemClock.monotonic();
    const tally = createTally();
    const events = createEventFeed();
    const emit = fanOut(openLog(settings.log, terminal), tally.emit, events.emit);
    const clock: GuardedClock = new GuardedClock({
      clock: systemClock,
      emit,
      serverTime: (signal) => daemon.serverTime(signal),
      changed: () => daemon.supervisor.clockChanged(),
    });
    const { takeover } = values;
    const options = { clock, guard: clock, emit, environment, pid, takeover, upkeep: true };
    await using daemon: Daemon = new Daemon(config, options);
    emit({ kind: "started", at: clock.now(), version: VERSION, services: settings.services.length, pid });
    stopped.addEventListener("abort", () => {
      toldToStop = clock.monotonic();
      emit({ kind: "stopping", at: clock.now(), signal: String(stopped.reason) });
    });
    await daemon.apply(config);
    const surfaces = openSurfaces({ daemon, settings, tally, events, clock, emit }, stopped);
    await Promise.all([
      daemon.supervisor.run(stopped),
      clock.watch(stopped),
      surfaces.then(({ closed }) => closed),
      reportToSystemd({ daemon, surfaces, clock, emit, terminal }, stopped),
      followConfig({ file: values.config, since: config.hash, daemon, clock, terminal }, stopped),
    ]);
    emit({ kind: "stopped", at: clock.now(), took: clock.monotonic() - toldToStop });
    return EXIT.ok;
  },
};
