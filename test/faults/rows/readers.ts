import { readWhileCommitting } from "../../support/read-while-committing.ts";
import { Findings } from "../findings.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

async function runReaders({ full }: Scene): Promise<Outcome> {
  const findings = new Findings();
  const commits = full ? 10_000 : 1000;
  const { reads, tornByName, tornResolved, tornBundle } = await readWhileCommitting(commits);
  findings.expect(reads >= commits, `only ${reads} reads`);
  findings.equal(tornResolved, 0, "torn reads by readers that resolve ..data once");
  findings.equal(tornBundle, 0, "torn reads of the single bundle");
  const share = (torn: number) => ((100 * torn) / reads).toFixed(2);
  return findings.outcome(
    `torn_by_name=${share(tornByName)}% torn_resolved=${share(tornResolved)}% torn_bundle=${share(tornBundle)}% reads=${reads}`,
  );
}

export const READER_ROWS: readonly FaultRow[] = [
  {
    id: 28,
    fault: "readers: certificate then key by two path look-ups, directory resolved once, single bundle",
    expected: "measured per layout; the last two never torn",
    run: runReaders,
  },
];
