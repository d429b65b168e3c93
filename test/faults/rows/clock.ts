import { writeFile } from "node:fs/promises";
import { type FakedClock, fakedClock } from "../../support/faked-clock.ts";
import type { LeafdProcess } from "../../support/leafd-process.ts";
import { readPair } from "../../support/published-pair.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { TestCa } from "../../support/test-ca.ts";
import { waitFor } from "../../support/wait-for.ts";
import { falseLeaf } from "../false-leaf.ts";
import { timeOf } from "../measure.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";
import { onStage, type Stage } from "../stage.ts";

/* Clocks that are wrong: the server's when it dates a certificate, and the wall clock of leafd's machine. */

/** In seconds. */
const DAY = 86_400;
const TEN_YEARS = 3650 * DAY;
const JUMPS = { "+1d": DAY, "-1d": -DAY, "+10y": TEN_YEARS };
/** What it may be wrong by when leafd starts: every pair looks over, or none has begun. */
const STARTS = { "+2d": 2 * DAY, "-1d": -DAY, "+10y": TEN_YEARS };
/** Seconds that a skew may be told wrong: the server says whole ones. */
const NEAR = 5;

/** Have a day to live, so that nothing is due by itself. The first is told a certificate from the future. */
const STEADY = ["ahead", "a", "b"];
/** Lives for 12 s: what is planned goes on. */
const QUICK = "quick";
/** The issuance budget of `ahead` is four in an hour, the first one included. */
const REFUSALS = 3;

/** A wall clock that is this many seconds ahead. */
interface Wrong {
  readonly what: string;
  readonly ahead: number;
}

async function runClock(scene: Scene): Promise<Outcome> {
  const clock = await fakedClock(scene.resources.use(await tempDir()));
  if (clock === undefined) return { verdict: "deferred", figure: "libfaketime is not here" };
  const ca = await TestCa.root({ name: "Liar" });
  const steady = STEADY.map((name) => [name, { ttl: "24h" }]);
  return onStage(
    scene,
    {
      services: { ...Object.fromEntries(steady), [QUICK]: {} },
      spare: REFUSALS,
      start: { env: clock.env },
      settings: async ({ place, pki }) => {
        await writeFile(place.dir.join("roots.pem"), `${pki.root}${ca.certificate.pem}`);
        return { trust: { roots: place.dir.join("roots.pem") } };
      },
    },
    async (stage) => {
      const { place, proxy, pki, expect } = stage;
      const serials = () => STEADY.map((name) => readPair(place.live(name)).serial).join();
      const before = serials();
      await refuseFromTheFuture(stage, ca);
      for (const [what, ahead] of Object.entries(JUMPS)) await jump(stage, clock, { what, ahead });
      const leafds = [stage.leafd];
      for (const [what, ahead] of Object.entries(STARTS)) {
        await clock.set(ahead);
        await stage.restart();
        leafds.push(stage.leafd);
        await startInDoubt(stage, clock, { what, ahead });
      }
      expect(serials() === before, "a pair with a day to live was replaced");
      expect(
        leafds.every((leafd) => early(leafd) === 0),
        "a renewal came before it was due",
      );
      const renewals = leafds.flatMap((leafd) => leafd.seen("published", QUICK)).length - 1;
      const issued = await pki.issued();
      const beyond = issued - STEADY.length - 1 - renewals - proxy.met();
      expect(beyond === 0, `${beyond} certificates that nobody had planned`);
      return `calls=${proxy.met()} not_before, ${beyond} beyond ${renewals} planned in 3 jumps and 3 starts`;
    },
  );
}

/** A renewal by hand is answered with a certificate that begins in five minutes: refused, and not asked for in a storm. */
async function refuseFromTheFuture({ leafd, place, proxy, expect }: Stage, ca: TestCa): Promise<void> {
  const notBefore = Date.now() + 300_000;
  const dates = { notBefore, notAfter: notBefore + DAY * 1000 };
  const lie = falseLeaf(ca, ({ names, publicKey }) => ca.leaf({ ...names, ...dates, publicKey }));
  await proxy.inject(lie, { path: /\/sign\//, body: /ahead\.svc/ });
  await place.run("renew", ["ahead"]);
  const failures = () => leafd.seen("rotation_failed", "ahead");
  const isSettled = (): boolean => {
    const last = failures().at(-1);
    return last !== undefined && timeOf(last, "retryAt") - Date.parse(last.time) > 60_000;
  };
  await waitFor(isSettled, { what: "it to wait", within: 40_000 });
  const reasons = failures().map(({ reason }) => reason);
  const fits = reasons.every((reason) => reason === "not_yet_valid" || reason === "budget_exhausted");
  expect(fits && reasons[0] === "not_yet_valid", `the leaf from the future was told as ${reasons.join(", ")}`);
  expect(proxy.met() > 0 && proxy.met() <= REFUSALS, `${proxy.met()} certificates from the future were asked for`);
}

/** The wall clock leaps while leafd runs, a planned renewal comes meanwhile, and the clock is put right. */
async function jump(stage: Stage, clock: FakedClock, { what, ahead }: Wrong): Promise<void> {
  const { leafd, expect } = stage;
  await clock.set(ahead);
  await skewIs(stage, -ahead);
  const { why } = await leafd.next("clock_doubted");
  expect(why === "departed", `${what} was doubted as ${String(why)}`);
  await leafd.next("published", ({ service }) => service === QUICK);
  await skewIs(stage, -ahead);
  await putRight(stage, clock);
}

/** The start when every pair looks over, or none has begun. */
async function startInDoubt(stage: Stage, clock: FakedClock, { what, ahead }: Wrong): Promise<void> {
  const { leafd, expect } = stage;
  const { why } = await leafd.next("clock_doubted");
  expect(why === "implausible", `at the start at ${what} it was doubted as ${String(why)}`);
  await leafd.next("published", ({ service }) => service === QUICK);
  const [cause] = leafd.seen("published", QUICK).map((line) => String(line["cause"]));
  expect(cause === "renewal_due", `at the start at ${what} the planned renewal was ${cause}`);
  await skewIs(stage, -ahead);
  const others = leafd.seen("rotation_started").filter(({ service }) => service !== QUICK);
  expect(others.length === 0, `${others.length} pairs with a day to live were renewed after the start at ${what}`);
  await putRight(stage, clock);
}

async function putRight(stage: Stage, clock: FakedClock): Promise<void> {
  await clock.set(0);
  await skewIs(stage, 0);
  await stage.leafd.next("clock_trusted");
}

/** Resolves when the metric says how far the server's clock is ahead. */
async function skewIs({ observed }: Stage, expected: number): Promise<void> {
  const look = async (): Promise<boolean> => {
    const page = await (await fetch(`${observed}/metrics`)).text();
    const [, skew = "NaN"] = /^leafd_clock_skew_seconds (\S+)$/m.exec(page) ?? [];
    return Math.abs(Number(skew) - expected) <= NEAR;
  };
  await waitFor(look, { what: `a skew of ${expected} s`, every: 200 });
}

/** Renewals of the quick one before they were due, by what leafd had told. */
function early(leafd: LeafdProcess): number {
  const published = leafd.seen("published", QUICK);
  return published.slice(1).filter((line, at) => Date.parse(line.time) < timeOf(published[at], "due")).length;
}

export const CLOCK_ROWS: readonly FaultRow[] = [
  {
    id: 17,
    fault: "`not_before` 5 min ahead; clock +1 d, −1 d, +10 y",
    expected: "held or tolerated; no mass re-issue; skew alert",
    run: runClock,
  },
];
