import { dirname } from "node:path/posix";
import { type NameKind, nameProblem } from "../domain/names.ts";
import type { Names, OutputSpec } from "../domain/spec.ts";
import { given } from "./given.ts";
import type { Path } from "./report.ts";
import type { Report } from "./surroundings.ts";

/*
 * What must hold between keys. Each check is pure and reports what it finds.
 */

interface Directories {
  /** Absolute and normalised, in the order of the files. */
  readonly outputs: readonly { readonly service: string; readonly directory: string }[];
  readonly stateDir: string;
  readonly control: string;
}

/** No output may be, hold or lie in another service's output, nor hold what is leafd's own. */
export function checkDirectories({ outputs, stateDir, control }: Directories, report: Report): void {
  const owners = new Map<string, string>();
  for (const { service, directory } of outputs) if (!owners.has(directory)) owners.set(directory, service);
  for (const { service, directory } of outputs) {
    const refuse = (message: string, hint?: string) =>
      report({
        path: ["services", service, "output", "directory"],
        at: "value",
        message,
        ...(hint === undefined ? {} : { hint }),
      });
    const own = "give each service a directory of its own";
    const same = owners.get(directory);
    if (same !== service) refuse(`is the output directory of service "${same}" too`, own);
    const outer = ancestors(directory).find((ancestor) => owners.has(ancestor));
    if (outer !== undefined) refuse(`lies inside the output directory of service "${owners.get(outer)}"`, own);
    if (directory === "/") refuse("is the root of the file system", own);
    else if (holds(directory, stateDir)) refuse("is or holds stateDir, which is leafd's own");
    else if (holds(directory, control) || holds(control, directory)) refuse("overlaps control.directory");
  }
}

/** Whether `inner` is `outer` or lies below it; both absolute and normalised. */
export function holds(outer: string, inner: string): boolean {
  return inner === outer || ancestors(inner).includes(outer);
}

function ancestors(directory: string): string[] {
  const parent = dirname(directory);
  return parent === directory ? [] : [parent, ...ancestors(parent)];
}

type Mode = keyof OutputSpec["modes"];

interface Origins {
  /** Where the mode was written. */
  readonly mode: (mode: Mode) => Path;
  /** The maps that may give a group. */
  readonly groups: readonly Path[];
}

/** Modes that would give the key away, let others replace files, or keep leafd from reading what it wrote. */
export function checkModes({ modes, group }: OutputSpec, origins: Origins, report: Report): void {
  const refuse = (mode: Mode, message: string, hint?: string) =>
    report({ path: origins.mode(mode), at: "value", message, ...given("hint", hint) });
  if (modes.key & 0o007)
    refuse("key", "lets everybody on this host use the private key", 'write "0600", or "0640" with a group');
  else if (modes.key & 0o070 && group === undefined)
    report({
      path: origins.mode("key"),
      at: "value",
      message: "lets a group read the private key, and no group is given",
      hint: 'set output.group, or write "0600"',
      lacks: origins.groups,
    });
  if (modes.key & 0o120 || modes.cert & 0o133) {
    const mode = modes.key & 0o120 ? "key" : "cert";
    refuse(mode, "lets others than the owner write, or is executable", 'write "0640" or "0644"');
  }
  for (const mode of ["key", "cert"] as const)
    if (!(modes[mode] & 0o400) || modes[mode] > 0o777)
      refuse(mode, "must let the owner read, and have no special bits");
  if ((modes.directory & 0o700) !== 0o700) refuse("directory", "must let the owner read, write and enter");
  else if (modes.directory & 0o022 || modes.directory & 0o5000)
    refuse("directory", "lets others than the owner replace files", 'write "0750" or "0755"');
}

const KINDS = [
  { key: "dns", kind: "dns", word: "DNS name" },
  { key: "ips", kind: "ip", word: "IP address" },
  { key: "uris", kind: "uri", word: "URI" },
  { key: "emails", kind: "email", word: "e-mail address" },
] as const satisfies readonly { key: keyof Names; kind: NameKind; word: string }[];

/** Every name by itself, and that there is one. */
export function checkNames(names: Names, path: Path, report: Report): void {
  if (names.commonName !== undefined) {
    const problem = nameProblem("commonName", names.commonName);
    if (problem !== undefined)
      report({ path: [...path, "commonName"], at: "value", message: `this common name ${problem}` });
  }
  for (const { key, kind, word } of KINDS)
    for (const [index, name] of names[key].entries()) {
      const problem = nameProblem(kind, name.trim());
      if (problem !== undefined)
        report({ path: [...path, key, index], at: "value", message: `this ${word} ${problem}` });
    }
  // X.509-SVID, 2: exactly one URI SAN, or no peer takes the identity.
  if (names.uris.length > 1 && names.uris.some((uri) => uri.trim().startsWith("spiffe://"))) {
    const hint = "give each identity a service of its own";
    report({
      path: [...path, "uris"],
      at: "key",
      message: "a SPIFFE ID must be the only URI of its certificate",
      hint,
    });
  }
  if (names.commonName === undefined && KINDS.every(({ key }) => names[key].length === 0)) {
    const hint = "give a commonName, or one of dns, ips, uris, emails";
    report({ path, at: "key", message: "the certificate would have no name", hint, lacks: [path] });
  }
}
