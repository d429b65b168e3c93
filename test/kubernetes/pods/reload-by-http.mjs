// The service of the example java, as far as the pod goes: run by Node, which the image has.
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";

const read = () => ({ cert: readFileSync("/tls/payments/tls.crt"), key: readFileSync("/tls/payments/tls.key") });
const server = https.createServer(read(), (_, response) => response.end("payments\n"));
server.listen(8443);
const reloads = http.createServer((_, response) => {
  server.setSecureContext(read());
  response.end("reloaded\n");
});
reloads.listen(8081, "127.0.0.1");
