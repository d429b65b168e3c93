import { DAY, HOUR, MINUTE, type Millis, SECOND } from "../../../src/domain/units.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { seconds } from "../measure.ts";
import type { FaultRow, Outcome } from "../row.ts";
import { REFUSED, VirtualFleet } from "../virtual-fleet.ts";

/*
 * What only a long time or many services show, in virtual time: the whole supervisor on a clock that the row moves. The
 * issuer is not a real server here; the real one in outages is in rows 2 to 10.
 */

/** Lives from `least` to `most`, evenly spread over so many services. */
const spread = (count: number, least: Millis, most: Millis): Millis[] =>
  Array.from({ length: count }, (_, index) => least + ((most - least) * index) / (count - 1));

function outcome(figure: string, findings: readonly (readonly [holds: boolean, otherwise: string])[]): Outcome {
  const problems = findings.filter(([holds]) => !holds).map(([, otherwise]) => otherwise);
  return { verdict: problems.length === 0 ? "pass" : "fail", figure: `${figure} (virtual)`, problems };
}

const refusedConnections: FaultRow = {
  id: 1,
  fault: "Vault refuses connections for 10 min (virtual)",
  expected:
    "keep the pair, back off, an overdue service recovers ≤ probe interval + 2 s after the return, the others spread",
  run: async ({ resources }) => {
    const fleet = resources.use(await VirtualFleet.create());
    const { clock, issuer } = fleet;
    await fleet.add(spread(100, HOUR, HOUR));
    await clock.advance(34 * MINUTE);
    const [attempts, looks] = [issuer.requests.length, issuer.looks.length];
    issuer.away = REFUSED;
    await clock.advance(10 * MINUTE);
    const asked = issuer.requests.length - attempts;
    const looked = issuer.looks.length - looks;
    const interval = (issuer.looks.at(-1) ?? 0) - (issuer.looks.at(-2) ?? 0);
    const [circuit] = fleet.supervisor.issuers();
    const overdue = fleet.supervisor.services().filter(({ state }) => (state.current?.due ?? 0) <= clock.now());
    issuer.away = undefined;
    const back = clock.now();
    await clock.advance(2 * MINUTE);
    const renewed = fleet.renewals(back);
    const first = Math.min(...renewed.map(({ at }) => at)) - back;
    const all = Math.max(...renewed.map(({ at }) => at)) - back;
    const peak = VirtualFleet.peak(issuer.requests.filter((at) => at >= back));
    return outcome(
      `attempts=${asked} looks=${looked} recovery_s=${seconds(first)} all_s=${seconds(all)} peak_rps=${peak}`,
      [
        [circuit?.circuit === "open", "the circuit was not open"],
        [overdue.length > 50, `only ${overdue.length} services were overdue`],
        [asked <= 30, `${asked} requests at a dead door`],
        [first <= interval + 2 * SECOND, `the first one ${seconds(first)} s after the return`],
        [renewed.length >= overdue.length, `${renewed.length} of ${overdue.length} were renewed`],
        [all > 10 * SECOND && all < 90 * SECOND, `all within ${seconds(all)} s`],
        [peak <= 20, `${peak} requests in one second`],
        [!fleet.events.some(({ kind }) => kind === "expired"), "a pair ended"],
      ],
    );
  },
};

const suspended: FaultRow = {
  id: 34,
  fault: "suspend 8 h; timers > 24.8 d",
  expected: "expired first, spread; no early firing",
  run: async ({ resources }) => {
    const fleet = resources.use(await VirtualFleet.create());
    const { clock, issuer } = fleet;
    // Some end during the suspend, others come due.
    await fleet.add(spread(200, 6 * HOUR, 24 * HOUR));
    await clock.advance(HOUR);
    const asked = issuer.requests.length;
    clock.suspend(8 * HOUR);
    const awake = clock.now();
    await clock.advance(5 * MINUTE);
    const renewed = fleet.renewals(awake);
    const over = renewed.filter(({ left }) => left < 0);
    const lastOver = Math.max(...over.map(({ at }) => at));
    const before = renewed.filter(({ left, at }) => left >= 0 && at < lastOver - SECOND).length;
    const burst = VirtualFleet.peak(issuer.requests.slice(asked));
    const early = (await earlyTimer()) || (await renewedEarly());
    return outcome(
      `expired=${over.length} renewed=${renewed.length} burst=${burst} at_once=${issuer.most} awake_s=${seconds(lastOver - awake)}`,
      [
        [over.length > 20, `only ${over.length} pairs ended in the suspend`],
        [before === 0, `${before} that had time went before those that had none`],
        [lastOver - awake < MINUTE, `the last expired one after ${seconds(lastOver - awake)} s`],
        [issuer.most <= 16, `${issuer.most} requests at once`],
        [!early, "something that was to wait for longer than a timer can was done early"],
        [!fleet.events.some(({ kind }) => kind === "clock_doubted"), "a suspend was taken for a wrong clock"],
      ],
    );
  },
};

/** Whether a certificate of 60 d is renewed within the 26 days that it is good for. */
async function renewedEarly(): Promise<boolean> {
  await using fleet = await VirtualFleet.create();
  await fleet.add([60 * DAY]);
  await fleet.clock.advance(26 * DAY);
  return fleet.renewals().length > 0;
}

/** Whether the real clock wakes somebody early who sleeps for 30 d. */
async function earlyTimer(): Promise<boolean> {
  const over = AbortSignal.timeout(50);
  return systemClock.sleep(30 * DAY, over).then(
    () => true,
    () => false,
  );
}

const stampede: FaultRow = {
  id: 35,
  fault: "1,000 services / 200 agents after a 1 h outage",
  expected: "most urgent first, bounded, 0 expired that could be saved",
  run: async ({ resources }) => {
    const fleet = resources.use(await VirtualFleet.create());
    const { clock, issuer } = fleet;
    // They come due after 1.2 to 2.5 h; the first ones end just before the return, the next ones just after it.
    await fleet.add(spread(1000, 129 * MINUTE, 225 * MINUTE));
    await clock.advance(70 * MINUTE);
    issuer.away = REFUSED;
    await clock.advance(HOUR);
    const services = fleet.supervisor.services();
    const waiting = services.filter(({ state }) => (state.current?.due ?? 0) <= clock.now()).length;
    const [asked, back] = [issuer.requests.length, clock.now()];
    issuer.away = undefined;
    await clock.advance(3 * MINUTE);
    const renewed = fleet.renewals(back);
    const over = renewed.filter(({ left }) => left < 0);
    // Whoever had more than the time until the return is noticed could be saved.
    const saveable = over.filter(({ at, left }) => at + left > back + 4 * SECOND);
    const peak = VirtualFleet.peak(issuer.requests.slice(asked));
    const urgent = renewed.slice(0, 10).filter(({ left }) => left < MINUTE).length;
    return outcome(
      `waiting=${waiting} peak_rps=${peak} at_once=${issuer.most} over_before=${over.length} expired=${saveable.length}`,
      [
        [waiting > 500, `only ${waiting} services waited`],
        [renewed.length >= waiting, `${renewed.length} of ${waiting} were renewed within 3 min`],
        [saveable.length === 0, `${saveable.length} pairs ended that could be saved`],
        [urgent === 10, `${urgent} of the first ten were urgent`],
        [issuer.most <= 16, `${issuer.most} requests at once`],
      ],
    );
  },
};

const punctual: FaultRow = {
  id: 36,
  fault: "500 services × 1 h TTL for 24 h (virtual)",
  expected: "all on time",
  run: async ({ resources, full }) => {
    const fleet = resources.use(await VirtualFleet.create());
    const { clock, issuer } = fleet;
    await fleet.add(spread(500, HOUR, HOUR));
    const first = issuer.requests.length;
    const hours = full ? 24 : 4;
    await clock.advance(hours * HOUR);
    const renewals = fleet.renewals();
    const onTime = renewals.filter(({ late }) => late <= 2 * SECOND).length;
    const percent = Math.round((10_000 * onTime) / renewals.length) / 100;
    const peak = VirtualFleet.peak(issuer.requests.slice(first));
    const least = 500 * Math.floor(hours / (2 / 3));
    return outcome(`on_time=${percent}% renewals=${renewals.length} hours=${hours} peak_rps=${peak}`, [
      [onTime === renewals.length, `${renewals.length - onTime} were late`],
      [renewals.length >= least, `${renewals.length} renewals, at least ${least} were due`],
      [!fleet.events.some(({ kind }) => kind === "rotation_failed"), "some failed"],
    ]);
  },
};

export const FLEET_ROWS: readonly FaultRow[] = [refusedConnections, suspended, stampede, punctual];
