import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { minimalConfig } from "../support/config-file.ts";
import { runLeafd } from "../support/leafd-process.ts";
import { tempDir } from "../support/temp-dir.ts";

/** As systemd starts a service: the journal is standard error, and JOURNAL_STREAM says so (systemd.exec(5)). */
const IN_JOURNAL = [
  "sh",
  "-c",
  'log=$1; shift; exec 2>"$log"; JOURNAL_STREAM=$(stat -L -c %d:%i /dev/fd/2) exec "$@"',
  "sh",
];

test("in the journal every line of the program begins with its priority", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("token"), "t", { mode: 0o600 });
  const [file, log] = [dir.join("leafd.yaml"), dir.join("log")];
  for (const format of ["text", "json"]) {
    const config = minimalConfig(
      ["https://vault.internal:8200", "http://127.0.0.1:1"],
      ["/run/token", dir.join("token")],
      ["/srv/web", dir.join("web")],
    );
    await writeFile(file, `${config}stateDir: ${dir.join("state")}\nlog: { format: ${format} }\n`);
    const args = ["once", "--timeout", "100ms", "--config", file];
    const { code } = await runLeafd(args, { wrapper: [...IN_JOURNAL, log] });
    assert.equal(code, 1);
    const lines = (await readFile(log, "utf8")).trimEnd().split("\n");
    assert.ok(
      lines.some((line) => /^<4>.*no usable certificate \(missing\)/.test(line)),
      lines.join("\n"),
    );
    assert.ok(
      lines.some((line) => /^<3>.*127\.0\.0\.1:1/.test(line)),
      lines.join("\n"),
    );
    for (const line of lines) assert.match(line, /^<[3-7]>/);
  }
});
