import { writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import { freePort } from "../../src/dev/demo/free-port.ts";
import type { RuleGroup } from "./alert-rules.ts";
import { startProgram } from "./server-program.ts";
import type { TempDir } from "./temp-dir.ts";

interface PrometheusOptions {
  /** Where its configuration and its data go. */
  readonly dir: TempDir;
  /** The address that it scrapes every second. */
  readonly target: string;
  readonly groups: readonly RuleGroup[];
}

/** As `/api/v1/alerts` has it. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing";
}

interface RuleHealth {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

export interface Prometheus extends AsyncDisposable {
  alerts(): Promise<readonly ActiveAlert[]>;
  /** What could not be evaluated, by the name of the rule. */
  brokenRules(): Promise<readonly string[]>;
  /** How many series answer the query. Rejects with what is wrong with it. */
  count(query: string): Promise<number>;
}

/** A real Prometheus with these rules and one target; resolves when it answers. A machine without one fails the test. */
export async function startPrometheus({ dir, target, groups }: PrometheusOptions): Promise<Prometheus> {
  const address = `127.0.0.1:${await freePort()}`;
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: [dir.join("rules.yaml")],
    scrape_configs: [{ job_name: "certificates", static_configs: [{ targets: [target] }] }],
  };
  await writeFile(dir.join("rules.yaml"), stringify({ groups }));
  await writeFile(dir.join("prometheus.yaml"), stringify(config));
  const program = await startProgram(
    [
      "prometheus",
      `--config.file=${dir.join("prometheus.yaml")}`,
      `--storage.tsdb.path=${dir.join("prometheus")}`,
      `--web.listen-address=${address}`,
    ],
    { ready: async () => (await fetch(`http://${address}/-/ready`)).ok },
  );
  const ask = async <Data>(path: string): Promise<Data> => {
    const response = await fetch(`http://${address}/api/v1/${path}`);
    const { error, data }: { readonly error?: string; readonly data: Data } = JSON.parse(await response.text());
    if (error !== undefined) throw new Error(`${path}: ${error}`);
    return data;
  };
  return {
    alerts: async () => (await ask<{ alerts: ActiveAlert[] }>("alerts")).alerts,
    brokenRules: async () => {
      const { groups: read } = await ask<{ groups: { rules: RuleHealth[] }[] }>("rules");
      const broken = read.flatMap(({ rules }) => rules).filter(({ health }) => health !== "ok");
      return broken.map(({ name, health, lastError }) => `${name}: ${lastError ?? health}`);
    },
    count: async (query) =>
      (await ask<{ result: unknown[] }>(`query?query=${encodeURIComponent(query)}`)).result.length,
    [Symbol.asyncDispose]: () => program.stop(),
  };
}
