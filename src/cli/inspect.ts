import { systemClock } from "../runtime/clock.ts";
import { type Command, parseOptions, type Terminal, UsageError } from "./command.ts";
import { inspectEndpoint } from "./inspect/endpoint.ts";
import { inspectDirectory, inspectFile } from "./inspect/files.ts";
import { inspectToJson } from "./inspect/json.ts";
import type { Expectations } from "./inspect/judge.ts";
import { type InspectedTarget, inspectExitCode } from "./inspect/report.ts";
import { inspectService, serviceNamed } from "./inspect/service.ts";
import { anchorsIn } from "./inspect/sources.ts";
import { clientPair, endpointOf, INSPECT_OPTIONS, type InspectLine, momentOf, targetOf } from "./inspect/target.ts";
import { renderInspection } from "./inspect/text.ts";
import { readConfig } from "./read-config.ts";

export const inspectCommand: Command = {
  name: "inspect",
  summary: "Look at certificates in a file, a directory or on a server, and say what is wrong",
  options: INSPECT_OPTIONS,
  operands: "files",
  help: `Usage: leafd inspect FILE|DIRECTORY|HOST:PORT... [options]
       leafd inspect --service NAME [HOST:PORT...] [--config FILE] [options]

Shows the chain, the names, the dates, the key and who signed, and then what is wrong with them and what to do. Needs no
running leafd and, without --service, no configuration. Changes nothing, issues nothing, and never shows a private key.

  FILE        PEM (one certificate, a chain, a bundle with its key) or the DER of one certificate
  DIRECTORY   an output directory of leafd, with what its manifest says; or any directory with such files. Its ca.crt, or
              the roots in its other files of CAs, are the trust anchors
  HOST:PORT   a TLS server, seen in one handshake; [::1]:443 for IPv6. An IP address is looked for in the certificate
              like a name, and counts as a warning only

With --service the trust anchors, the names, the client pair and the endpoints (its probes, or HOST:PORT) come from the
configuration and the output directory, and what is served is compared with what is on disk.

Options:
      --name NAME         a name that the certificate must hold: DNS, IP address, URI (SPIFFE id), e-mail; repeatable
      --ca FILE           the trust anchors; default: those of the directory or service, else the roots of this machine
      --at TIME           judge at another moment, such as 2026-12-24T18:00:00Z
      --server-name NAME  what to ask the server for (SNI); default: HOST, unless it is an IP address
      --alpn LIST         protocols to offer, such as h2,http/1.1; default none
      --starttls NAME     begin in plain text: postgres
      --cert FILE         the client certificate to present, with its chain
      --key FILE          its key
      --timeout DURATION  for one handshake (default 10s)
      --service NAME      a service of the configuration
  -c, --config FILE       the configuration (default /etc/leafd/leafd.yaml)
      --json              one JSON object, as docs/operations.md describes it

Exit codes: 0 nothing is wrong (warnings may be) · 1 something is · 2 wrong command line, or there is no such file ·
69 nobody answers · 78 wrong configuration
`,
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, INSPECT_OPTIONS, true);
    if (positionals.length === 0 && values.service === undefined)
      throw new UsageError("name a file, a directory or HOST:PORT, or say --service");
    const now = values.at === undefined ? systemClock.now() : momentOf(values.at);
    const expected: Expectations = {
      now,
      byClock: values.at === undefined,
      names: values.name ?? [],
      ...(values.ca !== undefined && { trust: anchorsIn(values.ca) }),
    };
    const inspected = await inspectAll({ values, positionals }, expected, terminal);
    const colour = terminal.size() !== undefined && !terminal.env["NO_COLOR"];
    terminal.out(values.json ? inspectToJson(inspected, now) : renderInspection(inspected, { now, colour }));
    return inspectExitCode(inspected);
  },
};

async function inspectAll(
  { values, positionals }: Pick<InspectLine, "values" | "positionals">,
  expected: Expectations,
  { stopped, env }: Pick<Terminal, "stopped" | "env">,
): Promise<readonly InspectedTarget[]> {
  const pair = clientPair(values);
  if (values.service === undefined) {
    const targets = positionals.map((text) => targetOf(text, values));
    return Promise.all(
      targets.map(async (target) => {
        if (target.kind === "endpoint")
          return inspectEndpoint({ endpoint: target.endpoint, ...pair }, expected, stopped);
        return target.kind === "file" ? inspectFile(target.path, expected) : inspectDirectory(target.path, expected);
      }),
    );
  }
  const { settings } = await readConfig(values.config, { env });
  const spec = serviceNamed(values.service, settings);
  const [probe] = spec.probes;
  const sni = probe?.serverName === undefined ? {} : { serverName: probe.serverName };
  const endpoints = positionals.map((text) => ({ ...sni, ...endpointOf(text, values) }));
  return inspectService({ spec, ...(endpoints.length > 0 && { endpoints }) }, expected, stopped);
}
