import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { minimalConfig } from "../../support/config-file.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { leafd } from "../../support/terminal.ts";

test("the version is the one of package.json", async () => {
  const { version } = JSON.parse(await readFile("package.json", "utf8"));
  assert.match((await leafd("version")).out, new RegExp(`^leafd ${version} \\(Node \\d+\\.`));
  assert.equal(JSON.parse((await leafd("version", "--json")).out).leafd, version);
  assert.equal((await leafd("--version")).exitCode, 0);
});

test("help lists every command, and every command has a help text with its usage and options", async () => {
  const { out, exitCode } = await leafd("help");
  assert.equal(exitCode, 0);
  for (const name of Object.keys(COMMANDS)) {
    assert.match(out, new RegExp(`^ {2}${name} +\\S`, "m"));
    const help = await leafd("help", name);
    assert.match(help.out, new RegExp(`^Usage: leafd ${name}`));
    assert.deepEqual(await leafd(name, "--help"), help);
  }
});

test("every option that a help text names is taken, and none else; none is left out", async () => {
  for (const [name, load] of Object.entries(COMMANDS)) {
    const { help, options } = await load();
    const named = [...help.matchAll(/^ {2,6}(?:-[a-z], )?--([a-z-]+)(?: |$)/gm)].map(([, option = ""]) => option);
    assert.deepEqual(named.toSorted(), Object.keys(options).toSorted(), name);
    for (const option of named) {
      const { err, out } = await leafd(name, `--${option}`, "--no-such-option");
      assert.doesNotMatch(err + out, new RegExp(`Unknown option '--${option}'`));
      assert.match(err + out, /Unknown option '--no-such-option'|argument (?:is ambiguous|missing)/);
    }
  }
});

test("a wrong command line is exit code 2, with what is wrong", async () => {
  const wrong = [
    [["bogus"], 'leafd: there is no command "bogus"; `leafd help` lists them\n'],
    [
      ["renew"],
      /^leafd renew: name the services, or say --all\nUsage: leafd renew SERVICE\.\.\. \[--force\] .*\n {7}leafd renew --all .*\n$/,
    ],
    [["pause", "web", "--all"], /^leafd pause: name the services, or say --all\nUsage: leafd pause SERVICE\.\.\. /],
    [["pause", "web", "--for", "2"], /^leafd pause: --for 2: write a duration such as 90s, 5m or 1h\n/],
    [["pause", "web", "--for", "59s"], /^leafd pause: --for 59s: a pause takes at least 1m and at most 7d\n/],
    [["pause", "web", "--for", "7d1s"], /^leafd pause: --for 7d1s: a pause takes at least 1m and at most 7d\n/],
    [["resume"], /^leafd resume: name the services, or say --all\n/],
    [["once", "--timeout", "5"], /leafd once: --timeout 5: write a duration such as 90s, 5m or 1h\n/],
    [["-c", "leafd.yaml", "status"], 'leafd: there is no command "-c"; options come after the command\n'],
    [
      ["check", "my.leafd.yaml"],
      /^leafd check: Unexpected argument 'my\.leafd\.yaml.*; a configuration is named with --config FILE\nUsage: .*\n.*--format/,
    ],
    [["status", "--colour"], /leafd status: Unknown option '--colour'/],
  ] as const;
  for (const [args, message] of wrong) {
    const { exitCode, err } = await leafd(...args);
    assert.equal(exitCode, 2);
    if (typeof message === "string") assert.equal(err, message);
    else assert.match(err, message);
  }
});

test("a wrong configuration is exit code 78 for every command that reads one, with the line and a caret", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("leafd.yaml"), minimalConfig(["services:", "servces:"]));
  for (const name of ["run", "once", "check", "status"]) {
    const { exitCode, err } = await leafd(name, "--config", dir.join("leafd.yaml"));
    assert.equal(exitCode, 78);
    assert.match(err, /leafd\.yaml:\d+:1: servces: unknown key\n {4}servces:\n {4}\^\n {4}did you mean "services"\?/);
    assert.equal(/--control/.test(err), name === "status", "who asks a running leafd still can");
  }
});

test("a configuration that is not there is exit code 78", async () => {
  const { exitCode, err } = await leafd("check", "-c", "/nonexistent/leafd.yaml");
  assert.equal(exitCode, 78);
  assert.match(err, /^\/nonexistent\/leafd\.yaml: does not exist\n {4}write it .*or name another with --config\n$/);
});

test("the schema is the committed one", async () => {
  assert.equal((await leafd("schema")).out, await readFile("config/leafd.schema.json", "utf8"));
});

test("an order without a running leafd is exit code 69 and says what to do", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("leafd.yaml"), `${minimalConfig()}stateDir: ${dir.join("state")}\n`);
  for (const order of ["renew", "pause", "resume"]) {
    const { exitCode, err } = await leafd(order, "--all", "-c", dir.join("leafd.yaml"));
    assert.equal(exitCode, 69);
    assert.match(err, new RegExp(`^leafd ${order}: no leafd is running that listens at .*admin\\.sock\n {2}Start it`));
  }
});

test("check names the line of a file that is missing and of a directory that cannot be made", async () => {
  await using dir = await tempDir();
  const file = dir.join("leafd.yaml");
  const absent = dir.join("absent/live");
  await writeFile(file, minimalConfig(["/srv/web", absent]));
  const { exitCode, out } = await leafd("check", "-c", file);
  assert.equal(exitCode, 1);
  assert.match(
    out,
    /^error {3}.*leafd\.yaml:\d+:\d+: services\.web\.output\.directory: .*absent does not exist \[directory_unwritable\]\n {8}Create /m,
  );
  const json = JSON.parse((await leafd("check", "--json", "-c", file)).out);
  const remark = json.find(
    ({ severity, setting }: Record<string, unknown>) =>
      severity === "error" && setting === "services.web.output.directory",
  );
  assert.equal(typeof remark.line, "number");
});
