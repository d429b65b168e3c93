import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** What a dependent that resolves `..data` once finds. */
export interface PublishedPair {
  readonly generation: string;
  /** Lower-case hex, as in the log. */
  readonly serial: string;
  readonly leaf: X509Certificate;
  /** The key is the leaf's. */
  readonly whole: boolean;
}

/** Reads what is visible in an output directory. Throws when nothing is. */
export function readPair(directory: string): PublishedPair {
  const generation = readlinkSync(join(directory, "..data"));
  const read = (name: string) => readFileSync(join(directory, generation, name), "utf8");
  const leaf = new X509Certificate(read("tls.crt"));
  const whole = leaf.checkPrivateKey(createPrivateKey(read("tls.key")));
  return { generation, serial: leaf.serialNumber.toLowerCase(), leaf, whole };
}
