import { blackHole } from "../../support/black-hole.ts";
import { faultProxy, type Reply } from "../../support/fault-proxy.ts";
import { waitFor } from "../../support/wait-for.ts";
import { answerTimes, percent, punctuality, seconds } from "../measure.ts";
import type { FaultRow } from "../row.ts";
import { onStage } from "../stage.ts";

/* What the network does between leafd and Vault. */

const hanging: FaultRow = {
  id: 2,
  fault: "SYN black hole / accepts and never answers / drips the body",
  expected: "connect ≤ 5 s, whole call ≤ 15 s, other services unaffected",
  run: (scene) =>
    // What drips has been signed, and what is not answered may have been; what the black hole swallows has not.
    onStage(
      scene,
      { services: { silent: { ttl: "60s" }, dripped: { ttl: "60s" }, web: {}, api: {} }, spare: 2 },
      async (stage) => {
        const { leafd, proxy, place, expect, observed } = stage;
        using answers = answerTimes(observed);
        await proxy.inject({ kind: "silence" }, { path: /\/sign\//, body: /silent\.svc/ });
        await proxy.inject({ kind: "drip", every: 100 }, { path: /\/sign\//, body: /dripped\.svc/ });
        await place.run("renew", ["silent", "dripped"]);
        await waitFor(() => proxy.met() === 2, { what: "both to be met" });
        const began = performance.now();
        await leafd.each("rotation_failed", "silent", "dripped");
        const whole = performance.now() - began;
        const failures = leafd.seen("rotation_failed");
        expect(
          failures.every(({ reason }) => reason === "timeout"),
          `told as ${failures.map(({ reason }) => reason).join(", ")}`,
        );
        expect(whole < 15_500, `a call that hangs took ${whole} ms`);
        const others = punctuality(leafd, "web", "api");
        expect(others.renewals > 0 && others.onTime === others.renewals, `${JSON.stringify(others)} of the others`);

        await proxy.inject({ kind: "refuse" });
        await using hole = await blackHole(proxy.port);
        // By force: so many failures have opened the circuit.
        await place.run("renew", ["--force", "web"]);
        const swallowed = performance.now();
        const { reason, msg } = await leafd.next("rotation_failed", ({ service }) => service === "web");
        const connect = performance.now() - swallowed;
        expect(
          reason === "connect" && /no connection within/.test(msg),
          `the black hole was told as ${reason}: ${msg}`,
        );
        expect(connect < 5_500, `a connection that hangs took ${connect} ms`);
        await hole[Symbol.asyncDispose]();
        await proxy.heal();
        await leafd.next("published", ({ service }) => service === "web");
        expect(answers.longest() < 2_000, `leafd did not answer for ${answers.longest()} ms`);
        const lag = `answers_within_ms=${answers.longest()}`;
        return `connect_abort_s=${seconds(connect)} abort_s=${seconds(whole)} others_on_time=${percent(others)}% ${lag}`;
      },
    ),
};

const failover: FaultRow = {
  id: 8,
  fault: "failover in the middle of a request",
  expected: "≤ 1 extra certificate",
  run: (scene) =>
    onStage(
      scene,
      {
        services: { web: {} },
        ttl: 60,
        spare: 1,
        settings: async ({ vault, proxy, auth }) => {
          const other = scene.resources.use(await faultProxy({ to: vault.address }));
          return { vault: { address: [proxy.address, other.address], auth } };
        },
      },
      async ({ leafd, proxy, pki, place, expect }) => {
        const before = await pki.issued();
        // It has signed, and dies before a byte of its answer is out.
        const die = async (reply: Reply): Promise<Reply> => {
          await proxy.inject({ kind: "refuse" });
          return reply;
        };
        await proxy.inject({ kind: "edit", edit: die }, { path: /\/sign\//, times: 1 });
        await place.run("renew", ["web"]);
        const began = performance.now();
        await leafd.next("published");
        const took = performance.now() - began;
        const certificates = (await pki.issued()) - before;
        expect(proxy.met("edit") === 1, "the first server did not die");
        expect(certificates === 2, `${certificates} certificates: the fault was not met, or it cost more than one`);
        expect(leafd.seen("rotation_failed").length === 0, "the failover was told as a failure");
        return `extra_certificates=${certificates - 1} failover_s=${seconds(took)}`;
      },
    ),
};

export const NETWORK_ROWS: readonly FaultRow[] = [hanging, failover];
