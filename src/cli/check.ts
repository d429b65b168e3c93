import { checkDirectories } from "./check-directories.ts";
import { checkFiles } from "./check-files.ts";
import { checkOnline } from "./check-online.ts";
import { place, type Remark, renderRemarks } from "./check-report.ts";
import { checkSurvival } from "./check-survival.ts";
import { checkWindows } from "./check-windows.ts";
import { CONFIG_OPTION, type Command, parseOptions } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { readConfig } from "./read-config.ts";

export const checkCommand: Command = {
  name: "check",
  summary: "Say what is wrong with the configuration, before a certificate does",
  help: `Usage: leafd check [--online [--spend-secret-id]] [--json] [--config FILE]

Reads the configuration and says everything that is wrong with it, each with its line. Looks at the files it names and
at the directories it writes to. With --online also at every cluster: addresses, TLS, seal, clocks, login, and of each
role, also of reserves, the rights (capability "update"), leases, names, key type, whether its certificates can survive
the outage they are to survive, and whether the CA outlives them. Issues nothing and changes nothing; run it as the user that leafd runs as. What it may not look at it calls "skipped", and says what it
would take.

Options:
      --online            also ask the servers
      --spend-secret-id   log in even where that uses up one use of a secret-id; a wrapped one is never unwrapped
      --json              one JSON array of remarks
  -c, --config FILE       the configuration (default /etc/leafd/leafd.yaml)

Exit codes: 0 no errors (but warnings, or something skipped) · 1 errors on this machine or online · 78 wrong configuration
`,
  async run(args, terminal) {
    const options = {
      ...CONFIG_OPTION,
      online: { type: "boolean", default: false },
      "spend-secret-id": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    } as const;
    const { values } = parseOptions(args, options);
    const config = await readConfig(values.config, terminal);
    const { settings, files, warnings } = config;
    const count = settings.services.length;
    const questions = { spendSecretId: values["spend-secret-id"], signal: terminal.stopped };
    const remarks: readonly Remark[] = [
      { severity: "ok", subject: files.join(", "), message: `${count} ${count === 1 ? "service" : "services"}` },
      ...checkFiles(settings),
      ...(await checkDirectories(settings)),
      ...(await checkWindows(settings)),
      ...checkSurvival(settings, terminal.env["KUBERNETES_SERVICE_HOST"] !== undefined),
      ...(values.online ? await checkOnline(settings, questions) : []),
    ];
    const said = warnings.map(({ path, ...finding }) => ({
      severity: "warning" as const,
      subject: "configuration",
      ...finding,
      setting: path,
    }));
    const placed = [...said, ...place(remarks, config)];
    terminal.out(values.json ? `${JSON.stringify(placed, null, 2)}\n` : renderRemarks(placed));
    return placed.some(({ severity }) => severity === "error") ? EXIT.failed : EXIT.ok;
  },
};
