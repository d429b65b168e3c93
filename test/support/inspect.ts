import assert from "node:assert/strict";
import { leafd } from "./terminal.ts";

/** The part of the JSON of `leafd inspect` that tests read, as docs/operations.md describes it. */
export interface InspectAnswer {
  readonly ok: boolean;
  readonly inspected: readonly {
    readonly kind: string;
    readonly target: string;
    readonly output?: Readonly<Record<string, unknown>>;
    readonly served?: {
      readonly protocol: string;
      readonly cipher: string;
      readonly alpn?: string;
      readonly clientCertificate: Readonly<Record<string, unknown>>;
    };
    readonly chains: readonly {
      readonly where: string;
      readonly trust: string;
      readonly anchor?: string;
      readonly key?: Readonly<Record<string, unknown>>;
      readonly certificates: readonly (Readonly<Record<string, unknown>> & { readonly role: string })[];
    }[];
    readonly findings: readonly { severity: string; code: string; message: string; remedy: string }[];
  }[];
}

interface Inspected {
  readonly exitCode: number;
  readonly answer: InspectAnswer;
  /** `error expired`, of all targets. */
  readonly said: readonly string[];
}

/** Runs `leafd inspect … --json` in this process. */
export async function inspect(...args: readonly string[]): Promise<Inspected> {
  const { exitCode, out, err } = await leafd("inspect", ...args, "--json");
  assert.equal(err, "");
  const answer: InspectAnswer = JSON.parse(out);
  const findings = answer.inspected.flatMap((target) => target.findings);
  return { exitCode, answer, said: findings.map(({ severity, code }) => `${severity} ${code}`) };
}
