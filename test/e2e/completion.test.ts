import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { COMMANDS } from "../../src/cli/commands.ts";
import { minimalConfig } from "../support/config-file.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/* Completion in a real bash: what Tab offers. */

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, "../../src/main.ts");

/** A place with `leafd` in its PATH, a configuration of the services `web` and `web-admin`, and the completion script. */
async function shell(dir: TempDir) {
  await mkdir(dir.join("bin"));
  await writeFile(dir.join("bin/leafd"), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  await chmod(dir.join("bin/leafd"), 0o755);
  const [head = "", service = ""] = minimalConfig().split(/(?=^ {2}web:)/m);
  await writeFile(dir.join("leafd.yaml"), `${head}${service}${service.replaceAll("web", "web-admin")}`);
  const env = { PATH: `${dir.join("bin")}:${process.env["PATH"]}`, TERM: "dumb", HOME: dir.path };
  const { stdout } = await run("leafd", ["completion", "bash"], { env });
  await writeFile(dir.join("completion.bash"), stdout);
  return { env };
}

suite("completion in bash", () => {
  test("commands, options, services, files and nothing, at their places", async () => {
    await using dir = await tempDir();
    const { env } = await shell(dir);
    const offers = async (...words: readonly string[]) => {
      const script = `source ${dir.join("completion.bash")}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _leafd; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await run("bash", ["-c", script, "bash", ...words], { env });
      return stdout.trim().split("\n");
    };
    const config = ["--config", dir.join("leafd.yaml")];
    assert.deepEqual(await offers("leafd", ""), [...Object.keys(COMMANDS), "help"]);
    assert.deepEqual(await offers("leafd", "re"), ["renew", "resume"]);
    assert.deepEqual(await offers("leafd", "pause", "--f"), ["--for"]);
    assert.deepEqual(await offers("leafd", "pause", "--for", ""), [""]);
    assert.deepEqual(await offers("leafd", "explain", ...config, "w"), ["web", "web-admin"]);
    assert.deepEqual(await offers("leafd", "status", "--config", "=", config[1] ?? "", "web-"), ["web-admin"]);
    assert.deepEqual(await offers("leafd", "events", ...config, "--service", "web-"), ["web-admin"]);
    assert.deepEqual(await offers("leafd", "status", "--config", "/nonexistent", ""), [""], "silent when it cannot be");
    assert.deepEqual(await offers("leafd", "completion", ""), ["bash", "zsh", "fish"]);
    assert.deepEqual(await offers("leafd", "help", "exp"), ["explain"]);
    const trap = `$(touch ${dir.join("trapped")})`;
    assert.deepEqual(await offers("leafd", "explain", "-c", trap, trap), [""]);
    await assert.rejects(run("cat", [dir.join("trapped")]), "nothing is carried out");
  });

  test("at a press of Tab", async () => {
    await using dir = await tempDir();
    const { env } = await shell(dir);
    const bash = spawn("script", ["--quiet", "--return", "--command", "bash --norc --noprofile -i", "/dev/null"], {
      env: { ...env, PS1: "ready>" },
    });
    let screen = "";
    bash.stdout.on("data", (chunk) => {
      screen += String(chunk);
    });
    const shows = (what: string) => waitFor(() => screen.includes(what), { what, within: 30_000 });
    await shows("ready>");
    bash.stdin.write(`source ${dir.join("completion.bash")}; cd ${dir.path}; echo sour''ced\n`);
    await shows("sourced");
    bash.stdin.write("leafd expl\t-c leafd.y\tweb-\t# typed");
    await shows("leafd explain -c leafd.yaml web-admin # typed");
    bash.kill("SIGKILL");
  });

  test("a shell that it does not know is refused", async () => {
    const refused = run(process.execPath, [MAIN, "completion", "toString"]);
    await assert.rejects(refused, { code: 2, stderr: /^leafd completion: name one shell: bash, zsh, fish\n/ });
  });
});
