import assert from "node:assert/strict";
import { LeafdError } from "../../../src/domain/errors.ts";
import type { RotationEvent } from "../../../src/domain/events.ts";
import type { Foreseen } from "../../../src/domain/explain/foresee.ts";
import type { OutageSpec } from "../../../src/domain/outage-spec.ts";
import type { ServiceSpec } from "../../../src/domain/spec.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import type { ServiceRunner } from "../../../src/rotation/runner.ts";
import { exampleIssuer, exampleProbe } from "../../support/circumstances.ts";
import { inWorld } from "../../support/in-world.ts";
import type { RotationWorld } from "../../support/rotation-world.ts";

/* What is foretold of an outage, held against the outage: the real rotation, in virtual time. */

const SEALED = new LeafdError("sealed", "Vault is sealed");
/** Reloads of several services are collected for a moment; all else happens to the millisecond. */
const OF_A_RELOAD = 2 * SECOND;

function service(world: RotationWorld, outage: Partial<OutageSpec>, changes: Partial<ServiceSpec> = {}): ServiceSpec {
  return world.spec({
    issuers: [exampleIssuer("main"), exampleIssuer("dr")],
    outage: { atExpiry: { kind: "keep" }, ...outage },
    ...changes,
  });
}

/** A service with all that it wants, after which every issuer is away. */
async function outageOf(world: RotationWorld, spec: ServiceSpec): Promise<ServiceRunner> {
  for (const name of ["dr", "main-reserve"]) world.addIssuer(name);
  const runner = world.start(spec);
  await world.settle(runner);
  await world.pass(runner, MINUTE);
  for (const issuer of world.issuers.values()) issuer.away = SEALED;
  return runner;
}

/** What was foretold and is an event when it comes: a due time and the end of a pause are none of a runner alone. */
const told = (foreseen: readonly Foreseen[]) => foreseen.filter(({ kind }) => kind !== "due" && kind !== "pause_over");

/** What happened since, in the words of what was foretold. */
function happened(events: readonly RotationEvent[]): Foreseen[] {
  const asked = new Set<string>();
  return events.flatMap((event): Foreseen[] => {
    const { at } = event;
    if (event.kind === "rotation_failed") {
      const { issuer, cause } = event;
      return asked.has(issuer) ? [] : (asked.add(issuer), [{ at, kind: "asked", issuer, cause }]);
    }
    if (event.kind === "issuer_circuit" && event.state === "open") return [{ at, kind: "away", issuer: event.issuer }];
    if (event.kind === "delivered") return [{ at, kind: "reloaded" }];
    if (event.kind === "expired") return [{ at, kind: "expired", action: event.action }];
    if (event.kind !== "published") return [];
    asked.clear();
    const { cause, leaf } = event;
    return cause === "reserve_used" ? [{ at, kind: "reserve_used", notAfter: leaf.notAfter }] : [];
  });
}

/** Foretells, lets the time pass, and compares. */
async function holds(world: RotationWorld, runner: ServiceRunner): Promise<readonly Foreseen[]> {
  const { outage } = runner.explain();
  const before = world.events.length;
  await world.pass(runner, (outage.at(-1)?.at ?? 0) - world.clock.now() + HOUR);
  const foretold = told(outage);
  const came = happened(world.events.slice(before));
  const timeless = (all: readonly Foreseen[]) => all.map((each) => ({ ...each, at: 0 }));
  assert.deepEqual(timeless(came), timeless(foretold));
  let allowed = 0;
  for (const [index, { at, kind }] of came.entries()) {
    const late = at - (foretold[index]?.at ?? 0);
    if (kind === "reloaded") allowed = OF_A_RELOAD;
    assert.ok(late >= 0 && late <= allowed, `${kind}: ${late} ms after it was foretold`);
  }
  return outage;
}

inWorld("two issuers, then the reserve, then the end", async (world) => {
  const reserve = { issuer: exampleIssuer("main-reserve"), ttl: 3 * HOUR };
  const runner = await outageOf(world, service(world, { reserve, failoverAfter: 5 * MINUTE }));
  const outage = await holds(world, runner);
  assert.deepEqual(
    outage.map(({ kind }) => kind),
    ["due", "asked", "away", "asked", "away", "reserve_used", "reloaded", "away", "expired"],
  );
});

inWorld("foretold anew in the middle of it: what has happened is not foretold again", async (world) => {
  const reserve = { issuer: exampleIssuer("main-reserve"), ttl: 3 * HOUR };
  const runner = await outageOf(world, service(world, { reserve }));
  await world.until(runner, "issuer_circuit");
  const outage = await holds(world, runner);
  assert.deepEqual(
    outage.map(({ kind }) => kind),
    ["asked", "away", "reserve_used", "reloaded", "away", "expired"],
  );
});

inWorld("a pair that is not reloaded but looked at, of three days, without a reserve", async (world) => {
  const changes = { reload: [], probes: [exampleProbe()] };
  const spec = service(world, { survive: DAY }, changes);
  const runner = await outageOf(world, { ...spec, request: { ...spec.request, ttl: 3 * DAY } });
  const outage = await holds(world, runner);
  assert.equal(outage.at(-1)?.kind, "expired");
});

inWorld("a pause and a closed window hold back what they hold back", async (world) => {
  const reserve = { issuer: exampleIssuer("main-reserve"), ttl: 9 * DAY };
  const windows = [{ cron: "0 3 * * *", duration: HOUR, timezone: "UTC" }];
  const spec = service(world, { reserve }, { windows });
  const runner = await outageOf(world, { ...spec, request: { ...spec.request, ttl: 3 * DAY } });
  const { due = 0, notAfter = 0 } = runner.state.current ?? {};
  world.windowOpensAt = notAfter + DAY;
  runner.say({ kind: "paused", until: due + 2 * MINUTE });
  const { outage } = runner.explain();
  const at = (kind: Foreseen["kind"]) => outage.find((each) => each.kind === kind)?.at ?? 0;
  assert.equal(at("pause_over"), due + 2 * MINUTE);
  assert.equal(at("asked"), due + 2 * MINUTE, "nobody is asked before");
  // A window that opens after the end of the pair in use yields.
  assert.ok(at("reserve_used") < at("reloaded") && at("reloaded") < notAfter);
  await holds(world, runner);
});

inWorld("without any pair: nothing is kept, and everybody is asked until away", async (world) => {
  world.addIssuer("dr");
  for (const issuer of world.issuers.values()) issuer.away = SEALED;
  const runner = world.start(service(world, {}));
  assert.deepEqual(runner.explain().outage, [], "the disk has not been read");
  await runner.carryOut({ kind: "recover" }, new AbortController().signal);
  const outage = await holds(world, runner);
  assert.deepEqual(
    outage.map((each) => [each.kind, "issuer" in each && each.issuer]),
    [
      ["asked", "main"],
      ["asked", "dr"],
      ["away", "main"],
      ["away", "dr"],
    ],
  );
});

inWorld("a wish by hand that goes through everything is bounded all the same", async (world) => {
  const spec = service(world, {});
  const runner = await outageOf(world, { ...spec, request: { ...spec.request, ttl: 90 * DAY } });
  runner.say({ kind: "renewal_requested", by: "operator", force: true });
  const began = performance.now();
  const { outage } = runner.explain();
  assert.equal(outage.at(-1)?.kind, "cut");
  assert.ok(performance.now() - began < 2000);
});
