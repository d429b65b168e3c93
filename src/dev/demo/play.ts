import { formatDuration, type Millis, SECOND } from "../../domain/units.ts";
import type { Clock } from "../../rotation/ports.ts";
import { nextPhase, type Phase, type Scenario } from "./scenario.ts";
import type { Screen } from "./screen.ts";
import type { Service } from "./services.ts";
import type { Stage } from "./stage.ts";
import { type Row, renderTable } from "./table.ts";

const CALL_EVERY: Millis = SECOND;

interface Play {
  readonly stage: Stage;
  readonly scenario: Scenario;
  readonly screen: Screen;
  readonly clock: Clock;
  /** By the monotonic clock; infinite: until `stop`. */
  readonly endsAt: Millis;
}

/** Lets the services call each other and follows the scenario, until its end or the signal's. */
export async function play({ stage, scenario, screen, clock, endsAt }: Play, stop: AbortSignal): Promise<void> {
  const { payments, orders, intruder } = stage;
  const services = [payments, orders, intruder];
  const began = clock.monotonic();
  let phase: Phase = "rotating";
  let overdue: ReturnType<typeof recoveryOf> | undefined;

  screen.say("payments and orders call each other every second, with a new handshake each time");
  if ((await intruder.call(orders, "/orders")) === "denied")
    screen.say("intruder: its certificate is good, and its call was refused with 403: orders does not allow it");
  for (let next = clock.monotonic(); !stop.aborted && next < endsAt; next += CALL_EVERY) {
    await clock.sleep(next - clock.monotonic(), stop).catch(() => {});
    await Promise.all([
      payments.call(orders, "/orders"),
      orders.call(payments, "/balance"),
      intruder.call(orders, "/orders"),
    ]);
    const rows = await Promise.all(services.map((service) => service.row()));
    const situation = { elapsed: clock.monotonic() - began, remaining: leastRemaining(rows, clock.now()) };
    const following = nextPhase(phase, scenario, situation);
    if (following !== phase) {
      if (following === "recovering") overdue = recoveryOf(services);
      await enter(following, stage, screen);
      phase = following;
    }
    if (overdue?.isOver() === true) {
      screen.say("every certificate has been renewed since the Vault came back");
      overdue = undefined;
    }
    const vault = phase === "sealed" ? "Vault SEALED" : "Vault open";
    const end = Number.isFinite(endsAt)
      ? `ends in ${formatDuration(endsAt - clock.monotonic())}`
      : "Ctrl-C ends the demo";
    screen.show([...renderTable(rows, clock.now(), screen.columns), "", `${vault} · ${end}`]);
  }
}

async function enter(phase: Phase, { vault }: Stage, screen: Screen): Promise<void> {
  if (phase === "sealed") {
    await vault.seal();
    screen.say("Vault: SEALED. Nobody gets a certificate now; the services go on with what they have");
  } else {
    await vault.unseal();
    screen.say("Vault: unsealed. leafd renews what is due");
  }
}

/** Tells when each of these services has taken up a certificate after now. */
function recoveryOf(services: readonly Service[]): { isOver(): boolean } {
  const before = services.map(({ rotations }) => rotations);
  return { isOver: () => services.every(({ rotations }, index) => rotations > (before[index] ?? 0)) };
}

function leastRemaining(rows: readonly Row[], now: number): Millis {
  return Math.min(...rows.map(({ notAfter }) => (notAfter ?? now) - now));
}
