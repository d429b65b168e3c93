import { type Order, sendOrder } from "../control/client.ts";
import type { Selection } from "../domain/operator.ts";
import { CONFIG_OPTION, CONTROL_OPTION, type Terminal, UsageError } from "./command.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { placeOf } from "./place.ts";

/* What the commands that give orders over the admin socket have in common. */

export const ORDER_OPTIONS = {
  ...CONFIG_OPTION,
  ...CONTROL_OPTION,
  all: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

/** The services that the command line names; UsageError when it names none, or some besides `--all`. */
export function selectionOf(all: boolean, names: readonly string[]): Selection {
  if (all === names.length > 0) throw new UsageError("name the services, or say --all");
  return all ? { all } : { services: names };
}

/** Gives the order to the leafd that the options name and prints its answers, warnings on standard error. */
export async function giveOrder(
  order: Order,
  { json, ...named }: Parameters<typeof placeOf>[0] & { readonly json: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const { control } = await placeOf(named, terminal);
  const answers = await sendOrder(control, order, terminal.stopped);
  if (json) terminal.out(`${JSON.stringify(answers)}\n`);
  else
    for (const { service, message, warning } of answers) {
      terminal.out(`${service}: ${message}\n`);
      if (warning !== undefined) terminal.err(`${service}: warning: ${warning}\n`);
    }
  return answers.every(({ accepted }) => accepted) ? EXIT.ok : EXIT.failed;
}
