import { createPrivateKey } from "node:crypto";
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { type Certificate, parseCertificates } from "../domain/certificate.ts";
import { LeafdError } from "../domain/errors.ts";
import { Secret } from "../domain/secret.ts";
import type { EpochMillis } from "../domain/units.ts";

/** Generations that may vanish under a reader before it gives up: each one means that leafd has published again. */
const ATTEMPTS = 5;

/** Key, certificate chain and trust bundle of one generation. */
export interface Pair {
  /** The absolute path of the generation directory; another pair has another one. */
  readonly generation: string;
  /** PKCS#8 PEM. */
  readonly privateKey: Secret<string>;
  /** Leaf first, then the intermediate CAs, PEM. */
  readonly certificate: string;
  /** The trust bundle, PEM. */
  readonly trust: string;
  /** The leaf's serial number, lower-case hex. */
  readonly serial: string;
  readonly notAfter: EpochMillis;
}

/**
 * Reads what `..data` points at now: the link is resolved once and the three files are read in what it named, so that
 * they belong together. Starts over when leafd removes that generation meanwhile. Rejects with a LeafdError:
 * `target_missing` when nothing is published there, `pair_damaged` when OpenSSL would not take the three files,
 * `target_denied` when they may not be read.
 */
export async function readPair(directory: string): Promise<Pair> {
  for (let attempt = 1; ; attempt += 1) {
    const generation = await currentGeneration(directory);
    try {
      return await readGeneration(generation);
    } catch (thrown) {
      if (!isMissing(thrown)) throw unreadable(generation, thrown);
      const vanished = (await currentGeneration(directory)) !== generation;
      if (!vanished || attempt === ATTEMPTS)
        throw new LeafdError("pair_damaged", `${generation} is incomplete: ${messageOf(thrown)}`);
    }
  }
}

/** The directory that `..data` names at this moment. */
export async function currentGeneration(directory: string): Promise<string> {
  try {
    return await realpath(join(directory, "..data"));
  } catch (thrown) {
    if (!isMissing(thrown)) throw unreadable(directory, thrown);
    throw new LeafdError("target_missing", `${directory} holds no published certificate: ..data leads nowhere`, {
      hint: "Check that this is the output directory of the service, and that leafd has issued its first certificate.",
    });
  }
}

async function readGeneration(generation: string): Promise<Pair> {
  const read = (name: string): Promise<string> => readFile(join(generation, name), "utf8");
  const [key, certificate, trust] = await Promise.all([read("tls.key"), read("tls.crt"), read("ca.crt")]);
  const [leaf] = parseAll(certificate, join(generation, "tls.crt"));
  parseAll(trust, join(generation, "ca.crt"));
  try {
    createPrivateKey(key); // An empty key is another thing that a secure context takes without a word.
    createSecureContext({ key, cert: certificate, ca: trust });
  } catch (thrown) {
    throw new LeafdError("pair_damaged", `${generation} holds no usable pair: ${messageOf(thrown)}`);
  }
  return {
    generation,
    privateKey: new Secret(key),
    certificate,
    trust,
    serial: leaf.serial,
    notAfter: leaf.notAfter,
  };
}

/**
 * At least one certificate, all of them readable. Node would take an empty or garbled `ca` without a word, and an
 * empty one means every public authority.
 */
function parseAll(pem: string, path: string): [Certificate, ...Certificate[]] {
  try {
    const [first, ...rest] = parseCertificates(pem);
    if (first !== undefined) return [first, ...rest];
  } catch (thrown) {
    throw new LeafdError("pair_damaged", `${path} does not parse: ${messageOf(thrown)}`);
  }
  throw new LeafdError("pair_damaged", `${path} holds no certificate`);
}

function unreadable(path: string, thrown: unknown): LeafdError {
  if (thrown instanceof LeafdError) return thrown;
  const code = codeOf(thrown);
  if (code === "EACCES" || code === "EPERM")
    return new LeafdError("target_denied", `${path} may not be read: ${messageOf(thrown)}`, {
      hint: "Give this process the group of the output, and the key mode 0640.",
    });
  return new LeafdError("io_error", `${path} cannot be read: ${messageOf(thrown)}`);
}

function isMissing(thrown: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(codeOf(thrown) ?? "");
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
