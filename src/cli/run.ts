import { Daemon } from "../daemon.ts";
import { createLog } from "../observe/log.ts";
import { systemClock } from "../runtime/clock.ts";
import { VERSION } from "../version.ts";
import { CONFIG_OPTION, type Command, parseOptions } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { readConfig } from "./read-config.ts";

export const runCommand: Command = {
  name: "run",
  summary: "Keep the certificates of all services until told to stop",
  help: `Usage: leafd run [--takeover] [--config FILE]
`,
  async run(args, terminal) {
    const options = { ...CONFIG_OPTION, takeover: { type: "boolean", default: false } } as const;
    const { values } = parseOptions(args, options);
    const config = await readConfig(values.config, terminal);
    const clock = systemClock;
    const { env: environment, pid, stopped } = terminal;
    const emit = createLog({ ...config.settings.log, fd: 2 });
    const began = clock.monotonic();
    await using daemon = new Daemon(config, { clock, emit, environment, pid, takeover: values.takeover, upkeep: true });
    emit({ kind: "started", at: clock.now(), version: VERSION, services: config.settings.services.length, pid });
    await daemon.apply(config);
    await daemon.supervisor.run(stopped);
    emit({ kind: "stopped", at: clock.now(), took: clock.monotonic() - began });
    return EXIT.ok;
  },
};
