import type { UUID } from "node:crypto";
import type { Random } from "../random.ts";

export * from "node:crypto";

let random: Random | undefined;

/** Where the names of generations and temporary files come from: the same seed must give the same names. */
export function seedNames(source: Random): void {
  random = source;
}

export function randomUUID(): UUID {
  if (random === undefined) throw new Error("no source of names");
  const [a, b, c, d] = [random.hex(), random.hex(), random.hex(), random.hex()];
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-8${c.slice(1, 4)}-${c.slice(4)}${d}`;
}
