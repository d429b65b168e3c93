import { parseArgs } from "node:util";
import { LeafdError } from "../../domain/errors.ts";
import { formatDuration, type Millis, parseDuration } from "../../domain/units.ts";
import { SHORTEST } from "./scenario.ts";

export const HELP = `Usage: npm run demo -- [--for TIME] [--vault]
       npm run demo -- --drill [--vault]

Two services, payments and orders, call each other every second over mutual TLS, each time with a new handshake. leafd
keeps their certificates, which live about a minute, fresh. A third service, intruder, has a good certificate too, and
no permission. After a while the Vault is sealed: the certificates hold. Then it is unsealed: they are renewed.

Needs nothing but Node. Everything lives in a temporary directory and on loopback, and is gone at the end (Ctrl-C).

  --for TIME   end after this time (such as 60s, at least ${formatDuration(SHORTEST)}) with a summary:
               exit code 0, or 1 when a handshake failed or a certificate was never rotated
  --drill      the outage drill instead: seals the Vaults, kills leafd, fills the disk and breaks a dependent in turn, in
               less than three minutes, and tells what leafd did and when; exit code 0 only when each act went as told
  --vault      use the bao or vault program on PATH instead of the embedded development Vault
  --help       this text
`;

interface DemoOptions {
  readonly help: boolean;
  /** The outage drill, which ends by itself. */
  readonly drill: boolean;
  /** How long to run; absent: until Ctrl-C. */
  readonly total?: Millis;
  /** Use a real server. */
  readonly realVault: boolean;
}

/** Reads the command line; LeafdError `config_invalid` when it is wrong. */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const { help, drill, vault, for: written } = readArguments(args);
  if (written === undefined) return { help, drill, realVault: vault };
  if (drill) throw new LeafdError("config_invalid", "--drill takes the time it takes", { hint: "Leave --for out." });
  const total = parseDuration(written);
  if (total === undefined || total < SHORTEST)
    throw new LeafdError("config_invalid", `--for ${written}: not a time of at least ${formatDuration(SHORTEST)}`, {
      hint: "Write it as 60s or 5m.",
    });
  return { help, drill, total, realVault: vault };
}

function readArguments(args: readonly string[]): {
  help: boolean;
  drill: boolean;
  vault: boolean;
  for?: string | undefined;
} {
  const options = {
    for: { type: "string" },
    drill: { type: "boolean", default: false },
    vault: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LeafdError("config_invalid", message, { hint: "`npm run demo -- --help` lists the options." });
  }
}
