import { contentHash } from "../../src/domain/bundle.ts";
import type { ManifestFacts, PairMaterial } from "../../src/domain/inspection.ts";
import type { Delivery, Manifest } from "../../src/domain/manifest.ts";
import type { OutputSpec } from "../../src/domain/spec.ts";
import type { Store } from "../../src/rotation/ports.ts";

interface Generation {
  readonly manifest: Manifest;
  readonly material: PairMaterial;
}

/** A store that never fails and never waits, for fleets in virtual time: what is proved there is not the disk. */
export class MemoryStore implements Store {
  readonly #generations = new Map<string, readonly Generation[]>();
  readonly #deliveries = new Map<string, Delivery>();
  #count = 0;

  async preflight(): Promise<void> {}
  async release(): Promise<void> {}

  async inspect({ directory }: OutputSpec) {
    const last = this.#generations.get(directory)?.at(-1);
    return last === undefined ? ({ kind: "none" } as const) : ({ kind: "pair", ...last } as const);
  }

  async commit({ directory }: OutputSpec, material: PairMaterial, facts: ManifestFacts): Promise<Manifest> {
    this.#count += 1;
    const files = { "tls.crt": contentHash(material.certificate), "ca.crt": contentHash(material.trust) };
    const manifest: Manifest = { version: 1, generation: `..gen-${this.#count}`, files, ...facts };
    const before = this.#generations.get(directory) ?? [];
    this.#generations.set(directory, [...before.slice(-1), { manifest, material }]);
    return manifest;
  }

  async delivery({ directory }: OutputSpec) {
    return this.#deliveries.get(directory);
  }

  async recordDelivery({ directory }: OutputSpec, delivery: Omit<Delivery, "version">): Promise<void> {
    this.#deliveries.set(directory, { version: 1, ...delivery });
  }

  async previous({ directory }: OutputSpec) {
    return this.#generations.get(directory)?.at(-2);
  }

  async sweep(): Promise<number> {
    return 0;
  }
}
