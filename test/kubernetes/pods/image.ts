import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { TempDir } from "../../support/temp-dir.ts";

const run = promisify(execFile);

const BUNDLE = join(import.meta.dirname, "../../../dist/leafd.mjs");
const PROGRAMS = ["/usr/sbin/nginx", "/usr/bin/env", "/usr/bin/sleep", "/usr/bin/cat", "/bin/sh", process.execPath];

/** The names that the pods ask for, and the container that holds a pod together. */
export const IMAGES = {
  leafd: "registry.example/leafd:0.1.0",
  nginx: "docker.io/nginxinc/nginx-unprivileged:1.28",
  java: "docker.io/library/eclipse-temurin:21-jdk",
  job: "docker.io/curlimages/curl:8.16.0",
  pause: "registry.example/pause:1",
};

/**
 * Writes an archive with one image under all those names, for no registry can be reached: leafd, Node, nginx and a few
 * programs of this host with the libraries that they load. It stands for the images of the users; the one of leafd is
 * tested where it is built.
 */
export async function writeImage(directory: TempDir): Promise<string> {
  const root = directory.join("image");
  for (const program of PROGRAMS) {
    await copyInto(root, program, join("/usr/bin", basename(program)));
    for (const library of await librariesOf(program)) await copyInto(root, library, library);
  }
  await copyInto(root, BUNDLE, "/usr/bin/leafd");
  await chmod(join(root, "usr/bin/leafd"), 0o755);
  for (const place of ["tmp", "etc", "proc", "sys", "dev"]) await mkdir(join(root, place), { recursive: true });
  await writeFile(join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\nnginx:x:101:101::/:/bin/sh\n");

  const archive = directory.join("archive");
  await mkdir(archive);
  await run("tar", ["--directory", root, "--owner=0", "--group=0", "-cf", join(archive, "layer.tar"), "."]);
  const layer = hash("sha256", await readFile(join(archive, "layer.tar")));
  const config = {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: { User: "65532:65532", Env: ["PATH=/usr/bin"], Cmd: ["sleep", "infinity"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
  };
  await writeFile(join(archive, "config.json"), JSON.stringify(config));
  const manifest = [{ Config: "config.json", RepoTags: Object.values(IMAGES), Layers: ["layer.tar"] }];
  await writeFile(join(archive, "manifest.json"), JSON.stringify(manifest));
  await run("tar", ["--directory", archive, "-cf", directory.join("image.tar"), "."]);
  return directory.join("image.tar");
}

async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run("ldd", [program]);
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].flatMap(([, path]) => path ?? []);
}

/** What a link leads to gets the name of the link. */
async function copyInto(root: string, from: string, to: string): Promise<void> {
  const target = join(root, to);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(await realpath(from), target);
}
