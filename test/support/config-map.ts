import { mkdir, rename, symlink, writeFile } from "node:fs/promises";

/**
 * Mounts a version of a ConfigMap as Kubernetes does: its file in a directory of that name, and `..data` swapped to it.
 * The first time it also makes the visible link. `directory` need not exist.
 */
export async function mountConfigMap(directory: string, version: string, text: string): Promise<void> {
  await mkdir(`${directory}/..${version}`, { recursive: true });
  await writeFile(`${directory}/..${version}/leafd.yaml`, text);
  await symlink(`..${version}`, `${directory}/..data_tmp`);
  await rename(`${directory}/..data_tmp`, `${directory}/..data`);
  await symlink("..data/leafd.yaml", `${directory}/leafd.yaml`).catch(() => undefined);
}
