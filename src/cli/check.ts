import type { Settings } from "../domain/spec.ts";
import { systemClock } from "../runtime/clock.ts";
import { createCluster } from "../vault/cluster.ts";
import { checkDirectories } from "./check-directories.ts";
import { checkFiles } from "./check-files.ts";
import { place, type Remark, renderRemarks } from "./check-report.ts";
import { CONFIG_OPTION, type Command, parseOptions } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { readConfig } from "./read-config.ts";

interface Questions {
  readonly spendSecretId: boolean;
  readonly signal: AbortSignal;
}

export const checkCommand: Command = {
  name: "check",
  summary: "Say what is wrong with the configuration, before a certificate does",
  help: `Usage: leafd check [--online [--spend-secret-id]] [--json] [--config FILE]

Reads the configuration and says everything that is wrong with it, each with its line. Looks at the files it names and
at the directories it writes to. With --online also at Vault: addresses, TLS, seal, clocks, login, the rights on the
role (capability "update"), leases, names, key type, and whether the CA outlives the certificates. Issues nothing and
changes nothing; run it as the user that leafd runs as. What it may not look at it calls "skipped", and says what it
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

/** Looks at every cluster as leafd would use it. */
async function checkOnline(settings: Settings, { spendSecretId, signal }: Questions): Promise<readonly Remark[]> {
  const emit = (): void => undefined;
  const all = settings.clusters.map(async (spec) => {
    const users = settings.services.filter(({ issuers }) => issuers[0].cluster === spec.name);
    const byIssuer = Map.groupBy(users, ({ issuers }) => issuers[0].name);
    const issuers = [...byIssuer.values()].flatMap((services) => {
      const wanted = services.map(({ name: service, request }) => ({ service, request }));
      return services.slice(0, 1).map((service) => ({ spec: service.issuers[0], wanted }));
    });
    const cluster = createCluster({ spec, clock: systemClock, emit, stateDir: settings.stateDir });
    try {
      const ownRoots = settings.trust.roots !== undefined;
      return await cluster.probe({ issuers, ownRoots, spendSecretId }, signal);
    } finally {
      cluster.close();
    }
  });
  const findings = (await Promise.all(all)).flat();
  return findings.map(({ configPath, ...finding }) =>
    configPath === undefined ? finding : { ...finding, path: configPath },
  );
}
