import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { MINIMAL_CONFIG, minimalConfig } from "../support/config-file.ts";
import { runLeafd } from "../support/leafd-process.ts";
import { tempDir } from "../support/temp-dir.ts";

/* What can be wrong with a configuration, as an operator meets it: the exact words and the exit code of each command. */

test("output that a full disk does not take is a failure in one line, and no stack", () => {
  const script = 'exec "$@" >/dev/full';
  const line = ["-c", script, "sh", process.execPath, "src/main.ts", "schema"];
  const { status, stderr } = spawnSync("sh", line, { encoding: "utf8" });
  assert.deepEqual(
    [status, stderr],
    [1, "leafd: standard output cannot be written: ENOSPC: no space left on device, write\n"],
  );
});

const NAME_RULE =
  "must be a name of 1 to 63 characters: a-z, 0-9, dot, dash and underscore, the first a letter or digit";
const SECOND = "  api:\n    identity: { commonName: api.internal }\n    output: { directory: /srv/web }\n";

suite("a configuration that cannot be used", { concurrency: 2 }, () => {
  const rows: readonly (readonly [what: string, text: string | undefined, says: string])[] = [
    [
      "bad YAML",
      minimalConfig(["role: web } }", "role: web }"]),
      `DIR/leafd.yaml:6:1: not valid YAML: Flow map in block collection must be sufficiently indented and end with a }
    services:
    ^`,
    ],
    [
      "an unknown key",
      `${MINIMAL_CONFIG}srevices: {}\n`,
      `DIR/leafd.yaml:10:1: srevices: unknown key
    srevices: {}
    ^
    did you mean "services"?`,
    ],
    [
      "a wrong type",
      minimalConfig(["commonName: web.internal", "dns: web.internal"]),
      `DIR/leafd.yaml:8:22: services.web.identity.dns: must be a list, not text
        identity: { dns: web.internal }
                         ^`,
    ],
    [
      "one directory for two services",
      `${MINIMAL_CONFIG}${SECOND}`,
      `DIR/leafd.yaml:12:26: services.api.output.directory: is the output directory of service "web" too
        output: { directory: /srv/web }
                             ^
    give each service a directory of its own`,
    ],
    [
      "a name that leads out of its directory",
      minimalConfig(["  web:", "  ../web:"]),
      `DIR/leafd.yaml:7:3: services."../web": ${NAME_RULE}
      ../web:
      ^`,
    ],
    [
      "a variable that is not set",
      minimalConfig(["https://vault.internal:8200", `\${VAULT}`]),
      `DIR/leafd.yaml:2:12: vault.address: VAULT is not set in the environment
      address: \${VAULT}
               ^
    set it, or give a default: \${VAULT:-…}`,
    ],
    [
      "no file",
      undefined,
      `DIR/leafd.yaml: does not exist
    write it (docs/get-started-vm.md begins with a small one), or name another with --config`,
    ],
  ];
  for (const [what, text, says] of rows)
    test(what, async () => {
      await using dir = await tempDir();
      const file = dir.join("leafd.yaml");
      if (text !== undefined) await writeFile(file, text);
      const commands = ["once", "check", "run"];
      const ends = await Promise.all(commands.map((command) => runLeafd([command, "--config", file])));
      for (const { code, stdout, stderr } of ends)
        assert.deepEqual([stderr.replaceAll(dir.path, "DIR"), stdout, code], [says, "", 78]);
    });
});
