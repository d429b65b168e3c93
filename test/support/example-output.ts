import type { ManifestFacts, PairMaterial } from "../../src/domain/inspection.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { OutputSpec } from "../../src/domain/spec.ts";
import type { Store } from "../../src/rotation/ports.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { createStore, type StoreOptions } from "../../src/store/store.ts";

/** An output as `config/` hands it over, with the default modes and no group. */
export function exampleOutput(directory: string, changes: Partial<OutputSpec> = {}): OutputSpec {
  return { directory, modes: { key: 0o600, cert: 0o644, directory: 0o755 }, layout: "generations", ...changes };
}

/** Three files that carry a tag, so that a reader can tell whether they belong together. The store parses none. */
export function exampleMaterial(tag: string): PairMaterial {
  const pem = (label: string, repeat: number) =>
    `-----BEGIN ${label}-----\n${`${tag}\n`.repeat(repeat)}-----END ${label}-----\n`;
  return {
    privateKey: new Secret(pem("PRIVATE KEY", 4)),
    certificate: pem("CERTIFICATE", 60),
    trust: pem("CERTIFICATE", 30),
  };
}

/** What a manifest says about an example. */
export function exampleFacts(changes: Partial<ManifestFacts> = {}): ManifestFacts {
  return {
    service: "payments",
    requestHash: "v1:request",
    deliveryHash: "v1:delivery",
    serial: "0a1b2c",
    fingerprint: "ab".repeat(32),
    issuer: "main",
    rung: "primary",
    receivedAt: 1_780_000_000_000,
    firstDue: 1_780_050_000_000,
    ...changes,
  };
}

/** A store on the real file system; warnings fail the test unless it takes them. */
export function exampleStore(changes: Partial<StoreOptions> = {}): Store {
  return createStore({
    clock: systemClock,
    instance: "11111111-1111-4111-8111-111111111111",
    takeover: false,
    warn: (subject, problem) => {
      throw new Error(`unexpected warning about ${subject}: ${problem.message}`);
    },
    ...changes,
  });
}
