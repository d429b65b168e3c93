import { setTimeout as delay } from "node:timers/promises";
import { type ComparedRow, nextSerial, running, seconds } from "../bench.ts";
import { gateBefore } from "../gate.ts";
import { lookAt } from "../pair-on-disk.ts";

const TTL = 60;
/** From the first pair on: longer than the certificate lives. */
const OUTAGE = 100;

/** Row 1. */
export const OUTAGE_ROW: ComparedRow = {
  id: 1,
  what: `Vault refuses connections for ${OUTAGE} s, from the first certificate (${TTL} s) on (the scorecard's 10 min, shortened)`,
  reading:
    "`tries` failed requests in its log; `expired_s` how long the pair on disk had ended; `recovery_s` from Vault's return to the new pair; `longest_wait_s` the longest pause between two tries: for the two others the worst case of `recovery_s`; leafd asks for Vault's health meanwhile, and goes on when that answers",
  layouts: ["files"],
  together: 3,
  measure: async (bench) => {
    const gate = bench.resources.use(await gateBefore(bench.vault.address));
    const site = await bench.site(`${TTL}s`, gate.address);
    const { installation, process, serial } = await running(bench, site, { longestBackoff: "5s" });
    const before = lookAt(installation.files);
    await gate.shut();
    await delay(OUTAGE * 1000);
    const kept = lookAt(installation.files).kind;
    const returned = Date.now();
    await gate.open();
    await nextSerial(installation, process, serial);
    const recovered = Date.now();
    const tries = process.lines(installation.failedAttempt).map(({ at }) => at);
    const pauses = tries.map((at, index) => (tries[index + 1] ?? recovered) - at);
    const expired = before.kind === "whole" ? Math.max(0, recovered - before.endsAt) : 0;
    return [
      `recovery_s=${seconds(recovered - returned)}`,
      `longest_wait_s=${seconds(Math.max(0, ...pauses))}`,
      `tries=${tries.length}`,
      `expired_s=${seconds(expired)}`,
      `old_pair=${kept}`,
      `exits=${process.exits}`,
    ].join(" ");
  },
};
