import { chmodSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "../../../support/wait-for.ts";
import { type Bench, type ComparedRow, running, seconds } from "../bench.ts";
import { lookAt } from "../pair-on-disk.ts";
import { Supervised } from "../supervised.ts";
import type { PairFiles } from "../tool.ts";

const PATIENCE = 60;
const AFTER_RESTART = 15;

const HARMS: Readonly<Record<string, (files: PairFiles) => void>> = {
  deletes: ({ key }) => rmSync(key),
  edits: ({ certificate }) => writeFileSync(certificate, "edited\n"),
  chmods: ({ key }) => chmodSync(key, 0o644),
};

/** Row 26. */
export const OUTSIDER_ROW: ComparedRow = {
  id: 26,
  what: `somebody deletes the key file, overwrites the certificate file, makes the key file 0644 (three runs, certificate 1 h, ${PATIENCE} s each, then a restart)`,
  reading:
    "seconds until a whole, private pair is there again; `no` not within the time, and then whether a restart of the tool repaired it. `pkiCert` looks at its file at its next renewal, at 90 % of the life, or at a start",
  layouts: ["files", "bundle"],
  together: 2,
  measure: async (bench) => {
    const harmed = Object.entries(HARMS).map(async ([name, harm]) => `${name}: ${await repaired(bench, harm)}`);
    return (await Promise.all(harmed)).join(" · ");
  },
};

async function repaired(bench: Bench, harm: (files: PairFiles) => void): Promise<string> {
  const site = await bench.site("1h");
  const { installation, process } = await running(bench, site);
  await delay(1000); // Nothing of the first publication is still under way.
  const good = () => lookAt(installation.files).kind === "whole" && isPrivate(installation.files);
  if (!good()) throw new Error(`${bench.tool.name}: there was no good pair to harm`);
  harm(installation.files);
  const began = Date.now();
  const inTime = (within: number) => waitFor(good, { within: within * 1000, every: 50 }).catch(() => false);
  if (await inTime(PATIENCE)) return `${seconds(Date.now() - began)} s`;
  await process.stop("SIGKILL"); // consul-template does not end at a SIGTERM.
  await using _again = new Supervised(installation);
  return (await inTime(AFTER_RESTART)) ? "no, restart repairs" : "no, nor at a restart";
}

const isPrivate = ({ key }: PairFiles): boolean => (statSync(key).mode & 0o077) === 0;
