import { createHash } from "node:crypto";
import type { BundledPackage } from "./packages.ts";

interface Program {
  readonly version: string;
  /** dist/leafd.mjs. */
  readonly program: Uint8Array;
  readonly packages: readonly BundledPackage[];
}

/**
 * What is in the program, as CycloneDX 1.6 in JSON (https://cyclonedx.org/docs/1.6/json/). Only what was bundled is
 * listed: Node, which runs it, comes from elsewhere. No time and no random number, so that the same program has the same
 * bill; its serial number is made from the program's digest.
 */
export function billOfMaterials({ version, program, packages }: Program): string {
  const digest = createHash("sha256").update(program).digest("hex");
  const root = `pkg:generic/leafd@${version}`;
  const components = packages.map(component);
  const bill = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(digest)}`,
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": root,
        name: "leafd",
        version,
        purl: root,
        licenses: [{ license: { id: "Apache-2.0" } }],
        hashes: [{ alg: "SHA-256", content: digest }],
      },
    },
    components,
    dependencies: [{ ref: root, dependsOn: components.map((each) => each["bom-ref"]) }],
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

function component({ name, version, licence, integrity, source }: BundledPackage) {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const single = /^[\w.+-]+$/.test(licence);
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    licenses: [single ? { license: { id: licence } } : { expression: licence }],
    hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex") }],
    ...(source === undefined ? {} : { externalReferences: [{ type: "vcs", url: source }] }),
  };
}

/** The first 128 bits of a digest in the form of a version 8 UUID (RFC 9562 §5.8: made by the application's own rule). */
function uuidOf(digest: string): string {
  const [a, b, c, d, e] = [
    [0, 8],
    [8, 12],
    [13, 16],
    [17, 20],
    [20, 32],
  ].map(([from, to]) => digest.slice(from, to));
  return `${a}-${b}-8${c}-8${d}-${e}`;
}
