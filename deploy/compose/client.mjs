// The client of docker-compose.yml: a request a second over mutual TLS, with the pair that is on disk at that moment.
// Prints a line when a certificate has become another one, and each failure. --once: one request, for the health check.
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

const PAIR = "/tls/client";
const SERVER = { host: "web.demo", port: 8443, servername: "web.demo", agent: false, timeout: 5000 };

/** Who answers, and who asks, by their serials. */
async function ask() {
  const files = ["tls.crt", "tls.key", "ca.crt"].map((name) => readFile(`${PAIR}/${name}`));
  const [cert, key, ca] = await Promise.all(files);
  const response = await new Promise((resolve, reject) => {
    request({ ...SERVER, cert, key, ca }, resolve)
      .once("error", reject)
      .end();
  });
  const server = response.socket.getPeerX509Certificate().serialNumber;
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${body}`);
  return `web serves ${server}, and greets ${new X509Certificate(cert).serialNumber}: ${body.trim()}`;
}

if (process.argv.includes("--once")) console.log(await ask());
else {
  process.once("SIGTERM", () => process.exit(0));
  let last = "";
  for (;;) {
    const seen = await ask().catch((error) => `FAILED: ${error.message}`);
    if (seen !== last) console.log(seen);
    last = seen;
    await delay(1000);
  }
}
