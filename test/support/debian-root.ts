import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { programOf } from "./debian-package.ts";

const run = promisify(execFile);

const CACHE = join(import.meta.dirname, "../../.cache");
const RELEASE = "bookworm";

interface DebianOptions {
  /** The folder of the cache that it is kept in. */
  readonly purpose: string;
  /** Besides the essential ones. */
  readonly packages: readonly string[];
  readonly say: (line: string) => void;
}

/**
 * The root of a small Debian with these packages, for copying: made by debootstrap the first time (minutes), then taken
 * from the cache. Needs root on a Debian, and the package mirror that it uses itself.
 */
export async function debianRoot({ purpose, packages, say }: DebianOptions): Promise<string> {
  const cache = join(CACHE, purpose);
  const root = join(cache, `${RELEASE}-${hash("sha256", packages.join(",")).slice(0, 12)}`);
  if (existsSync(root)) return root;
  say(`debootstrap makes ${root}; this takes some minutes once`);
  const fresh = `${root}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  const options = ["--variant=minbase", `--include=${packages.join(",")}`, RELEASE, fresh, await mirror()];
  await run(await programOf({ package: "debootstrap", program: "debootstrap", say }), options, {
    maxBuffer: 64 * 1024 * 1024,
  });
  // nginx would start with each boot, on the ports of this host.
  for (const link of ["systemd/system/multi-user.target.wants/nginx.service", "nginx/sites-enabled/default"])
    await rm(join(fresh, "etc", link), { force: true });
  await rename(fresh, root);
  return root;
}

/** Where this host gets its own packages from. */
async function mirror(): Promise<string> {
  const directory = "/etc/apt/sources.list.d";
  const further = (await readdir(directory).catch(() => [])).map((name) => join(directory, name));
  for (const file of ["/etc/apt/sources.list", ...further]) {
    const text = await readFile(file, "utf8").catch(() => "");
    const [, address] = /^(?:deb |URIs:)[^\n]*?(https?:\/\/\S+)/m.exec(text) ?? [];
    if (address !== undefined) return address;
  }
  throw new Error("no package mirror in /etc/apt: this test builds a Debian from packages");
}
