import { formatDuration, type Millis } from "../../domain/units.ts";
import type { CallOutcome } from "./services.ts";

/** What a demo has seen when it ends. */
export interface Facts {
  readonly elapsed: Millis;
  readonly services: readonly {
    readonly name: string;
    readonly rotations: number;
    readonly calls: Readonly<Record<CallOutcome, number>>;
    readonly handshakes: number;
    readonly handshakeFailures: readonly string[];
  }[];
  /** The one service whose calls must all be denied. */
  readonly intruder: string;
  /** It was ended by the user, before it could see everything. */
  readonly interrupted: boolean;
  /** How leafd ended, when it ended by itself. */
  readonly leafdEnded?: string;
}

/** The summary as lines, and the exit code: 1 when something happened that must not, or a rotation did not. */
export function verdict(facts: Facts): { readonly lines: readonly string[]; readonly exitCode: 0 | 1 } {
  const { elapsed, services, interrupted } = facts;
  const wrong = problems(facts);
  const count = (of: (service: Facts["services"][number]) => number) =>
    services.reduce((total, service) => total + of(service), 0);
  const failures = count((service) => service.handshakeFailures.length);
  const lines = [
    `${interrupted ? "Ended" : "Done"} after ${formatDuration(elapsed)}.`,
    `  rotations   ${services.map(({ name, rotations }) => `${name} ${rotations}`).join(", ")}`,
    `  handshakes  ${count((service) => service.handshakes)} good, ${failures} failed`,
    `  calls       ${count(({ calls }) => calls.ok)} answered, ${count(({ calls }) => calls.denied)} denied, ${count(({ calls }) => calls.failed)} failed`,
    ...[...Map.groupBy(wrong, (problem) => problem)].map(
      ([problem, { length }]) => `  WRONG       ${problem}${length > 1 ? ` (${length} times)` : ""}`,
    ),
  ];
  return { lines, exitCode: wrong.length === 0 ? 0 : 1 };
}

function problems({ services, intruder, interrupted, leafdEnded }: Facts): string[] {
  const wrong = services.flatMap(({ name, rotations, calls, handshakeFailures }) => {
    const forbidden = name === intruder ? calls.ok : calls.denied;
    return [
      ...(rotations === 0 && !interrupted ? [`the certificate of ${name} was never rotated`] : []),
      ...handshakeFailures.map((failure) => `handshake of ${failure}`),
      ...(calls.failed > 0 ? [`${calls.failed} calls of ${name} failed`] : []),
      ...(forbidden > 0 ? [`${forbidden} calls of ${name} were ${name === intruder ? "answered" : "denied"}`] : []),
    ];
  });
  return leafdEnded === undefined ? wrong : [...wrong, `leafd ended by itself: ${leafdEnded}`];
}
