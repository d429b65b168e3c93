import type { BundledPackage } from "./packages.ts";

/** The licences of all packages in the program, in full, as these licences ask of whoever passes it on. */
export function licenceTexts(packages: readonly BundledPackage[]): string {
  const head = `leafd itself is under the Apache License 2.0 (LICENSE). leafd.mjs has parts of ${packages.length} packages in it, under the
licences below.\n`;
  const parts = packages.map(({ name, version, licence, licenceText }) => {
    const title = `${name} ${version} (${licence})`;
    return `\n${"=".repeat(80)}\n${title}\n${"=".repeat(80)}\n\n${licenceText}\n`;
  });
  return head + parts.join("");
}
