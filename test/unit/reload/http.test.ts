import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { suite, type TestContext, test } from "node:test";
import type { ReloadStep } from "../../../src/domain/reload-spec.ts";
import { runStep } from "../../support/reloader.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { createTlsFiles } from "../../support/tls-files.ts";

type HttpStep = Extract<ReloadStep, { kind: "http" }>;

async function listen(t: TestContext, server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return `127.0.0.1:${address.port}`;
}

/** A dependent's admin endpoint; answers its URL and the requests that it got. */
async function startAdmin(t: TestContext, answer: RequestListener) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  return { url: `http://${await listen(t, server)}/-/reload`, requests };
}

function post(url: string, more: Partial<HttpStep> = {}): HttpStep {
  const plain = { headers: {}, headerFiles: {}, expect: [200, 204], timeout: 5000 };
  return { kind: "http", url, method: "POST", ...plain, ...more };
}

suite("http", () => {
  test("an expected status is a success; the connection is not kept", async (t) => {
    const { url, requests } = await startAdmin(t, (_, response) => response.writeHead(204).end());
    assert.equal(await runStep(post(url, { headers: { "x-by": "leafd" } })), `POST ${url} answered 204`);
    const { method, headers } = requests[0] ?? assert.fail("no request");
    assert.equal(method, "POST");
    assert.equal(headers["content-length"], "0");
    assert.equal(headers["connection"], "close");
    assert.equal(headers["x-by"], "leafd");
  });

  test("header files are read at each call and trimmed", async (t) => {
    await using dir = await tempDir();
    const { url, requests } = await startAdmin(t, (_, response) => response.end("ok"));
    const step = post(url, { method: "PUT", headerFiles: { authorization: dir.join("token") } });
    for (const token of ["first", "second"]) {
      await writeFile(dir.join("token"), `Bearer ${token}\n`);
      await runStep(step);
    }
    assert.deepEqual(
      requests.map(({ headers }) => headers.authorization),
      ["Bearer first", "Bearer second"],
    );
  });

  test("a header file with a line break inside is refused and its content is not shown", async (t) => {
    await using dir = await tempDir();
    const { url, requests } = await startAdmin(t, (_, response) => response.end());
    await writeFile(dir.join("token"), "canary\r\nx-evil: 1");
    await assert.rejects(runStep(post(url, { headerFiles: { authorization: dir.join("token") } })), {
      reason: "reload_failed",
      message: `${dir.join("token")} does not hold a value for the header authorization`,
    });
    assert.equal(requests.length, 0);
  });

  test("a header file or a CA file that is missing is a failure that names it", async () => {
    const missing = { authorization: "/nowhere/token" };
    const header = "/nowhere/token, the value of the header authorization, cannot be read (ENOENT)";
    await assert.rejects(runStep(post("http://127.0.0.1:9/", { headerFiles: missing })), { message: header });
    const ca = "/nowhere/ca.pem, the CA file, cannot be read (ENOENT)";
    await assert.rejects(runStep(post("https://127.0.0.1:9/", { caFile: "/nowhere/ca.pem" })), { message: ca });
  });

  test("a redirect is not followed", async (t) => {
    const { url, requests } = await startAdmin(t, (_, response) => response.writeHead(307, { location: "/" }).end());
    const message = `POST ${url} answered 307, expected 200 or 204`;
    await assert.rejects(runStep(post(url)), { reason: "reload_failed", message });
    assert.equal(requests.length, 1);
  });

  test("credentials and query of the URL are sent and not shown", async (t) => {
    const { url, requests } = await startAdmin(t, (_, response) => response.writeHead(500).end());
    const secret = `${url.replace("://", "://me:canary@")}?token=canary`;
    const message = `POST ${url} answered 500, expected 200 or 204`;
    await assert.rejects(runStep(post(secret)), { reason: "reload_failed", message });
    assert.match(requests[0]?.headers.authorization ?? "", /^Basic /);
    assert.equal(requests[0]?.url, "/-/reload?token=canary");
  });

  test("nobody listens: a failure, as a stopped dependent and a wrong port look the same", async () => {
    const message = "POST http://127.0.0.1:9/ failed (ECONNREFUSED)";
    await assert.rejects(runStep(post("http://127.0.0.1:9/")), { reason: "reload_failed", message });
  });

  test("no answer within the timeout", async (t) => {
    const { url } = await startAdmin(t, () => {});
    const message = `POST ${url} was not answered within 100ms`;
    await assert.rejects(runStep(post(url, { timeout: 100 })), { reason: "reload_timeout", message });
  });

  test("an abort ends the request", async (t) => {
    const stop = new AbortController();
    const { url } = await startAdmin(t, () => stop.abort());
    await assert.rejects(runStep(post(url), { signal: stop.signal }), { reason: "cancelled" });
  });

  test("an endless body is cut off", async (t) => {
    const { url } = await startAdmin(t, (_, response) => {
      const more = (): unknown => response.write("x".repeat(100_000), (error) => error ?? more());
      more();
    });
    assert.equal(await runStep(post(url, { timeout: 60_000 })), `POST ${url} answered 200`);
  });

  test("https is verified against the CA file, and refused without it", async (t) => {
    await using dir = await tempDir();
    const { caFile, certFile, keyFile } = await createTlsFiles(dir.path);
    const options = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    const server = createHttpsServer(options, (_, response) => response.end());
    const url = `https://${await listen(t, server)}/reload`;
    assert.equal(await runStep(post(url, { caFile })), `POST ${url} answered 200`);
    const message = `POST ${url} failed (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`;
    await assert.rejects(runStep(post(url)), { reason: "reload_failed", message });
  });
});
