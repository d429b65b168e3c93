import { setTimeout as delay } from "node:timers/promises";
import { type NamesReport, watchNames, watchPair } from "../../../support/watcher.ts";
import { type ComparedRow, running } from "../bench.ts";

const DURATION = 45;
/** The shortest that all of them can keep up with. */
const TTL = 5;

/** Row 28. */
export const READERS_ROW: ComparedRow = {
  id: 28,
  what: `a dependent reads the certificate and then the key by their names (a bundle once) in a tight loop, for ${DURATION} s of renewals (certificate ${TTL} s)`,
  reading:
    "reads that found a key of another certificate (`torn`) or a missing, empty or cut-off file (`unusable`), of all reads and per renewal",
  layouts: ["files", "bundle"],
  together: 1,
  measure: async (bench) => {
    const site = await bench.site(`${TTL}s`);
    const { installation } = await running(bench, site);
    const { certificate, key } = installation.files;
    await using byName = await watchNames(certificate, key);
    await using resolved = bench.tool.name === "leafd" ? await watchPair(site.directory) : undefined;
    await delay(DURATION * 1000);
    const once = resolved === undefined ? "" : `; ..data resolved once: ${figure(await resolved.report())}`;
    return figure(await byName.report()) + once;
  },
};

function figure({ reads, generations, torn, missing }: NamesReport): string {
  const renewals = Math.max(1, generations - 1);
  const each = (count: number) =>
    `${count} (${((100 * count) / reads).toFixed(4)} %, ${(count / renewals).toFixed(2)}/renewal)`;
  return `torn=${each(torn)} unusable=${each(missing)} of ${reads} reads, ${renewals} renewals`;
}
