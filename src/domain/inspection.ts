import type { Manifest } from "./manifest.ts";
import type { Secret } from "./secret.ts";

/** The bytes of one generation. */
export interface PairMaterial {
  readonly privateKey: Secret<string>;
  /** Leaf, then the intermediate CAs in order: the content of `tls.crt`. */
  readonly certificate: string;
  /** Self-signed roots: the content of `ca.crt`. */
  readonly trust: string;
}

/** What the store adds to a manifest by itself is left out: version, generation, files and their access. */
export type ManifestFacts = Omit<Manifest, "version" | "generation" | "files" | "access">;

export type Inspection =
  | { readonly kind: "none" }
  /** Something is there and cannot be used; the reason is one of "the disk". */
  | {
      readonly kind: "damaged";
      readonly reason: "pair_damaged" | "target_unsafe";
      readonly message: string;
      /**
       * A whole generation all the same: the visible one when only a link, a mode, an owner or its manifest is wrong, else
       * the newest other one. Once verified it can be committed again instead of issuing.
       */
      readonly rescue?: { readonly manifest: Manifest; readonly material: PairMaterial };
    }
  /** Bytes that agree with their manifest. Not verified: that is the domain's work. */
  | {
      readonly kind: "pair";
      readonly manifest: Manifest;
      readonly material: PairMaterial;
      /** What an operator should know of it. */
      readonly note?: string;
    };
