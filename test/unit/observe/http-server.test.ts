import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { request } from "node:http";
import { connect, Socket } from "node:net";
import { describe, it } from "node:test";
import type { DaemonStatus } from "../../../src/domain/status.ts";
import { HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { type ObserveOptions, startObserve } from "../../../src/observe/http-server.ts";
import { daemonStatus, missingService, NOW, serviceStatus } from "../../support/status.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const SMALL = { headers: 100, request: 200, idle: 200, connections: 2 };
/** Nobody is cut off for being slow, in any time that a test takes. */
const PATIENT = { headers: MINUTE, request: MINUTE, idle: MINUTE, connections: 2 };
const METRICS = { contentType: "text/plain; version=0.0.4; charset=utf-8", body: "leafd_up 1\n" };

/** A listener with one healthy service on a clock that stands at NOW; `await using` stops it. */
async function started(changes: Partial<ObserveOptions> = {}) {
  const stop = new AbortController();
  const clock = new VirtualClock(NOW);
  const state: { status: DaemonStatus } = { status: daemonStatus([serviceStatus()]) };
  const { url, closed } = await startObserve(
    {
      listen: "127.0.0.1:0",
      hosts: ["leafd.corp"],
      clock,
      status: () => state.status,
      metrics: () => Promise.resolve(METRICS),
      lastTick: () => 0,
      ...changes,
    },
    stop.signal,
  );
  const stopNow = () => {
    stop.abort();
    return closed;
  };
  return { url, port: Number(new URL(url).port), clock, state, stop: stopNow, [Symbol.asyncDispose]: stopNow };
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

function ask(url: string, options: { method?: string; host?: string; signal?: AbortSignal } = {}): Promise<Answer> {
  const { method = "GET", host, ...rest } = options;
  return new Promise((resolve, reject) => {
    request(
      url,
      { method, agent: false, ...(host === undefined ? {} : { headers: { host } }), ...rest },
      (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
      },
    )
      .on("error", reject)
      .end();
  });
}

describe("probes", () => {
  it("say ok while all is well", async () => {
    await using server = await started();
    for (const path of ["/livez", "/readyz", "/startupz"]) {
      const { status, body } = await ask(server.url + path);
      assert.deepEqual([status, body], [200, "ok\n"], path);
    }
  });

  it("readyz ends with the certificate, and says which and why", async () => {
    await using server = await started();
    server.state.status = daemonStatus([serviceStatus({ reason: "sealed" }), missingService({ required: false })]);
    server.clock.jump(12 * HOUR - 1);
    assert.equal((await ask(`${server.url}/readyz`)).status, 200);
    server.clock.jump(1 + 3 * MINUTE);
    const { status, body } = await ask(`${server.url}/readyz`);
    assert.equal(status, 503);
    assert.equal(
      body,
      "[-]payments expired 3m ago: sealed\n[ ]billing no certificate yet: sealed (not required)\nreadyz check failed\n",
    );
  });

  it("readyz?verbose lists every service", async () => {
    await using server = await started();
    const { status, body } = await ask(`${server.url}/readyz?verbose`);
    assert.deepEqual([status, body], [200, "[+]payments valid for 12h\nreadyz check passed\n"]);
  });

  it("startupz fails until readiness was reached, and never after", async () => {
    await using server = await started();
    const { status: healthy } = server.state;
    server.state.status = daemonStatus([missingService()]);
    assert.equal((await ask(`${server.url}/startupz`)).status, 503);
    server.state.status = healthy;
    assert.equal((await ask(`${server.url}/startupz`)).status, 200);
    server.state.status = daemonStatus([missingService()]);
    assert.equal((await ask(`${server.url}/startupz`)).status, 200);
    assert.equal((await ask(`${server.url}/readyz`)).status, 503);
  });

  it("livez fails when the scheduler stalls, and for no other reason", async () => {
    let lastTick = 0;
    await using server = await started({ lastTick: () => lastTick });
    const clusters = [{ name: "default", address: "https://a:8200", up: false, reason: "sealed" as const }];
    server.state.status = daemonStatus([missingService()], { clusters });
    await server.clock.advance(90 * SECOND);
    assert.equal((await ask(`${server.url}/livez`)).status, 200);
    await server.clock.advance(30 * SECOND);
    const { status, body } = await ask(`${server.url}/livez`);
    assert.deepEqual([status, body], [503, "the scheduler has not run for 2m\n"]);
    lastTick = server.clock.monotonic();
    assert.equal((await ask(`${server.url}/livez`)).status, 200);
    server.clock.jump(24 * HOUR); // The wall clock is no measure of it.
    assert.equal((await ask(`${server.url}/livez`)).status, 200);
  });
});

describe("pages", () => {
  it("metrics come with their own content type", async () => {
    await using server = await started();
    const { status, headers, body } = await ask(`${server.url}/metrics`);
    assert.deepEqual([status, headers["content-type"], body], [200, METRICS.contentType, METRICS.body]);
  });

  it("the index names the others", async () => {
    await using server = await started();
    const { status, body } = await ask(`${server.url}/`);
    assert.equal(status, 200);
    assert.match(body, /^leafd 0\.1\.0\n/);
    for (const path of ["/livez", "/readyz", "/startupz", "/metrics"]) assert.ok(body.includes(path), path);
  });

  it("carry headers against browsers, refusals too", async () => {
    await using server = await started();
    for (const path of ["/", "/metrics", "/readyz", "/nothing"]) {
      const { headers } = await ask(server.url + path);
      assert.equal(headers["x-content-type-options"], "nosniff", path);
      assert.equal(headers["cache-control"], "no-store", path);
      assert.match(String(headers["content-security-policy"]), /default-src 'none'/, path);
      assert.equal(headers["access-control-allow-origin"], undefined, path);
    }
  });

  it("answer HEAD like GET, without the body", async () => {
    await using server = await started();
    const { status, headers, body } = await ask(`${server.url}/metrics`, { method: "HEAD" });
    assert.deepEqual([status, headers["content-length"], body], [200, String(METRICS.body.length), ""]);
  });

  it("are not found under any other path", async () => {
    await using server = await started();
    for (const path of ["/metrics/", "/livez/x", "//", "/%2e%2e/etc/passwd", "/v1/renew"])
      assert.equal((await ask(server.url + path)).status, 404, path);
  });

  it("refuse every method that could change something", async () => {
    await using server = await started();
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]) {
      const { status, headers } = await ask(`${server.url}/metrics`, { method });
      assert.deepEqual([status, headers["allow"]], [405, "GET, HEAD"], method);
    }
  });

  it("answer 500 when the answer cannot be made, and go on", async () => {
    await using server = await started({ metrics: () => Promise.reject(new Error("hvs.0123456789abcdef leaked\n")) });
    const { status, body } = await ask(`${server.url}/metrics`);
    assert.deepEqual([status, body], [500, "[redacted] leaked\\n\n"]);
    assert.equal((await ask(`${server.url}/livez`)).status, 200);
  });
});

describe("the Host header", () => {
  const OWN = [
    "127.0.0.1:9464",
    "localhost",
    "LOCALHOST:80",
    "[::1]:9464",
    "10.1.2.3",
    "leafd.corp",
    "Leafd.corp:9464",
    "localhost.",
  ];
  const FOREIGN = [
    "evil.example",
    "evil.example:9464",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "[evil]",
    "1",
    "a:b:c",
    "[::1",
  ];

  it("on loopback has to be our own everywhere: a browser's page may have rebound its name", async () => {
    await using server = await started();
    for (const path of ["/", "/metrics", "/readyz?verbose", "/livez", "/nothing"]) {
      for (const host of FOREIGN) assert.equal((await ask(server.url + path, { host })).status, 421, `${path} ${host}`);
      for (const host of OWN) assert.notEqual((await ask(server.url + path, { host })).status, 421, `${path} ${host}`);
    }
  });

  it("on the network has to be our own but for metrics and probes", async () => {
    await using server = await started({ listen: "0.0.0.0:0" });
    const base = `http://127.0.0.1:${server.port}`;
    const host = "node7.prometheus.internal:9464";
    for (const path of ["/metrics", "/livez", "/readyz", "/startupz"])
      assert.equal((await ask(base + path, { host })).status, 200, path);
    for (const path of ["/", "/nothing"]) assert.equal((await ask(base + path, { host })).status, 421, path);
  });
});

/** Sends bytes, and answers what came back when the other side has hung up. */
async function converse(port: number, text: string): Promise<string> {
  let answer = "";
  const socket = connect(port, "127.0.0.1", () => socket.write(text));
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.on("error", () => {}); // A reset is one way to hang up.
  await once(socket, "close");
  return answer;
}

/** The server's end of the next connection: a client that does not read learns nothing of its end. */
function nextAccepted(): Promise<Socket> {
  return new Promise((resolve) => {
    const note = (message: unknown) => {
      unsubscribe("net.server.socket", note);
      assert.ok(typeof message === "object" && message !== null && "socket" in message);
      assert.ok(message.socket instanceof Socket);
      resolve(message.socket);
    };
    subscribe("net.server.socket", note);
  });
}

/** Opens a connection with a request that stops within its headers. */
async function hold(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}); // A reset, when it is cut off.
  await once(socket, "connect");
  socket.resume().write("GET /livez HTTP/1.1\r\nX: ");
  return socket;
}

describe("clients that mean no good", () => {
  it("that send their request byte by byte are cut off", async () => {
    await using server = await started({ limits: SMALL });
    const socket = connect(server.port, "127.0.0.1");
    socket.write("GET /metrics HTTP/1.1\r\nX: "); // Before the first drop, however long the connection takes.
    const drip = setInterval(() => socket.write("x"), 20);
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", () => {}); // A reset, when a byte crosses the end: `once` would take it for a failure.
    await new Promise((resolve) => socket.once("close", resolve));
    clearInterval(drip);
    assert.match(answer, /^HTTP\/1\.1 408 |^$/);
  });

  it("that send nothing at all, or a body that never ends, are cut off", async () => {
    await using server = await started({ limits: SMALL });
    await converse(server.port, "");
    await converse(server.port, "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx");
  });

  it("that do not read are cut off", async () => {
    const body = "x".repeat(32 * 1024 * 1024);
    const limits = { ...PATIENT, idle: 200 };
    await using server = await started({ limits, metrics: () => Promise.resolve({ ...METRICS, body }) });
    const accepted = nextAccepted();
    const socket = connect(server.port, "127.0.0.1").pause();
    socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(await accepted, "close");
    socket.destroy();
  });

  it("that hold every connection with a slow request do not silence the probes", async () => {
    await using server = await started();
    const held = await Promise.all(Array.from({ length: 64 }, () => hold(server.port)));
    using sockets = new DisposableStack();
    for (const socket of held) sockets.adopt(socket, (slow) => slow.destroy());
    const { status } = await ask(`${server.url}/livez`, { signal: AbortSignal.timeout(3 * SECOND) });
    assert.equal(status, 200);
  });

  it("that open one connection too many lose the oldest on which no answer is under way", async () => {
    const asked = Promise.withResolvers<void>();
    const metrics = Promise.withResolvers<typeof METRICS>();
    const slowMetrics = () => {
      asked.resolve();
      return metrics.promise;
    };
    await using server = await started({ limits: PATIENT, metrics: slowMetrics });
    const scrape = ask(`${server.url}/metrics`);
    await asked.promise;
    using sockets = new DisposableStack();
    const slow = sockets.adopt(await hold(server.port), (socket) => socket.destroy());
    const closed = new Promise((resolve) => slow.once("close", resolve));
    assert.equal((await ask(`${server.url}/livez`)).status, 200);
    await closed;
    metrics.resolve(METRICS);
    assert.equal((await scrape).body, METRICS.body);
  });

  it("that do not read, on every connection, lose the oldest", async () => {
    const body = "x".repeat(32 * 1024 * 1024);
    const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const waiting = asked.values();
    const metrics = () => {
      waiting.next().value?.resolve();
      return Promise.resolve({ ...METRICS, body });
    };
    await using server = await started({ limits: PATIENT, metrics });
    using sockets = new DisposableStack();
    for (const { promise } of asked) {
      const socket = sockets.adopt(connect(server.port, "127.0.0.1").pause(), (slow) => slow.destroy());
      socket.on("error", () => {}).write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await promise;
    }
    assert.equal((await ask(`${server.url}/livez`)).status, 200);
  });

  it("that send large headers, no host, an absolute or a broken request are refused", async () => {
    await using server = await started();
    const large = `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(9000)}\r\n\r\n`;
    assert.match(await converse(server.port, large), /^HTTP\/1\.1 431 /);
    assert.match(await converse(server.port, "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 400 /);
    assert.match(await converse(server.port, "GET /livez HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 421 /);
    const absolute = "GET http://localhost/livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert.match(await converse(server.port, absolute), /^HTTP\/1\.1 404 /);
    assert.match(await converse(server.port, "\u0016\u0003\u0001\r\n\r\n"), /^HTTP\/1\.1 400 /);
  });

  it("cannot hold up the end", async () => {
    const server = await started();
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    await server.stop();
    socket.destroy();
  });
});

describe("the address", () => {
  it("that is taken is an error that names it", async () => {
    await using server = await started();
    const listen = `127.0.0.1:${server.port}`;
    await assert.rejects(started({ listen }), {
      reason: "listen_failed",
      message: `cannot listen on ${listen}: listen EADDRINUSE: address already in use ${listen}`,
    });
  });

  it("may be IPv6", async () => {
    await using server = await started({ listen: "[::1]:0" });
    assert.match(server.url, /^http:\/\/\[::1\]:\d+$/);
    assert.equal((await ask(`${server.url}/livez`)).status, 200);
  });

  it("has to be host:port", async () => {
    for (const listen of ["", "9464", "localhost", "::1:9464", "localhost:99999", "http://localhost:1"])
      await assert.rejects(started({ listen }), { reason: "config_invalid" }, listen);
  });
});
