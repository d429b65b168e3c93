import { writeFile } from "node:fs/promises";
import { TestCa } from "../../support/test-ca.ts";
import { waitFor } from "../../support/wait-for.ts";
import { falseLeaf, type Tell } from "../false-leaf.ts";
import { timeOf } from "../measure.ts";
import type { FaultRow } from "../row.ts";
import { onStage } from "../stage.ts";

/* Certificates that are not what was asked for. */

interface Lie {
  readonly reason: string;
  readonly tell: Tell;
}

/** By the service that is lied to. The liar's root is trusted, so that one rule is broken in each. */
function liesOf(ca: TestCa, hidden: TestCa): Readonly<Record<string, Lie>> {
  return {
    "other-key": { reason: "key_mismatch", tell: ({ names }) => ca.leaf(names) },
    "no-san": {
      reason: "name_missing",
      tell: ({ names, publicKey }) => ca.leaf({ ...names, dns: names.dns.slice(0, 1), publicKey }),
    },
    "wrong-usage": {
      reason: "usage_wrong",
      tell: ({ names, publicKey }) => ca.leaf({ ...names, publicKey, usages: ["client"] }),
    },
    "broken-chain": { reason: "chain_broken", tell: ({ names, publicKey }) => hidden.leaf({ ...names, publicKey }) },
  };
}

const lies: FaultRow = {
  id: 16,
  fault: "wrong public key, missing SAN, wrong EKU, broken chain",
  expected: "rejected, backed off",
  run: async (scene) => {
    const ca = await TestCa.root({ name: "Liar" });
    const told = liesOf(ca, await ca.intermediate({ name: "Hidden" }));
    const victims = Object.keys(told);
    const identity = (name: string) => ({ identity: { commonName: `${name}.svc`, dns: [`${name}.svc`, "z.svc"] } });
    // The issuance budget of such a certificate is four in an hour, the first one included; what is refused counts.
    const budget = 4;
    return onStage(
      scene,
      {
        services: Object.fromEntries(victims.map((name) => [name, { ...identity(name), ttl: "24h" }])),
        spare: victims.length,
        settings: async ({ place, pki }) => {
          await writeFile(place.dir.join("roots.pem"), `${pki.root}${ca.certificate.pem}`);
          return { trust: { roots: place.dir.join("roots.pem") } };
        },
      },
      async ({ leafd, proxy, place, expect }) => {
        for (const [name, { tell }] of Object.entries(told)) {
          await proxy.inject(falseLeaf(ca, tell), { path: /\/sign\//, body: new RegExp(`${name}\\.svc`) });
        }
        await place.run("renew", victims);
        const failures = (name: string) => leafd.seen("rotation_failed", name);
        /** It waits for minutes, or the budget is spent: in both cases nothing more comes soon. */
        const isSettled = (name: string): boolean => {
          const last = failures(name).at(-1);
          return last !== undefined && timeOf(last, "retryAt") - Date.parse(last.time) > 60_000;
        };
        await waitFor(() => victims.every(isSettled), { what: "everybody to wait", within: 40_000 });
        for (const [name, { reason }] of Object.entries(told)) {
          const reasons = failures(name).map((line) => line.reason);
          const fits = reasons.every((each) => each === reason || each === "budget_exhausted");
          expect(fits && reasons[0] === reason, `${name} was told as ${reasons.join(", ")}`);
        }
        const writes = leafd.seen("published").length - victims.length;
        const calls = victims.map(
          (name) => failures(name).filter(({ reason }) => reason !== "budget_exhausted").length,
        );
        expect(writes === 0, `${writes} such pairs were written`);
        expect(proxy.met() === calls.reduce((sum, count) => sum + count, 0), "not every lie was refused");
        const list = victims.map((name, at) => `${name}:${calls[at]}`).join(",");
        return `writes=${writes} refused=${list} calls/h≤${budget - 1}`;
      },
    );
  },
};

export const LIE_ROWS: readonly FaultRow[] = [lies];
