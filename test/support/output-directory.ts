import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestLeaf } from "./test-ca.ts";

let count = 0;

/** What leafd would publish for this leaf. */
export function filesOf(leaf: TestLeaf, trust: string): Required<GenerationFiles> {
  return { "tls.key": leaf.privateKey.reveal(), "tls.crt": leaf.certificate.pem, "ca.crt": trust };
}

/** The three files of a generation; a file that is left out is not written. */
export interface GenerationFiles {
  readonly "tls.key"?: string;
  readonly "tls.crt"?: string;
  readonly "ca.crt"?: string;
}

/** Publishes a generation as the store does it: a directory of its own, then `..data` is swapped by a rename. */
export async function publish(directory: string, files: GenerationFiles): Promise<string> {
  count += 1;
  const name = `..gen-${count}`;
  await mkdir(join(directory, name), { recursive: true });
  for (const [file, content] of Object.entries(files)) await writeFile(join(directory, name, file), content);
  await symlink(name, join(directory, "..data-next"));
  await rename(join(directory, "..data-next"), join(directory, "..data"));
  return join(directory, name);
}
