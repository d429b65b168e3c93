import { dirname, join } from "node:path";
import { parseCertificates } from "../domain/certificate.ts";
import type { Inspection } from "../domain/inspection.ts";
import type { OutputSpec } from "../domain/spec.ts";
import type { Signed, Work } from "./job.ts";

/*
 * Pairs that are not published: a reserve, and one that the dependent refused. Each is kept as an output directory of
 * its own, with the same generations and the same proofs as the published ones, below the state directory and for
 * leafd alone.
 */

type Held = "reserve" | "refused";

/** Where a pair of this service is kept back. The directory of all of them is made when the first one is. */
export function heldOutput(heldDirectory: string, service: string, what: Held): OutputSpec {
  return {
    directory: join(heldDirectory, what, service),
    // The state directory is there; what is missing below it is made.
    makeBelow: dirname(heldDirectory),
    modes: { key: 0o600, cert: 0o600, directory: 0o700 },
    layout: "generations",
  };
}

/** A pair as it was read, as one that has yet to be proved. */
export function asSigned({ manifest, material }: Inspection & { kind: "pair" }): Signed | undefined {
  const [leaf, ...chain] = parseCertificates(material.certificate);
  if (leaf === undefined) return undefined;
  const { receivedAt, requestHash } = manifest;
  return { leaf, chain, privateKey: material.privateKey, receivedAt, requestHash };
}

type Holding = Pick<Work, "spec"> & { readonly ports: Pick<Work["ports"], "store" | "heldDirectory"> };

/** What is kept back, or undefined when there is nothing whole. */
export async function readHeld({ ports, spec }: Holding, what: Held) {
  const found = await ports.store.inspect(heldOutput(ports.heldDirectory, spec.name, what));
  if (found.kind === "pair") return found;
  return found.kind === "damaged" && found.rescue ? ({ kind: "pair", ...found.rescue } as const) : undefined;
}
