import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface ProjectedFiles {
  /** The path by which a program knows a file: a symlink through `..data`. */
  readonly path: (name: string) => string;
  /** Replaces all files at once. */
  readonly put: (files: Readonly<Record<string, string>>) => Promise<void>;
}

/** Files as the kubelet projects them into a pod: `name -> ..data/name`, and `..data` is swapped by a rename. */
export async function projectedFiles(
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<ProjectedFiles> {
  let version = 0;
  const put: ProjectedFiles["put"] = async (next) => {
    const before = `..${version}`;
    version += 1;
    const now = `..${version}`;
    await mkdir(join(directory, now));
    for (const [name, text] of Object.entries(next)) await writeFile(join(directory, now, name), text, { mode: 0o600 });
    await symlink(now, join(directory, "..data_tmp"));
    await rename(join(directory, "..data_tmp"), join(directory, "..data"));
    await rm(join(directory, before), { recursive: true, force: true });
  };
  await mkdir(directory, { recursive: true });
  await put(files);
  for (const name of Object.keys(files)) await symlink(join("..data", name), join(directory, name));
  return { path: (name) => join(directory, name), put };
}
