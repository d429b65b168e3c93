import { join } from "node:path";
import type { Certificate } from "../../domain/certificate.ts";
import { LeafdError } from "../../domain/errors.ts";
import type { TrustAnchors } from "../../domain/inspect/chain.ts";
import { finding } from "../../domain/inspect/findings.ts";
import { filesIn } from "../../store/look-at.ts";
import { type Expectations, judge } from "./judge.ts";
import { factsOf, outputFindings, outputOf } from "./output.ts";
import type { InspectedTarget } from "./report.ts";
import { type FoundKey, type FoundSource, machineAnchors, readSource } from "./sources.ts";

/** A file of certificates, with or without their key. */
export function inspectFile(path: string, expected: Expectations): InspectedTarget {
  const source = readSource(path);
  const { besides, certificates, keys } = source;
  const trust = expected.trust ?? machineAnchors();
  const shown = { where: path, certificates, served: false, nearby: [], trust, ...keyFor(source, keys) };
  const judged = certificates.length === 0 ? [] : [judge(shown, expected)];
  const empty = certificates.length === 0 && source.findings.length === 0;
  return {
    kind: "file",
    target: path,
    besides,
    chains: judged.map(({ chain }) => chain),
    findings: [
      ...source.findings,
      ...(empty ? [finding("no_certificate", `${path} holds no certificate`)] : []),
      ...judged.flatMap(({ findings }) => findings),
    ],
  };
}

/** A directory of PEM files: an output directory of leafd, a mounted Secret, what another client wrote. */
export function inspectDirectory(path: string, expected: Expectations): InspectedTarget {
  try {
    return lookInto(path, expected);
  } catch (thrown) {
    if (!(thrown instanceof LeafdError)) throw thrown;
    const { message, hint } = thrown;
    const found = finding("unreadable", message, hint === undefined ? {} : { remedy: hint });
    return { kind: "directory", target: path, besides: [], chains: [], findings: [found] };
  }
}

/** LeafdError when there is no such directory, or it may not be listed. */
function lookInto(path: string, expected: Expectations): InspectedTarget {
  const facts = factsOf(path);
  const pair = facts?.inspection.kind === "pair" ? facts.inspection : undefined;
  const sources = sourcesIn(pair === undefined ? path : join(path, pair.manifest.generation));
  const { leaves, authorities } = sorted(sources);
  const around = surroundings(authorities, expected.trust);
  const judged = (leaves.length > 0 ? leaves : authorities).map((source) => {
    const { name: where, certificates } = source;
    const key = leaves.length === 0 ? {} : keyFor(source, keysFor(source, { leaves, sources }));
    return judge({ where, certificates, served: false, ...around, ...key }, expected);
  });
  return {
    kind: "directory",
    target: path,
    besides: sources.flatMap(({ besides }) => besides),
    ...(pair && { output: outputOf(pair.manifest, facts?.delivery, expected) }),
    chains: judged.map(({ chain }) => chain),
    findings: [
      ...sources.flatMap(({ findings }) => findings),
      ...(facts === undefined ? [] : outputFindings(facts, expected)),
      ...(judged.length === 0 ? [finding("no_certificate", `no file in ${path} holds a certificate`)] : []),
      ...judged.flatMap(({ findings }) => findings),
    ],
  };
}

/** Files that must hold certificates or keys; others count when they do. */
const TELLING = /\.(pem|crt|cer|der|key)$/i;

function sourcesIn(path: string): readonly FoundSource[] {
  return filesIn(path)
    .map((name) => readSource(join(path, name), name))
    .filter(
      ({ name, certificates, keys, besides }) =>
        TELLING.test(name) || certificates.length + keys.length + besides.length > 0,
    );
}

interface Sorted {
  /** Files with a leaf. */
  readonly leaves: readonly FoundSource[];
  /** Files of CAs only. */
  readonly authorities: readonly FoundSource[];
}

/** One file a leaf: that with the most of its chain, and of two such that without the key. */
function sorted(sources: readonly FoundSource[]): Sorted {
  const leaves = new Map<string, FoundSource>();
  const authorities: FoundSource[] = [];
  const keyHashes = new Set(sources.flatMap(({ keys }) => keys.map(({ publicKeyHash }) => publicKeyHash)));
  const worth = ({ certificates, keys }: FoundSource) => certificates.length * 2 + (keys.length === 0 ? 1 : 0);
  for (const source of sources) {
    const { certificates } = source;
    const leaf = certificates.find(({ isCa, publicKeyHash }) => !isCa || keyHashes.has(publicKeyHash));
    if (leaf === undefined) {
      if (certificates.length > 0) authorities.push(source);
      continue;
    }
    const known = leaves.get(leaf.fingerprint);
    if (known === undefined || worth(known) < worth(source)) leaves.set(leaf.fingerprint, source);
  }
  return { leaves: [...leaves.values()], authorities };
}

interface Surroundings {
  readonly trust: TrustAnchors;
  readonly nearby: readonly Certificate[];
}

/** Files of anchors that are named; a directory may be a whole trust store. */
const MOST_NAMED = 3;

/** Of the files of CAs, `ca.crt` and its like are anchors whole; of the others the roots are. */
function surroundings(authorities: readonly FoundSource[], trust: TrustAnchors | undefined): Surroundings {
  const nearby = authorities.flatMap(({ certificates }) => certificates);
  if (trust !== undefined) return { trust, nearby };
  const anchored = authorities.flatMap(({ name, certificates }) => {
    const roots = /^ca\.(crt|pem)$/i.test(name) ? certificates : certificates.filter(({ selfSigned }) => selfSigned);
    return roots.length === 0 ? [] : [{ name, roots }];
  });
  if (anchored.length === 0) return { trust: machineAnchors(), nearby };
  const more = anchored.length > MOST_NAMED ? ` and ${anchored.length - MOST_NAMED} more files` : "";
  const source = `${anchored
    .slice(0, MOST_NAMED)
    .map(({ name }) => name)
    .join(", ")}${more}`;
  return { trust: { roots: anchored.flatMap(({ roots }) => roots), source }, nearby };
}

interface Place extends Pick<Sorted, "leaves"> {
  readonly sources: readonly FoundSource[];
}

/** Where one leaf lies, every key is meant for it; of several, each has those that fit. */
function keysFor(source: FoundSource, { leaves, sources }: Place): readonly FoundKey[] {
  const keys = sources.flatMap((each) => each.keys);
  return leaves.length === 1 ? keys : keys.filter((key) => fits(key, source));
}

/** The key that fits, else one that does not. */
function keyFor(source: FoundSource, keys: readonly FoundKey[]): { readonly key?: FoundKey } {
  const key = keys.find((each) => fits(each, source)) ?? keys[0];
  return key === undefined ? {} : { key };
}

function fits({ publicKeyHash }: FoundKey, { certificates }: FoundSource): boolean {
  return certificates.some((certificate) => certificate.publicKeyHash === publicKeyHash);
}
