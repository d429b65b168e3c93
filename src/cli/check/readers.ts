import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Remark } from "../../domain/remark.ts";
import type { Settings } from "../../domain/spec.ts";
import { COMBINED, KEY } from "../../store/names.ts";
import { namedFiles } from "./files.ts";

/**
 * Private keys and credentials that more can read, now and on this machine, than are meant to. Modes that the
 * configuration itself gives away are errors of it. In a pod credentials come from volumes that only the pod sees.
 */
export function checkReaders(settings: Settings, isPod: boolean): readonly Remark[] {
  return [...checkKeys(settings), ...(isPod ? [] : checkCredentials(settings))];
}

function checkKeys({ services }: Settings): readonly Remark[] {
  return services.flatMap(({ name, output: { directory, modes } }) =>
    [KEY, COMBINED].flatMap((file): Remark[] => {
      const mode = modeOf(join(directory, file));
      const further = mode === undefined ? 0 : mode & ~modes.key & 0o044;
      const isOpen = (further & 0o004) !== 0 && isReachable(directory);
      if (mode === undefined || (!isOpen && (further & 0o040) === 0)) return [];
      const [whom, is, wanted] = [isOpen ? "everybody on this host" : "its group", octal(mode), octal(modes.key)];
      const message = `${whom} can read the private key ${file}: its mode is ${is}, and ${wanted} is meant`;
      const hint = `Run chmod ${wanted} on it, and leafd renew ${name} --force: who has read the key can be this service.`;
      const path = ["services", name, "output", "directory"];
      return [{ severity: "error", code: "key_readable", subject: `service ${name}`, message, hint, path }];
    }),
  );
}

function checkCredentials(settings: Settings): readonly Remark[] {
  return namedFiles(settings).flatMap(({ path, file, isSecret }): Remark[] => {
    const mode = isSecret ? modeOf(file) : undefined;
    if (mode === undefined || (mode & 0o004) === 0 || !isReachable(dirname(file))) return [];
    const message = `everybody on this host can read ${file}: its mode is ${octal(mode)}`;
    const hint = `Run chmod o-r ${file}, and replace what is in it.`;
    return [{ severity: "warning", code: "credential_readable", subject: "files", message, hint, path }];
  });
}

/** Undefined when it is not there, or not to be seen by this user. */
function modeOf(file: string): number | undefined {
  try {
    return statSync(file).mode & 0o777;
  } catch {
    return undefined;
  }
}

/** Whether everybody gets into the directory. */
function isReachable(directory: string): boolean {
  const mode = modeOf(directory);
  return mode !== undefined && (mode & 0o001) !== 0 && (directory === "/" || isReachable(dirname(directory)));
}

function octal(mode: number): string {
  return `0${mode.toString(8).padStart(3, "0")}`;
}
