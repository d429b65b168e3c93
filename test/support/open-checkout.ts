import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/*
 * Some tests are about what another user may and may not do: as root they drop to one, who must be able to read the
 * checkout. Below /root or a private temporary directory nobody else can. Then the run is begun again in a mount
 * namespace of its own, where the checkout is also at a place that everybody may pass.
 */

/** Begins this process again at such a place and answers its exit code; undefined when there is no need. */
export function runWhereOthersMayRead(checkout: string): number | undefined {
  if (process.getuid?.() !== 0 || isOpen(checkout)) return undefined;
  const place = mkdtempSync(join(tmpdir(), "leafd-checkout-"));
  chmodSync(place, 0o755);
  const there = (text: string): string => text.replaceAll(checkout, place);
  const script = 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"';
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)].map(there);
  const { status } = spawnSync("unshare", ["--mount", "sh", "-c", script, "sh", checkout, place, ...again], {
    stdio: "inherit",
    env: { ...process.env, PATH: there(process.env["PATH"] ?? "") },
  });
  rmdirSync(place);
  return status ?? 1;
}

function isOpen(path: string): boolean {
  const isOpenHere = (statSync(path).mode & 0o005) === 0o005;
  return isOpenHere && (dirname(path) === path || isPassable(dirname(path)));
}

function isPassable(path: string): boolean {
  return (statSync(path).mode & 0o001) !== 0 && (dirname(path) === path || isPassable(dirname(path)));
}
