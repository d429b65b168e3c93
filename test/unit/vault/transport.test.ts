import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer } from "node:net";
import test, { describe } from "node:test";
import { inspect, promisify } from "node:util";
import type { ClusterSpec } from "../../../src/domain/cluster-spec.ts";
import { LeafdError } from "../../../src/domain/errors.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { httpServer } from "../../support/http-server.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { vaultClient } from "../../support/vault-client.ts";

const run = promisify(execFile);
const never = new AbortController().signal;
const TOKEN = "s.CanaryCanaryCanary";
const SIGN = { operation: "write", path: "pki/sign/svc", data: { csr: "pem" }, token: new Secret(TOKEN) } as const;

const json = (response: ServerResponse, body: unknown, status = 200) => {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
};
const ok: RequestListener = (_request, response) => json(response, { data: { fine: true } });

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Sends SIGN to a server that answers like this, and resolves with the error; whatever it is, it holds no token. */
async function errorOf(answer: Answer, settings: Partial<ClusterSpec> = {}): Promise<LeafdError> {
  await using server = await httpServer(answer);
  return await failure(vaultClient({ addresses: [server.address], ...settings }).client.send(SIGN, never));
}

async function failure(work: Promise<unknown>): Promise<LeafdError> {
  const error = await work.then(
    () => assert.fail("it should have failed"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LeafdError, inspect(error));
  for (const shown of [JSON.stringify(error), inspect(error, { depth: 20, showHidden: true }), String(error.stack)])
    assert.doesNotMatch(shown, /Canary/);
  return error;
}

describe("what goes out", () => {
  test("a request carries the token, the namespace and X-Vault-Request, and its body", async () => {
    let seen: IncomingMessage | undefined;
    let body = "";
    await using server = await httpServer((request, response) => {
      seen = request;
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => json(response, { data: {} }));
    });
    const { client } = vaultClient({ addresses: [server.address], namespace: "team/a" });
    await client.send(SIGN, never);
    assert.equal(seen?.method, "POST");
    assert.equal(seen?.url, "/v1/pki/sign/svc");
    assert.equal(seen?.headers["x-vault-token"], TOKEN);
    assert.equal(seen?.headers["x-vault-namespace"], "team/a");
    assert.equal(seen?.headers["x-vault-request"], "true");
    assert.deepEqual(JSON.parse(body), { csr: "pem" });
  });

  test("nothing of the environment's VAULT_ variables gets into a request, and health is asked without namespace and token", async (t) => {
    const planted = {
      VAULT_ADDR: "http://127.0.0.1:1",
      VAULT_TOKEN: "s.env",
      VAULT_NAMESPACE: "env",
      VAULT_PREFIX: "/env",
    };
    Object.assign(process.env, planted);
    t.after(() => Object.keys(planted).forEach((name) => delete process.env[name]));
    let seen: IncomingMessage | undefined;
    await using server = await httpServer((request, response) => {
      seen = request;
      json(response, {});
    });
    const { client } = vaultClient({ addresses: [server.address], namespace: "team" });
    await client.send({ operation: "read", path: "sys/health", rootNamespace: true }, never);
    assert.equal(seen?.url, "/v1/sys/health");
    assert.equal(seen?.headers["x-vault-token"], undefined);
    assert.equal(seen?.headers["x-vault-namespace"], undefined);
  });

  test("connections are kept: twenty requests, one connection", async () => {
    await using server = await httpServer(ok);
    const { client } = vaultClient({ addresses: [server.address] });
    for (let i = 0; i < 20; i += 1) await client.send(SIGN, never);
    assert.equal(server.connections(), 1);
  });

  test("a unix socket and an address with a path are addresses", async () => {
    await using directory = await tempDir();
    const paths: (string | undefined)[] = [];
    const handler: RequestListener = (request, response) => {
      paths.push(request.url);
      ok(request, response);
    };
    await using socket = await httpServer(handler, { unixSocket: directory.join("vault.sock") });
    await using server = await httpServer(handler);
    for (const address of [socket.address, `${server.address}/behind/proxy/`])
      await vaultClient({ addresses: [address] }).client.send(SIGN, never);
    assert.deepEqual(paths, ["/v1/pki/sign/svc", "/behind/proxy/v1/pki/sign/svc"]);
  });
});

describe("what comes back", () => {
  test("an error page with status 200 is bad_response, and so is a truncated JSON", async () => {
    for (const page of ["<html>hello</html>", '{"data":{"certif']) {
      const error = await errorOf((_request, response) => void response.end(page));
      assert.equal(error.reason, "bad_response");
      assert.match(error.message, /it is not JSON/);
    }
  });

  test("an answer that breaks off is bad_response", async () => {
    const error = await errorOf((_request, response) => {
      response.writeHead(200, { "Content-Length": "100" });
      response.write('{"data":', () => response.destroy());
    });
    assert.equal(error.reason, "bad_response");
    assert.match(error.message, /broke off/);
  });

  test("an answer that a reset cuts off is bad_response as well, not a connection that could not be had", async () => {
    const error = await errorOf((request, response) => {
      response.writeHead(200, { "Content-Length": "1000" }).write('{"data":');
      // Not at once: a reset takes along what the client has not read yet.
      setTimeout(() => request.socket.resetAndDestroy(), 50);
    });
    assert.deepEqual([error.reason, /the answer broke off/.test(error.message)], ["bad_response", true]);
  });

  test("an answer of ten megabytes is cut off as bad_response", async () => {
    const chunk = Buffer.alloc(1024 * 1024, 32);
    let sent = 0;
    const error = await errorOf((_request, response) => {
      const more = (): void => {
        if (sent++ < 10) response.write(chunk, more);
        else response.end();
      };
      more();
    });
    assert.equal(error.reason, "bad_response");
    assert.match(error.message, /larger than 4 MiB/);
    assert.ok(sent < 10, `${sent} MiB were read`);
  });

  test("what is no HTTP is bad_response", async () => {
    const server = createServer((socket) => void socket.end("SSH-2.0-OpenSSH_9.2\r\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    assert.ok(typeof bound === "object" && bound !== null);
    const error = await failure(
      vaultClient({ addresses: [`http://127.0.0.1:${bound.port}`] }).client.send(SIGN, never),
    );
    server.close();
    assert.equal(error.reason, "bad_response");
  });

  test("a refusal keeps all errors and Retry-After", async () => {
    const error = await errorOf((_request, response) => {
      response.setHeader("Retry-After", "4");
      json(response, { errors: ["one", "two"] }, 429);
    });
    assert.equal(error.reason, "quota");
    assert.equal(error.retryAfter, 4_000);
    assert.match(error.message, /one; two/);
  });

  test("a server that echoes the token and the credentials does not get them into the error", async () => {
    await using server = await httpServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () =>
        json(response, { errors: [`no: ${String(request.headers["x-vault-token"])} ${body}`] }, 400),
      );
    });
    const { client } = vaultClient({ addresses: [server.address] });
    const error = await failure(client.send({ ...SIGN, secrets: { password: new Secret("CanaryPassword") } }, never));
    assert.match(error.message, /no: \[redacted\]/);
  });
});

describe("deadlines", () => {
  test("a server that drips its answer is cut off at the deadline of the whole call", async () => {
    let drips: NodeJS.Timeout | undefined;
    const answer: Answer = (_request, response) => {
      response.writeHead(200);
      drips = setInterval(() => response.write(" "), 20);
    };
    const started = performance.now();
    const error = await errorOf(answer, { timeouts: { connect: 5_000, request: 150 } });
    clearInterval(drips);
    assert.ok(performance.now() - started < 5_000);
    assert.equal(error.reason, "timeout");
    assert.match(error.message, /no complete answer within 150ms/);
  });

  test("a server that accepts and never finishes the TLS handshake is given up at the connect deadline", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    assert.ok(typeof bound === "object" && bound !== null);
    const addresses = [`https://127.0.0.1:${bound.port}`];
    const { client } = vaultClient({ addresses, timeouts: { connect: 100, request: 60_000 } });
    const error = await failure(client.send(SIGN, never));
    server.close();
    assert.equal(error.reason, "connect");
    assert.match(error.message, /no connection within 100ms/);
  });

  test("an abort ends a request at once, and the connection with it", async () => {
    const closed = Promise.withResolvers<void>();
    const stop = new AbortController();
    await using server = await httpServer((request) => {
      request.socket.once("close", () => closed.resolve());
      stop.abort();
    });
    const error = await failure(vaultClient({ addresses: [server.address] }).client.send(SIGN, stop.signal));
    assert.equal(error.reason, "cancelled");
    await closed.promise;
  });
});

describe("a connection that an earlier request left behind", () => {
  test("is replaced once when it is dead and nothing came back", async () => {
    let requests = 0;
    await using server = await httpServer((request, response) => {
      requests += 1;
      if (requests === 2) request.socket.resetAndDestroy();
      else ok(request, response);
    });
    const { client } = vaultClient({ addresses: [server.address] });
    await client.send(SIGN, never);
    assert.deepEqual(await client.send(SIGN, never), { data: { fine: true } });
    assert.deepEqual([requests, server.connections()], [3, 2]);
  });

  test("is not trusted after a byte of the answer: no second signature", async () => {
    let requests = 0;
    await using server = await httpServer((request, response) => {
      requests += 1;
      if (requests === 1) return ok(request, response);
      response.writeHead(200, { "Content-Length": "100" });
      response.write("{", () => request.socket.destroy());
    });
    const { client } = vaultClient({ addresses: [server.address] });
    await client.send(SIGN, never);
    assert.equal((await failure(client.send(SIGN, never))).reason, "bad_response");
    assert.equal(requests, 2);
  });

  test("is what it takes: a request on a new connection that is reset is not repeated", async () => {
    let requests = 0;
    const error = await errorOf((request) => {
      requests += 1;
      request.socket.resetAndDestroy();
    });
    assert.deepEqual([error.reason, requests], ["connect", 1]);
  });

  test("gets no second chance when the new one is reset as well", async () => {
    let requests = 0;
    await using server = await httpServer((request, response) => {
      requests += 1;
      if (requests === 1) ok(request, response);
      else request.socket.resetAndDestroy();
    });
    const { client } = vaultClient({ addresses: [server.address] });
    await client.send(SIGN, never);
    assert.equal((await failure(client.send(SIGN, never))).reason, "connect");
    assert.equal(requests, 3);
  });
});

test("a name that does not resolve is dns, and a port that nobody listens on is connect", async () => {
  const ask = (address: string) => failure(vaultClient({ addresses: [address] }).client.send(SIGN, never));
  assert.equal((await ask("https://vault.invalid:8200")).reason, "dns");
  assert.equal((await ask("http://127.0.0.1:1")).reason, "connect");
});

test("DEBUG=node-vault prints no secret-id and no token", async () => {
  const client = new URL("../../support/vault-client.ts", import.meta.url).href;
  const program = `
    import { vaultClient } from ${JSON.stringify(client)};
    const { client } = vaultClient({ addresses: ["http://127.0.0.1:1"] });
    const request = { operation: "write", path: "auth/approle/login", data: { secret_id: "Canary" } };
    await client.send(request, new AbortController().signal).catch((error) => console.log(error.reason));
  `;
  const env = { ...process.env, DEBUG: "*" };
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", program], { env });
  assert.equal(stdout.trim(), "connect");
  assert.doesNotMatch(stderr, /Canary/);
});
