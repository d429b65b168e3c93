import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { freePort } from "../../../src/dev/demo/free-port.ts";
import { startNginx } from "../../support/nginx.ts";
import { runStep } from "../../support/reloader.ts";
import { servedSerial } from "../../support/served-serial.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { createTlsFiles } from "../../support/tls-files.ts";
import { waitFor } from "../../support/wait-for.ts";

async function serialOnDisk(path: string): Promise<string> {
  return new X509Certificate(await readFile(path)).serialNumber.toLowerCase();
}

test("a real nginx serves the new certificate after a SIGHUP by its pid file", async () => {
  await using dir = await tempDir();
  const port = await freePort();
  const { certFile } = await createTlsFiles(dir.path);
  const nginx = await startNginx({ dir, port, certificate: "tls.pem", key: "tls-key.pem" });
  const path = nginx.pidFile;
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
    await nginx.stop();
  }
  assert.equal(await runStep(step), `there is no pid file ${path}: not running, nothing to reload`);
});
