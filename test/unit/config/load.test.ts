import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { examineConfig, loadConfig } from "../../../src/config/load.ts";
import { MINIMAL_CONFIG, minimalConfig, problemsOfFiles } from "../../support/config-file.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const service = (name: string) =>
  `  ${name}:\n    identity: { commonName: ${name} }\n    output: { directory: /srv/${name} }\n`;
const dropIn = (name: string) => `services:\n${service(name)}`;

/** Writes the files and answers the path of the main one. */
async function write(directory: TempDir, files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  await mkdir(directory.join("services.d"));
  for (const [name, content] of Object.entries({ "leafd.yaml": MINIMAL_CONFIG, ...files }))
    await writeFile(directory.join(name), content);
  return directory.join("leafd.yaml");
}

test("drop-ins add services, in the order of their names; hidden files are none", async () => {
  await using directory = await tempDir();
  const file = await write(directory, {
    "services.d/20-b.yaml": dropIn("b"),
    "services.d/10-a.yaml": dropIn("a"),
    "services.d/30-empty.yaml": "# nothing yet\n",
    "services.d/.40-hidden.yaml": dropIn("hidden"),
    "services.d/README": "not YAML: [",
  });
  const { settings, files } = await examineConfig({ file, env: {} });
  assert.deepEqual(
    settings.services.map(({ name }) => name),
    ["a", "b", "web"],
  );
  assert.deepEqual(
    files.map((path) => path.slice(directory.path.length + 1)),
    ["leafd.yaml", "services.d/10-a.yaml", "services.d/20-b.yaml", "services.d/30-empty.yaml"],
  );
});

test("drop-ins are enough: the main file needs no services", async () => {
  await using directory = await tempDir();
  const main = MINIMAL_CONFIG.slice(0, MINIMAL_CONFIG.indexOf("services:"));
  const file = await write(directory, { "leafd.yaml": main, "services.d/a.yaml": dropIn("a") });
  assert.equal((await loadConfig({ file, env: {} })).settings.services[0]?.name, "a");
});

test("mistakes in drop-ins are shown in their own files, with those of the main file", async () => {
  await using directory = await tempDir();
  const file = await write(directory, {
    "leafd.yaml": `${MINIMAL_CONFIG}lgo: {}\n`,
    "services.d/a.yaml": `${dropIn("a")}    keys: x\n`,
    "services.d/b.yaml": dropIn("web"),
    "services.d/c.yaml": service("c").replaceAll(/^ {2}/gm, ""),
    "services.d/d.yaml": "services: [d]\n",
    "services.d/e.yaml": "- e\n",
    "services.d/f.yaml": dropIn("f").replace("/srv/f", "/srv/web/f"),
  });
  assert.deepEqual(await problemsOfFiles(file, directory.path), [
    "leafd.yaml:10:1: lgo: unknown key",
    "services.d/a.yaml:5:5: services.a.keys: unknown key",
    "services.d/b.yaml:2:3: services.web: is defined in leafd.yaml already",
    "services.d/c.yaml:1:1: c: is not a key of a drop-in",
    "services.d/d.yaml:1:11: services: must be a map of services",
    "services.d/e.yaml:1:1: must be a map with the key services",
    'services.d/f.yaml:4:26: services.f.output.directory: lies inside the output directory of service "web"',
  ]);
});

test("a file that cannot be a configuration is named, with the reason", async () => {
  await using directory = await tempDir();
  const file = await write(directory, {
    "services.d/a.yaml": Buffer.alloc(10 * 1024 * 1024, "#"),
    "services.d/b.yaml": Buffer.from([0x61, 0xff, 0xfe]),
    "services.d/c.yaml": "a\0b",
    "services.d/d.yml": dropIn("d"),
  });
  await symlink("nowhere", directory.join("services.d/e.yaml"));
  await mkdir(directory.join("services.d/f.yaml"));
  assert.deepEqual(await problemsOfFiles(file, directory.path), [
    "services.d/a.yaml: is larger than 1 MiB",
    "services.d/b.yaml: is not UTF-8 text",
    "services.d/c.yaml: is not a text file",
    "services.d/d.yml: is not read under this name: call it .yaml",
    "services.d/e.yaml: does not exist",
    "services.d/f.yaml: is not a regular file",
  ]);
});

test("a missing, an empty and a shapeless main file", async () => {
  await using directory = await tempDir();
  const file = await write(directory, { "empty.yaml": "# nothing\n", "list.yaml": "- a\n" });
  assert.deepEqual(await problemsOfFiles(`${file}.old`, directory.path), ["leafd.yaml.old: does not exist"]);
  assert.deepEqual(await problemsOfFiles(directory.path, "/"), [`${directory.path}: is not a regular file`]);
  assert.deepEqual(await problemsOfFiles(directory.join("empty.yaml"), directory.path), [
    "empty.yaml: holds no configuration",
  ]);
  assert.deepEqual(await problemsOfFiles(directory.join("list.yaml"), directory.path), [
    "list.yaml: must be a map of keys, such as vault:",
  ]);
});

test("a file that leafd's user may not read is named", async () => {
  await using directory = await tempDir();
  const file = await write(directory, { "services.d/a.yaml": dropIn("a") });
  await chmod(directory.path, 0o755);
  await chmod(directory.join("services.d/a.yaml"), 0o600);
  const load = new URL("../../../src/config/load.ts", import.meta.url).href;
  const script = `const { loadConfig } = await import(${JSON.stringify(load)});
    await loadConfig({ file: ${JSON.stringify(file)}, env: {} }).catch(({ report }) => console.log(report));`;
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if (process.getuid?.() !== 0) await chmod(directory.join("services.d/a.yaml"), 0);
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd: "/", ...nobody });
  const printed: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
  await once(child, "close");
  assert.equal(
    Buffer.concat(printed).toString(),
    `${directory.join("services.d/a.yaml")}: cannot be read: permission denied\n    run this as leafd's user, or as a member of the group that may read it\n`,
  );
});

test("the hash follows the bytes of every file, and neither the place nor the time", async () => {
  await using one = await tempDir();
  await using two = await tempDir();
  const hash = async (directory: TempDir) => (await loadConfig({ file: directory.join("leafd.yaml"), env: {} })).hash;
  await write(one, { "services.d/a.yaml": dropIn("a") });
  await write(two, { "services.d/a.yaml": dropIn("a") });
  const before = await hash(one);
  assert.equal(await hash(two), before);
  await writeFile(two.join("services.d/a.yaml"), `${dropIn("a")}#\n`);
  assert.notEqual(await hash(two), before);
  await writeFile(one.join("leafd.yaml"), minimalConfig(["/run/token", "/run/tokem"]));
  assert.notEqual(await hash(one), before);
});
