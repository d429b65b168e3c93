import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { LeafdError } from "../domain/errors.ts";
import type { OutputSpec } from "../domain/spec.ts";
import { SECOND } from "../domain/units.ts";

const run = promisify(execFile);

/** Numbers for fchown; undefined: stays as it is. */
export interface Ownership {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** Where users and groups are looked up; the tests have their own. */
export interface AccountSources {
  readonly passwd: string;
  readonly group: string;
  /** The program that asks the name services (LDAP, SSSD); run without a shell. */
  readonly getent: string;
}

const SYSTEM: AccountSources = { passwd: "/etc/passwd", group: "/etc/group", getent: "getent" };

type Database = "passwd" | "group";

/** Turns the user and group names of an output into numbers. */
export class Accounts {
  readonly #sources: AccountSources;
  /** What getent answered: a directory server that is down must not stop a renewal. */
  readonly #remembered = new Map<string, number>();

  constructor(sources: AccountSources = SYSTEM) {
    this.#sources = sources;
  }

  /** Numbers stay numbers; names come from the files, else from getent. `group_denied` when there is no such name. */
  async resolve(output: Pick<OutputSpec, "owner" | "group">): Promise<Ownership> {
    return {
      uid: output.owner === undefined ? undefined : await this.#number("passwd", output.owner),
      gid: output.group === undefined ? undefined : await this.#number("group", output.group),
    };
  }

  async #number(database: Database, name: string): Promise<number> {
    if (/^\d{1,10}$/.test(name)) return Number(name);
    const id = inFile(this.#sources[database], name) ?? (await this.#ask(database, name));
    if (id !== undefined) return id;
    const kind = database === "passwd" ? "user" : "group";
    throw new LeafdError("group_denied", `there is no ${kind} "${name}" on this machine`, {
      hint: `Create the ${kind}, correct its name, or write its number.`,
    });
  }

  async #ask(database: Database, name: string): Promise<number | undefined> {
    const key = `${database}:${name}`;
    const known = this.#remembered.get(key);
    if (known !== undefined || name.startsWith("-")) return known;
    const id = await this.#getent(database, name);
    if (id !== undefined) this.#remembered.set(key, id);
    return id;
  }

  async #getent(database: Database, name: string): Promise<number | undefined> {
    try {
      const { stdout } = await run(this.#sources.getent, [database, name], {
        timeout: 5 * SECOND,
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      });
      return inText(stdout, name);
    } catch {
      return undefined; // It exits 2 for an unknown name; minimal images have no getent at all.
    }
  }
}

function inFile(path: string, name: string): number | undefined {
  try {
    return inText(readFileSync(path, "utf8"), name);
  } catch {
    return undefined; // Distroless images may have no such file.
  }
}

/** passwd(5) and group(5) both have the name first and the number third. */
function inText(text: string, name: string): number | undefined {
  for (const line of text.split("\n")) {
    const [entry, , id] = line.split(":");
    if (entry === name && id !== undefined && /^\d{1,10}$/.test(id)) return Number(id);
  }
  return undefined;
}
