import { join } from "node:path";
import { LeafdError } from "../domain/errors.ts";

/** `sun_path` of unix(7) holds 108 bytes, the last one is NUL. */
const LONGEST_PATH = 107;

/** The path of a socket in the control directory; LeafdError `config_invalid` when it is too long for one. */
export function socketPath(directory: string, name: string): string {
  const path = join(directory, name);
  const length = Buffer.byteLength(path);
  if (length <= LONGEST_PATH) return path;
  throw new LeafdError(
    "config_invalid",
    `the socket path ${path} has ${length} bytes, and a socket's has at most 107`,
    {
      hint: "Set control.directory to a shorter path.",
    },
  );
}
