import type { FileNode } from "./disk/inodes.ts";
import type { MemoryDisk } from "./disk/memory-disk.ts";
import type { Issuance } from "./issuer.ts";
import { hashOfKey } from "./pooled-keys.ts";

/** What a dependent finds at one moment that resolves `..data` once. */
export type Found =
  | { readonly kind: "nothing" }
  /** Incomplete, or of pieces that do not belong together. */
  | { readonly kind: "torn"; readonly why: string }
  | { readonly kind: "pair"; readonly generation: string; readonly issuance: Issuance };

const NOTHING: Found = { kind: "nothing" };
const END = "-----END CERTIFICATE-----\n";

/** A dependent's view of one output, by its own means: it knows nothing of manifests. */
export class PairReader {
  readonly #disk: MemoryDisk;
  readonly #directory: string;
  readonly #issuances: ReadonlyMap<string, Issuance>;
  #seen: readonly (string | Buffer | undefined)[] = [];
  #found: Found = NOTHING;

  constructor(disk: MemoryDisk, directory: string, issuances: ReadonlyMap<string, Issuance>) {
    this.#disk = disk;
    this.#directory = directory;
    this.#issuances = issuances;
  }

  read(): Found {
    const output = this.#disk.peek(this.#directory);
    const data = output?.kind === "directory" ? output.entries.get("..data") : undefined;
    if (output?.kind !== "directory" || data?.kind !== "link") return NOTHING;
    const generation = output.entries.get(data.target);
    const content = (name: string): Buffer | undefined => {
      const file = generation?.kind === "directory" ? generation.entries.get(name) : undefined;
      const link = output.entries.get(name);
      const leads = link?.kind === "link" && link.target === `..data/${name}`;
      return leads && file?.kind === "file" ? (file satisfies FileNode).bytes : undefined;
    };
    const seen = [data.target, content("tls.key"), content("tls.crt"), content("ca.crt")] as const;
    if (seen.some((part, index) => part !== this.#seen[index])) {
      this.#seen = seen;
      this.#found = this.#judge(...seen);
    }
    return this.#found;
  }

  #judge(generation: string, ...files: readonly (Buffer | undefined)[]): Found {
    const [key, certificate, trust] = files.map((bytes) => bytes?.toString("utf8"));
    if (!key || !certificate || !trust) return { kind: "torn", why: `${generation} is incomplete` };
    const issuance = this.#issuances.get(certificate.slice(0, certificate.indexOf(END) + END.length));
    if (issuance === undefined) return { kind: "torn", why: `${generation} has a certificate that nobody signed` };
    if (hashOfKey(key) !== issuance.publicKeyHash) return { kind: "torn", why: `${generation} has another key` };
    if (!trust.includes(issuance.root)) return { kind: "torn", why: `${generation} lacks its root` };
    return { kind: "pair", generation, issuance };
  }
}
