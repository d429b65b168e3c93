import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { Remark } from "../../domain/remark.ts";
import type { Settings } from "../../domain/spec.ts";

/** Of a file system in memory, in what statfs(2) answers. */
const TMPFS = 0x0102_1994;

/**
 * A pair that is to outlive an outage has to outlive a restart of the machine during it. In a pod an output in memory is
 * as it should be: its volume lives as long as the pod.
 */
export function checkSurvival({ services }: Settings, isPod: boolean): readonly Remark[] {
  if (isPod) return [];
  return services.flatMap(({ name, output: { directory }, outage: { survive } }): Remark[] => {
    if (survive === undefined || !isInMemory(directory)) return [];
    const message = `${directory} is on a tmpfs, so a restart of this machine during an outage leaves nothing`;
    const hint = "Put it on a disk, or say nothing of outages to survive.";
    const path = ["services", name, "output", "directory"];
    return [{ severity: "warning", code: "output_volatile", subject: `service ${name}`, message, hint, path }];
  });
}

/** Of what is not there yet, the nearest directory above it tells. */
function isInMemory(directory: string): boolean {
  try {
    return statfsSync(directory).type === TMPFS;
  } catch {
    return directory !== "/" && isInMemory(dirname(directory));
  }
}
