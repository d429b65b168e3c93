import { readFile } from "node:fs/promises";
import { childEnvironment, type Environment } from "../domain/child-environment.ts";
import { LeafdError } from "../domain/errors.ts";
import type { Slots } from "../domain/slots.ts";
import { SECOND } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import { runCommand } from "./run-command.ts";

const GETENT_TIMEOUT = 5 * SECOND;

interface UserSurroundings {
  readonly clock: Clock;
  readonly environment: Environment;
  /** One for each child that runs at once. */
  readonly children: Slots;
}

/** The number of a user: a number itself, a name of /etc/passwd, or one that `getent` knows (LDAP, sssd). */
export async function uidOf(user: string, surroundings: UserSurroundings, signal: AbortSignal): Promise<number> {
  if (/^\d+$/.test(user)) return Number(user);
  const local = await readFile("/etc/passwd", "utf8").catch(() => "");
  const uid = uidIn(local.split("\n"), user) ?? uidIn(await getent(user, surroundings, signal), user);
  if (uid !== undefined) return uid;
  throw new LeafdError("reload_target", `there is no user ${user} here`, {
    hint: "Give the user's number, or a name that getent passwd knows.",
  });
}

/** The third field of the user's line, by passwd(5). */
function uidIn(lines: readonly string[], user: string): number | undefined {
  const fields = lines.map((line) => line.split(":")).find(([name]) => name === user);
  return fields?.[2] === undefined ? undefined : Number(fields[2]);
}

async function getent(
  user: string,
  { clock, environment, children }: UserSurroundings,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const argv = ["getent", "passwd", "--", user] as const;
    const command = { argv, environment: childEnvironment(environment), timeout: GETENT_TIMEOUT, clock };
    return (await children.use(() => runCommand(command, signal), signal)).lines;
  } catch (error) {
    // An image without getent has no other users than those of /etc/passwd.
    if (error instanceof LeafdError && error.reason === "reload_target") return [];
    throw error;
  }
}
