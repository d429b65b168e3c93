import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { RULES_FILE } from "./alert-rules.ts";
import { tempDir } from "./temp-dir.ts";

const run = promisify(execFile);

/** What a test of rules says a query answers at a time; `labels` as PromQL writes them, with the name. */
interface QueryTest {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
}

/** The alerts of a name that fire at a time, all of them. */
interface AlertTest {
  readonly alertname: string;
  readonly eval_time: string;
  readonly exp_alerts: readonly {
    readonly exp_labels: Readonly<Record<string, string>>;
    readonly exp_annotations: Readonly<Record<string, string>>;
  }[];
}

/** One world of a `promtool test rules` file: series scraped every `interval`, from 1970 on, and what the rules make of them. */
export interface RulesTest {
  readonly name: string;
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly promql_expr_test?: readonly QueryTest[];
  readonly alert_rule_test?: readonly AlertTest[];
}

/** `promtool check rules`; rejects with what it says. */
export async function checkRules(): Promise<string> {
  return promtool("check", "rules", RULES_FILE);
}

/** `promtool test rules`, with an evaluation every 15 s as the rules ask for; rejects with what was expected and what came. */
export async function testRules(tests: readonly RulesTest[]): Promise<void> {
  await using dir = await tempDir();
  const file = dir.join("leafd.rules.test.yaml");
  await writeFile(file, stringify({ rule_files: [RULES_FILE], evaluation_interval: "15s", tests }));
  await promtool("test", "rules", file);
}

/** Rejects unless each is a query. */
export async function checkQueries(queries: readonly string[]): Promise<void> {
  await using dir = await tempDir();
  const file = dir.join("queries.yaml");
  const rules = queries.map((expr, at) => ({ record: `query:${at}`, expr }));
  await writeFile(file, stringify({ groups: [{ name: "queries", rules }] }));
  await promtool("check", "rules", file);
}

async function promtool(...args: readonly string[]): Promise<string> {
  try {
    return (await run("promtool", args)).stdout;
  } catch (cause) {
    if (!(cause instanceof Error && "stderr" in cause && "stdout" in cause)) throw cause;
    if ("code" in cause && cause.code === "ENOENT")
      throw new Error("promtool is not installed here, and these tests are about a real one: install prometheus", {
        cause,
      });
    throw new Error(`promtool ${args.join(" ")}:\n${String(cause.stdout)}${String(cause.stderr)}`, { cause });
  }
}
