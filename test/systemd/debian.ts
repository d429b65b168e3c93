import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const CACHE = join(import.meta.dirname, "../../.cache/systemd");
const RELEASE = "bookworm";
const PACKAGES =
  "systemd,systemd-sysv,dbus,libpam-systemd,polkitd,nginx-light,ca-certificates,openssl,iproute2,procps".split(",");

/**
 * The root of a small Debian with systemd, polkit and nginx, for copying: made by debootstrap the first time (minutes),
 * then taken from the cache. Needs root, `debootstrap`, and the package mirror that this host uses itself.
 */
export async function debianRoot(say: (line: string) => void): Promise<string> {
  const root = join(CACHE, `${RELEASE}-${hash("sha256", PACKAGES.join(",")).slice(0, 12)}`);
  if (existsSync(root)) return root;
  say(`debootstrap makes ${root}; this takes some minutes once`);
  const fresh = `${root}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(CACHE, { recursive: true });
  const options = ["--variant=minbase", `--include=${PACKAGES.join(",")}`, RELEASE, fresh, await mirror()];
  await run("debootstrap", options, { maxBuffer: 64 * 1024 * 1024 });
  // nginx would start with each boot, on the ports of this host.
  for (const link of ["systemd/system/multi-user.target.wants/nginx.service", "nginx/sites-enabled/default"])
    await rm(join(fresh, "etc", link));
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
