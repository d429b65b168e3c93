import assert from "node:assert/strict";
import type { LeafdPlace } from "./leafd-place.ts";
import type { LeafdOptions } from "./leafd-process.ts";

/** What an operator reads when `once` gets no certificate. */
export interface Refusal {
  readonly code: number | null;
  /** Its last words about each service: `web: FAILED, no certificate: REASON: MESSAGE`. */
  readonly says: string;
  readonly hint: string | undefined;
}

interface RefusalOptions extends LeafdOptions {
  readonly args?: readonly string[];
  /** Texts of this run alone, and what is written in their place. */
  readonly known?: Readonly<Record<string, string>>;
}

/** Runs `once` until its first failure and asks it to give up then. What differs from run to run is written in capitals. */
export async function refusal(place: LeafdPlace, { args, known, ...options }: RefusalOptions = {}): Promise<Refusal> {
  await using leafd = place.start("once", args, options);
  const { hint } = await leafd.next("rotation_failed");
  const { code, stdout } = await leafd.stop();
  const names = Object.entries({ [place.dir.path]: "DIR", ...known });
  // The line of the service, and below it the same advice that the log has.
  const [line = "", ...advice] = stdout.trimEnd().split("\n");
  assert.deepEqual(advice, hint === undefined ? [] : [`  ${hint}`]);
  const says = names
    .reduce((text, [found, name]) => text.replaceAll(found, name), line)
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, "TIME")
    // Both are asked at once, and either may answer first.
    .replaceAll(/ca\/pem|ca_chain/g, "CA")
    .replaceAll(/ends in \d[\dhms ]*/g, "ends in DURATION");
  return { code, says, hint };
}
