import type { Reason } from "../../../src/domain/errors.ts";
import { type Fault, type FaultProxy, faultProxy, type Reply } from "../../support/fault-proxy.ts";
import { seconds } from "../measure.ts";
import type { FaultRow } from "../row.ts";
import { onStage, type StageSet } from "../stage.ts";

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

interface Told {
  readonly status: number;
  readonly says?: string;
  readonly reason: Reason;
}

/** What servers answer that cannot serve. */
const CANNOT_SERVE: readonly Told[] = [
  { status: 503, says: "Vault is sealed", reason: "sealed" },
  { status: 503, says: "request rate too high", reason: "overloaded" },
  { status: 472, reason: "standby" },
  { status: 473, reason: "standby" },
  { status: 474, reason: "standby" },
  { status: 501, says: "Vault is not initialized", reason: "uninitialised" },
  { status: 530, reason: "standby" },
];

/** Vault's way to say no. */
function refusal({ status, says }: Pick<Told, "status" | "says">, headers: Reply["headers"] = {}): Fault {
  const body = JSON.stringify({ errors: says === undefined ? [] : [says] });
  return { kind: "answer", reply: { status, body, headers: { "content-type": "application/json", ...headers } } };
}

const outOfService: FaultRow = {
  id: 5,
  fault: "503 overloaded vs sealed; 472/473/474/501/530",
  expected: "told apart; another address or mark down; no issuance while uninitialised",
  run: async (scene) => {
    let second: FaultProxy | undefined;
    const settings = async ({ vault, proxy, auth }: StageSet) => {
      second = scene.resources.use(await faultProxy({ to: vault.address }));
      return { vault: { address: [proxy.address, second.address], auth } };
    };
    return onStage(scene, { services: { web: {} }, ttl: 600, settings }, async (stage) => {
      const { leafd, proxy: first, place, pki, expect } = stage;
      const pair = [first, second ?? first];
      let slowest = 0;
      for (const told of CANNOT_SERVE) {
        const [serving = first] = pair;
        await serving.inject(refusal(told));
        await place.run("renew", ["web"]);
        const began = performance.now();
        await leafd.next("published");
        slowest = Math.max(slowest, performance.now() - began);
        const down = leafd.seen("cluster_down").at(-1);
        const named = down?.["address"] === serving.address && down.reason === told.reason;
        expect(named, `${told.status} was told as ${down?.reason} of ${String(down?.["address"])}`);
        await serving.heal();
        pair.reverse();
      }
      const [seen, issued] = [leafd.seen("rotation_failed").length, await pki.issued()];
      expect(seen === 0, `${seen} failures although an address served`);
      for (const proxy of pair) await proxy.inject(refusal({ status: 501, says: "Vault is not initialized" }));
      await place.run("renew", ["web"]);
      const { reason } = await leafd.next("rotation_failed");
      expect(reason === "uninitialised", `both uninitialised was told as ${reason}`);
      expect((await pki.issued()) === issued, "something was issued while uninitialised");
      for (const proxy of pair) await proxy.heal();
      await leafd.next("published");
      return `reasons=${CANNOT_SERVE.length}/${CANNOT_SERVE.length} failover_s=${seconds(slowest)} issued_while_uninitialised=0`;
    });
  },
};

const quota: FaultRow = {
  id: 6,
  fault: "429 with and without `Retry-After`",
  expected: "no call before it; floor of half the delay",
  run: (scene) =>
    onStage(scene, { services: { web: {} }, ttl: 600 }, async ({ leafd, proxy, place, expect }) => {
      const told = { status: 429, says: "request path: rate limit quota exceeded" };
      await proxy.inject(refusal(told, { "retry-after": "4" }), { path: SIGN, times: 1 });
      await proxy.inject(refusal(told), { path: SIGN, times: 3 });
      await place.run("renew", ["web"]);
      await leafd.next("published");
      const failures = leafd.seen("rotation_failed");
      expect(failures.length === 4 && failures.every(({ reason }) => reason === "quota"), "not all four were quota");
      const calls = proxy.requests.filter(({ path }) => SIGN.test(path)).slice(-5);
      const gaps = calls.slice(1).map(({ at }, before) => at - (calls[before]?.at ?? 0));
      const [asked = 0, ...others] = gaps;
      expect(asked >= 3_990, `a call came ${asked} ms after "Retry-After: 4"`);
      // Full jitter under 1, 2, 4, 8 … seconds, and of that at least half.
      const floors = [1_000, 2_000, 4_000];
      others.forEach((gap, at) => expect(gap >= (floors[at] ?? 0) - 10, `failure ${at + 2} waited only ${gap} ms`));
      return `gap_after_retry_after_4_s=${seconds(asked)} min_gap_s=${seconds(Math.min(...others))}`;
    }),
};

const behind: FaultRow = {
  id: 7,
  fault: "412 after login",
  expected: "one or two quick retries",
  run: (scene) =>
    onStage(
      scene,
      {
        services: { web: {} },
        ttl: 600,
        atOnce: true,
        settings: async ({ proxy }) => {
          const told = { status: 412, says: "required index state not present" };
          await proxy.inject(refusal(told), { path: SIGN, times: 2 });
          return {};
        },
      },
      async ({ leafd, proxy, expect }) => {
        const login = await leafd.next("logged_in");
        const published = await leafd.next("published");
        const took = Date.parse(published.time) - Date.parse(login.time);
        expect(proxy.met() === 2, `${proxy.met()} of 2 faults were met`);
        expect(leafd.seen("rotation_failed").length === 0, "it was told as a failure");
        expect(took < 2_000, `it took ${took} ms`);
        return `ok retries=2 published_after_login_s=${seconds(took)}`;
      },
    ),
};

export const ANSWER_ROWS: readonly FaultRow[] = [badResponse, outOfService, quota, behind];
