import { createPrivateKey, hash, X509Certificate } from "node:crypto";
import { type Certificate, parseCertificates } from "../domain/certificate.ts";
import { type Manifest, UNKNOWN } from "../domain/manifest.ts";
import { DEFAULT_RENEW_AT } from "../domain/schedule.ts";
import type { PartialManifest } from "./manifest-file.ts";
import { CERTIFICATE, generationTime, KEY, TRUST } from "./names.ts";

/*
 * A pair whose manifest says too little: a later leafd wrote it, or it is torn or gone. The pair itself tells what it is
 * and how long it lives; who was asked for it, and with what, stays open until the next one. Nothing is issued for that.
 */

interface BarePair {
  /** The name of its generation. */
  readonly generation: string;
  /** The files of the generation, by their names. */
  readonly contents: ReadonlyMap<string, Buffer>;
  /** What could be understood. */
  readonly known: PartialManifest["known"];
}

/** The manifest that such a pair would have; undefined when it is no whole pair, or not the one that was written. */
export function describeBarePair({ generation, contents, known }: BarePair): Manifest | undefined {
  const files = Object.fromEntries([...contents].map(([name, bytes]) => [name, hash("sha256", bytes)]));
  if (known.generation !== undefined && known.generation !== generation) return undefined;
  if (Object.entries(known.files ?? {}).some(([name, expected]) => files[name] !== expected)) return undefined;
  const leaf = leafOf(contents);
  if (leaf === undefined) return undefined;
  const { notBefore, notAfter, serial, fingerprint } = leaf;
  const receivedAt = known.receivedAt ?? generationTime(generation) ?? notBefore;
  const start = Math.max(notBefore, receivedAt);
  return {
    version: 1,
    service: known.service ?? UNKNOWN,
    generation,
    requestHash: known.requestHash ?? UNKNOWN,
    deliveryHash: known.deliveryHash ?? UNKNOWN,
    serial,
    fingerprint,
    files,
    ...(known.access === undefined ? {} : { access: known.access }),
    issuer: known.issuer ?? UNKNOWN,
    rung: known.rung ?? "primary",
    receivedAt,
    firstDue: known.firstDue ?? Math.round(start + DEFAULT_RENEW_AT * (notAfter - start)),
    ...(known.dependentWasBroken === undefined ? {} : { dependentWasBroken: known.dependentWasBroken }),
  };
}

/** The leaf, when its key belongs to it and there is a root beside it. What else must hold is proved as of any pair. */
function leafOf(contents: ReadonlyMap<string, Buffer>): Certificate | undefined {
  const textOf = (name: string): string => contents.get(name)?.toString("utf8") ?? "";
  try {
    const [leaf] = parseCertificates(textOf(CERTIFICATE));
    if (leaf === undefined || parseCertificates(textOf(TRUST)).length === 0) return undefined;
    return new X509Certificate(leaf.pem).checkPrivateKey(createPrivateKey(textOf(KEY))) ? leaf : undefined;
  } catch {
    return undefined;
  }
}
