import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, lstat, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fetchStatus, type Order, sendOrder } from "../../../src/control/client.ts";
import { type ControlOptions, startControl } from "../../../src/control/server.ts";
import type { ServiceAnswer } from "../../../src/domain/operator.ts";
import { HOUR } from "../../../src/domain/units.ts";
import { createEventFeed } from "../../../src/observe/event-feed.ts";
import { daemonStatus, missingService, NOW, serviceStatus } from "../../support/status.ts";
import { tempDir } from "../../support/temp-dir.ts";

const run = promisify(execFile);
const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const never = new AbortController().signal;
const NOBODY = 65_534;

const ANSWERS: readonly ServiceAnswer[] = [
  { service: "payments", accepted: true, message: "queued" },
  { service: "billing", accepted: true, message: "paused", warning: "it ends before" },
];
const RENEW_ALL: Order = { kind: "renew", request: { all: true, force: false } };

/** A control server on `directory`; `await using` stops it. */
async function started(directory: string, changes: Partial<ControlOptions> = {}) {
  const stop = new AbortController();
  const orders: Order[] = [];
  const note = (order: Order): readonly ServiceAnswer[] => {
    orders.push(order);
    return ANSWERS;
  };
  const options: ControlOptions = {
    directory,
    status: () => daemonStatus([serviceStatus(), missingService()], { configError: { at: NOW, message: "bad" } }),
    explain: () => undefined,
    events: createEventFeed(),
    operator: {
      renew: (request) => note({ kind: "renew", request }),
      pause: (request) => note({ kind: "pause", request }),
      resume: (request) => note({ kind: "resume", request }),
    },
    ...changes,
  };
  const { closed } = await startControl(options, stop.signal);
  const stopNow = () => {
    stop.abort();
    return closed;
  };
  return { orders, stop: stopNow, status: options.status, [Symbol.asyncDispose]: stopNow };
}

/** Sends bytes to a socket and answers everything that comes back before the other side hangs up. */
function converse(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(path, () => socket.write(text));
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.on("error", reject).on("close", () => resolve(answer));
  });
}

describe("the control sockets", () => {
  it("carry the status and the orders of an operator", async () => {
    await using dir = await tempDir();
    await using control = await started(dir.path);
    assert.deepEqual(await fetchStatus(dir.path, never), control.status());
    const orders: Order[] = [
      { kind: "renew", request: { services: ["payments"], force: true } },
      RENEW_ALL,
      { kind: "pause", request: { services: ["payments", "billing"], duration: HOUR } },
      { kind: "resume", request: { all: true } },
    ];
    for (const order of orders) assert.deepEqual(await sendOrder(dir.path, order, never), ANSWERS);
    assert.deepEqual(control.orders, orders);
  });

  it("carry the status of a thousand services", async () => {
    await using dir = await tempDir();
    const services = Array.from({ length: 1000 }, (_, index) => serviceStatus({ name: `service-${index}` }));
    await using _control = await started(dir.path, { status: () => daemonStatus(services) });
    assert.equal((await fetchStatus(dir.path, never)).services.length, 1000);
  });

  it("have the modes that are their authority, and leave nothing else behind", async () => {
    await using dir = await tempDir();
    const directory = dir.join("leafd");
    const control = await started(directory, { gid: NOBODY });
    const mode = async (name: string) => ((await stat(join(directory, name))).mode & 0o7777).toString(8);
    assert.equal(await mode("."), "755");
    assert.equal(await mode("status.sock"), "660");
    assert.equal(await mode("admin.sock"), "600");
    assert.equal((await stat(join(directory, "status.sock"))).gid, NOBODY);
    assert.notEqual((await stat(join(directory, "admin.sock"))).gid, NOBODY);
    assert.deepEqual((await readdir(directory)).toSorted(), ["admin.sock", "status.sock"]);
    await control.stop();
    assert.deepEqual(await readdir(directory), []);
  });

  it("let the group read, and nobody else, and only their owner renew", async () => {
    await using dir = await tempDir();
    await chmod(dir.path, 0o755);
    const ask = async (gid: number) => {
      const child = await run(process.execPath, [fixture("ask-control.mjs"), dir.path], { uid: NOBODY, gid });
      return child.stdout.trim();
    };
    await using _control = await started(dir.path, { gid: NOBODY });
    assert.equal(await ask(NOBODY), "ok permission_denied");
    assert.equal(await ask(NOBODY - 1), "permission_denied(group) permission_denied");
  });

  it("take the place of a dead leafd's, and refuse a living one's", async () => {
    await using dir = await tempDir();
    await run(process.execPath, [fixture("abandon-socket.mjs"), dir.join("status.sock")]).catch(() => {});
    assert.ok((await lstat(dir.join("status.sock"))).isSocket());
    await using _control = await started(dir.path);
    await fetchStatus(dir.path, never);

    await assert.rejects(started(dir.path), {
      reason: "state_locked",
      message: `another leafd answers at ${dir.join("status.sock")}`,
    });
    await fetchStatus(dir.path, never); // The first one still has its sockets.
    assert.deepEqual((await readdir(dir.path)).toSorted(), ["admin.sock", "status.sock"]);
  });

  it("are not taken away from a successor by the one that stops late", async () => {
    await using dir = await tempDir();
    const first = await started(dir.path);
    const away = await tempDir();
    await run("mv", [dir.join("status.sock"), dir.join("admin.sock"), away.path]);
    await using _second = await started(dir.path);
    await first.stop();
    await fetchStatus(dir.path, never);
    await away[Symbol.asyncDispose]();
  });

  it("clean up what a crash left in the middle of the start", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join(".new"), { mode: 0o700 });
    await writeFile(dir.join(".new", "s"), "");
    await using _control = await started(dir.path);
    assert.deepEqual((await readdir(dir.path)).toSorted(), ["admin.sock", "status.sock"]);
  });
});

describe("a control directory that will not do", () => {
  it("is refused when a socket path in it would be too long", async () => {
    const directory = `/run/${"x".repeat(100)}`;
    const expected = {
      reason: "config_invalid",
      message: /status\.sock has 117 bytes, and a socket's has at most 107/,
    };
    await assert.rejects(started(directory), expected);
    await assert.rejects(fetchStatus(directory, never), expected);
  });

  it("works up to the last byte", async () => {
    await using dir = await tempDir();
    const directory = dir.join("x".repeat(107 - "/status.sock".length - dir.path.length - 1));
    await using _control = await started(directory);
    await fetchStatus(directory, never);
  });

  it("is refused when everybody may write to it", async () => {
    await using dir = await tempDir();
    await chmod(dir.path, 0o777);
    await assert.rejects(started(dir.path), {
      reason: "target_unsafe",
      message: /everybody may write to .*leafd-test-/,
    });
  });

  it("is refused when something else has the name of a socket", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("status.sock"), "precious");
    await assert.rejects(started(dir.path), { reason: "target_unsafe", message: /status\.sock is in the way/ });
    assert.deepEqual(await readdir(dir.path), ["status.sock"]);
  });

  it("is refused when it cannot be made", async () => {
    await assert.rejects(started("/proc/leafd"), {
      reason: "target_denied",
      message: /cannot use the control directory/,
    });
  });
});

describe("the server", () => {
  it("answers the routes of each socket, and says which they are", async () => {
    await using dir = await tempDir();
    await using control = await started(dir.path);
    const refused =
      /^HTTP\/1\.1 400 [^]*answers (GET \/v1\/status, GET \/v1\/explain, GET \/v1\/events|POST \/v1\/renew, POST \/v1\/pause, POST \/v1\/resume) and nothing else[^]*restart that one/;
    const post = `POST /v1/renew HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"all":true}`;
    assert.match(await converse(dir.join("status.sock"), post), refused);
    assert.match(await converse(dir.join("admin.sock"), "GET /v1/renew HTTP/1.1\r\nHost: x\r\n\r\n"), refused);
    assert.match(await converse(dir.join("admin.sock"), "POST /v1/toString HTTP/1.1\r\nHost: x\r\n\r\n"), refused);
    assert.match(await converse(dir.join("status.sock"), "DELETE /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"), refused);
    assert.deepEqual(control.orders, []);
  });

  it("takes no wish that it does not understand in full", async () => {
    await using dir = await tempDir();
    await using control = await started(dir.path);
    const everywhere = ["", "{", "[]", "{}", '{"all":false}', '{"services":[]}', '{"services":[1]}'];
    everywhere.push('{"all":true,"services":["a"],"duration":60000}', '{"all":true,"duration":60000,"more":1}');
    const wrong = {
      renew: [...everywhere, '{"all":true,"force":1}', '{"all":true,"force":null}', '{"all":true,"duration":60000}'],
      pause: [...everywhere, '{"all":true}', '{"all":true,"duration":"1h"}', '{"all":true,"duration":59999}'].concat(
        '{"all":true,"duration":604800001}',
      ),
      resume: [...everywhere, '{"all":true,"force":true}'],
    };
    const requests = Object.entries(wrong).flatMap(([order, bodies]) => bodies.map((body) => ({ order, body })));
    for (const { order, body } of requests) {
      const head = `POST /v1/${order} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;
      assert.match(
        await converse(dir.join("admin.sock"), head + body),
        /400 [^]*"reason":"request_denied"/,
        `${order} ${body}`,
      );
    }
    assert.deepEqual(control.orders, []);
  });

  it("stops reading a request that is too large", async () => {
    await using dir = await tempDir();
    await using control = await started(dir.path);
    const services = ["x".repeat(300 * 1024)];
    await assert.rejects(sendOrder(dir.path, { kind: "resume", request: { services } }, never), {
      reason: "request_denied",
      message: "a request has at most 262144 bytes",
    });
    assert.deepEqual(control.orders, []);
  });

  it("says so when it cannot answer, and lives on", async () => {
    await using dir = await tempDir();
    let broken = true;
    const status = () => {
      if (broken) throw new Error("lost");
      return daemonStatus([]);
    };
    await using _control = await started(dir.path, { status });
    await assert.rejects(fetchStatus(dir.path, never), { reason: "internal", message: "lost" });
    broken = false;
    await fetchStatus(dir.path, never);
  });

  it("stops although a client holds a connection open", async () => {
    await using dir = await tempDir();
    const control = await started(dir.path);
    const hung = converse(dir.join("admin.sock"), "POST /v1/renew HTTP/1.1\r\nContent-Len");
    await fetchStatus(dir.path, never);
    await control.stop();
    await hung;
  });
});

describe("the client", () => {
  it("says that no leafd runs when there is no socket or a dead one", async () => {
    await using dir = await tempDir();
    const expected = { reason: "connect", message: `no leafd is running that listens at ${dir.join("status.sock")}` };
    await assert.rejects(fetchStatus(dir.path, never), expected);
    await run(process.execPath, [fixture("abandon-socket.mjs"), dir.join("status.sock")]).catch(() => {});
    await assert.rejects(fetchStatus(dir.path, never), expected);
  });

  it("believes no answer that is not leafd's", async () => {
    await using dir = await tempDir();
    const other = createServer((_request, response) => response.end("<html>")).listen(dir.join("status.sock"));
    await assert.rejects(fetchStatus(dir.path, never), { reason: "bad_response" });
    other.close();
  });

  it("passes on what a leafd of another version says, for a reason that this one does not know", async () => {
    await using dir = await tempDir();
    const refusal = { error: { reason: "not_invented_yet", message: "this needs more", hint: "Do that." } };
    const other = createServer((_request, response) => response.writeHead(400).end(JSON.stringify(refusal)));
    other.listen(dir.join("status.sock"));
    const expected = { reason: "bad_response", message: "this needs more", hint: "Do that." };
    await assert.rejects(fetchStatus(dir.path, never), expected);
    other.close();
  });

  it("is told what to do when it is later than the leafd that runs", async () => {
    await using dir = await tempDir();
    await using control = await started(dir.path);
    const later = { kind: "renew", request: { all: true, force: false, gently: true } } as const;
    const expected = { reason: "request_denied", message: /no member "gently"/, hint: /restart that one/ };
    await assert.rejects(sendOrder(dir.path, later, never), expected);
    assert.deepEqual(control.orders, []);
  });

  it("says that leafd hung up", async () => {
    await using dir = await tempDir();
    const other = createServer((request) => request.socket.destroy()).listen(dir.join("status.sock"));
    await assert.rejects(fetchStatus(dir.path, never), { reason: "bad_response", message: /hung up/ });
    other.close();
  });

  it("can be told to stop waiting", async () => {
    await using dir = await tempDir();
    const stop = new AbortController();
    const other = createServer(() => stop.abort()).listen(dir.join("status.sock"));
    await assert.rejects(fetchStatus(dir.path, stop.signal), { reason: "cancelled" });
    other.closeAllConnections();
    other.close();
  });
});
