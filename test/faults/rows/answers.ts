import type { Fault } from "../../support/fault-proxy.ts";
import type { FaultRow } from "../row.ts";
import { onStage } from "../stage.ts";

/* What Vault, or something before it, answers. */

/** Answers that are not Vault's, by their names in the figure. */
const NOT_VAULTS: Readonly<Record<string, Fault>> = {
  reset: { kind: "reset" },
  truncated: { kind: "truncate" },
  html: {
    kind: "answer",
    reply: { headers: { "content-type": "text/html" }, body: "<!doctype html><title>Sign in</title>" },
  },
  data_null: { kind: "answer", reply: { headers: { "content-type": "application/json" }, body: '{"data":null}' } },
};

const SIGN = /\/sign\//;

const badResponse: FaultRow = {
  id: 3,
  fault: "reset mid-body, truncated JSON, 200 with HTML, `data: null`",
  expected: "reason `bad_response`, nothing written",
  run: (scene) =>
    // A reset and a cut come after the server has signed.
    onStage(scene, { services: { web: {} }, ttl: 60, spare: 2 }, async ({ leafd, proxy, place, expect }) => {
      const before = leafd.seen("published").length;
      for (const [name, fault] of Object.entries(NOT_VAULTS)) {
        await proxy.inject(fault, { path: SIGN, times: 1 });
        await place.run("renew", ["web"]);
        const { reason, stage } = await leafd.next("rotation_failed");
        expect(reason === "bad_response" && stage === "issue", `${name} was told as ${reason} at ${String(stage)}`);
      }
      const writes = leafd.seen("published").length - before;
      expect(proxy.met() === 4, `${proxy.met()} of 4 faults were met`);
      expect(writes === 0, `${writes} pairs were written from such an answer`);
      await proxy.heal();
      await leafd.next("published");
      return `writes=${writes} answers=${proxy.met()}`;
    }),
};

export const ANSWER_ROWS: readonly FaultRow[] = [badResponse];
