import type { DirectoryNode } from "./disk/inodes.ts";
import type { Random } from "./random.ts";
import type { Happening } from "./weather.ts";

/** What an outsider does to an output directory. */
export function meddle(output: DirectoryNode, how: (Happening & { kind: "tamper" })["how"], random: Random): void {
  const file = random.pick(["tls.crt", "tls.key", "ca.crt"]);
  const data = output.entries.get("..data");
  const generation = data?.kind === "link" ? output.entries.get(data.target) : undefined;
  const inside = generation?.kind === "directory" ? generation.entries.get(file) : undefined;
  if (how === "no data") output.entries.delete("..data");
  else if (how === "wipe") output.entries.clear();
  else if (how === "unlink") output.entries.delete(file);
  else if (generation?.kind !== "directory" || inside?.kind !== "file") return;
  else if (how === "delete file") generation.entries.delete(file);
  else if (how === "chmod") inside.mode = 0o666;
  else inside.bytes = Buffer.from("edited");
}
