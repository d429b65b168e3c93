import { readDocument } from "./document.ts";
import type { Environment } from "./interpolate.ts";
import { valueAt } from "./plain.ts";
import { controlDirectory } from "./settings.ts";
import { readSources } from "./sources.ts";

/**
 * Where the main file has the control sockets, whatever else is wrong with it; undefined when it cannot be read that
 * far. A leafd that runs by the configuration before is asked there.
 */
export async function controlPlace(file: string, env: Environment): Promise<string | undefined> {
  const [main] = await readSources(file);
  if (main?.text === undefined) return undefined;
  const { value } = readDocument(main.file, main.text, env);
  if (value === undefined) return undefined;
  const [stateDir, directory] = [valueAt(value, ["stateDir"]), valueAt(value, ["control", "directory"])];
  const isPlace = (place: unknown) => place === undefined || (typeof place === "string" && place.startsWith("/"));
  if (!isPlace(stateDir) || !isPlace(directory)) return undefined;
  return controlDirectory({
    ...(typeof stateDir === "string" && { stateDir }),
    ...(typeof directory === "string" && { control: { directory } }),
  });
}
