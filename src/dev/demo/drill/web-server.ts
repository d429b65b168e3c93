import { createPrivateKey } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "node:tls";
import { parseArgs } from "node:util";

/*
 * The dependent of the drill, a process of its own: serves DIRECTORY/tls.crt and tls.key on 127.0.0.1, reads them again
 * on SIGHUP, and ends on SIGTERM when who is connected has been served.
 *
 *     web-server.ts --port N --pid-file F --deaf F --old F DIRECTORY
 *     web-server.ts --check --old F DIRECTORY      exits with 1 when it would not load them, as `nginx -t` does
 *
 * While the file of --deaf exists it ignores SIGHUP; while that of --old exists it takes P-256 keys and no others.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: "boolean", default: false },
    port: { type: "string", default: "0" },
    "pid-file": { type: "string" },
    deaf: { type: "string" },
    old: { type: "string" },
  },
});
const [directory = "."] = positionals;

function load(): { cert: Buffer; key: Buffer } {
  const [cert, key] = [readFileSync(join(directory, "tls.crt")), readFileSync(join(directory, "tls.key"))];
  const curve = createPrivateKey(key).asymmetricKeyDetails?.namedCurve;
  if (is(values.old) && curve !== "prime256v1") throw new Error(`unsupported key: ${curve}`);
  return { cert, key };
}

function is(file: string | undefined): boolean {
  return file !== undefined && existsSync(file);
}

function serve(): void {
  const server = createServer(load(), (socket) => socket.on("error", () => {}).end());
  process.on("SIGHUP", () => {
    if (!is(values.deaf)) server.setSecureContext(load());
  });
  process.on("SIGTERM", () => server.close());
  server.listen(Number(values.port), "127.0.0.1", () => {
    const file = values["pid-file"];
    if (file === undefined) return;
    writeFileSync(`${file}.new`, `${process.pid}\n`);
    renameSync(`${file}.new`, file);
  });
}

if (values.check) load();
else serve();
