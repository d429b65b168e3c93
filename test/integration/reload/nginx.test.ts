import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { test } from "node:test";
import { connect } from "node:tls";
import { runStep } from "../../support/reloader.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { createTlsFiles } from "../../support/tls-files.ts";
import { waitFor } from "../../support/wait-for.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : assert.fail("no port");
}

/** An nginx that needs no rights and writes into `dir` only; resolves when it has written its pid file. */
async function startNginx(dir: TempDir, port: number) {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
  const server = `listen 127.0.0.1:${port} ssl; ssl_certificate tls.pem; ssl_certificate_key tls-key.pem;`;
  const http = `http { access_log off; ${temporary.join(" ")} server { ${server} } }`;
  await writeFile(dir.join("nginx.conf"), `daemon off; pid nginx.pid; error_log error.log; events {} ${http}\n`);
  const nginx = spawn("nginx", ["-p", dir.path, "-c", "nginx.conf", "-e", "error.log"], { stdio: "ignore" });
  const ended = once(nginx, "exit");
  const failed = ended.then(
    async () => assert.fail(`nginx did not start: ${await readFile(dir.join("error.log"), "utf8")}`),
    () => assert.fail("nginx is not installed here, and this test is about a real one: install the nginx package"),
  );
  const started = waitFor(() => existsSync(dir.join("nginx.pid")), { what: "nginx's pid file" });
  await Promise.race([started, failed]);
  failed.catch(() => {});
  return async (): Promise<void> => {
    nginx.kill("SIGQUIT");
    await ended;
  };
}

/** The serial number that a fresh handshake is given. */
async function servedSerial(port: number): Promise<string | undefined> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerX509Certificate()?.serialNumber;
  } finally {
    socket.destroy();
  }
}

async function serialOnDisk(path: string): Promise<string> {
  return new X509Certificate(await readFile(path)).serialNumber;
}

test("a real nginx serves the new certificate after a SIGHUP by its pid file", async () => {
  await using dir = await tempDir();
  const port = await freePort();
  const { certFile } = await createTlsFiles(dir.path);
  const stop = await startNginx(dir, port);
  const path = dir.join("nginx.pid");
  const step = {
    kind: "signal",
    signal: "SIGHUP",
    target: { by: "pidFile", path },
    allowInit: false,
  } as const;
  try {
    assert.equal(await servedSerial(port), await serialOnDisk(certFile));
    for (let generation = 2; generation <= 4; generation++) {
      await createTlsFiles(dir.path);
      const renewed = await serialOnDisk(certFile);
      assert.notEqual(await servedSerial(port), renewed, "new files alone change nothing");
      assert.match(await runStep(step), /^sent SIGHUP to nginx \(pid \d+\)$/);
      await waitFor(async () => (await servedSerial(port)) === renewed, { what: "the renewed serial" });
    }
  } finally {
    await stop();
  }
  assert.equal(await runStep(step), `there is no pid file ${path}: not running, nothing to reload`);
});
