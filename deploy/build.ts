import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { bundleProgram } from "./bundle.ts";
import { findPackages } from "./release/packages.ts";
import { billOfMaterials } from "./release/sbom.ts";
import { licenceTexts } from "./release/third-party.ts";

/*
 * `npm run build`: dist/leafd.mjs, the whole program in one file that any supported Node runs; beside it what is in it,
 * as a CycloneDX bill of materials, and the licences of that. The same sources give the same bytes.
 */

const { contents, metafile } = await bundleProgram();
const packages = await findPackages(metafile);
const { version } = JSON.parse(await readFile("package.json", "utf8"));

await mkdir("dist", { recursive: true });
await replace("dist/leafd.mjs", contents, 0o755);
await replace("dist/leafd.cdx.json", billOfMaterials({ version, program: contents, packages }), 0o644);
await replace("dist/THIRD-PARTY-LICENSES.txt", licenceTexts(packages), 0o644);
console.log(`dist/leafd.mjs: ${(contents.length / 1024).toFixed(0)} kB, with parts of ${packages.length} packages`);

/** Nobody meets half a file, such as a process that starts from it meanwhile. */
async function replace(file: string, content: Uint8Array | string, mode: number): Promise<void> {
  const whole = `${file}.${process.pid}`;
  await writeFile(whole, content);
  await chmod(whole, mode);
  await rename(whole, file);
}
