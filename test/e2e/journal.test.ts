import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { minimalConfig } from "../support/config-file.ts";
import { LeafdProcess } from "../support/leafd-process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

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
    await writeFile(
      file,
      `${config}stateDir: ${dir.join("state")}\nobserve: { listen: "off" }\nlog: { format: ${format} }\n`,
    );
    await using leafd = new LeafdProcess(["run", "--config", file], { wrapper: [...IN_JOURNAL, log] });
    const lines = async () => (await readFile(log, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
    const has = async (pattern: RegExp) => (await lines()).some((line) => pattern.test(line));
    await waitFor(() => has(/^<4>.*no usable certificate \(missing\)/), { what: "a warning", within: 30_000 });
    await waitFor(() => has(/^<3>.*127\.0\.0\.1:1/), { what: "an error", within: 30_000 });
    await leafd.stop();
    for (const line of await lines()) assert.match(line, /^<[3-7]>/);
    await rm(log);
  }
});
