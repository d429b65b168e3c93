import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect, type LookupFunction, type Socket } from "node:net";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { freePort } from "../../../src/dev/demo/free-port.ts";
import type { LeafdError } from "../../../src/domain/errors.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { type LocalServer, look, materialOf, servedAs, tcpServer, tlsServer } from "../../support/probe.ts";
import { TestCa } from "../../support/test-ca.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const ca = await TestCa.root();
const leaf = await ca.leaf({ dns: ["payments.svc"] });
const own = materialOf(leaf);
const SSL_REQUEST = "00000008 04d2162f".replace(" ", "");

/** A server that says `text` at once and nothing else. */
function saying(text: string | Buffer): Promise<LocalServer> {
  return tcpServer((socket) => socket.write(text));
}

/** A server that hears the request for TLS, and answers with `act`. */
function askedForTls(act: (socket: Socket) => void): Promise<LocalServer> {
  return tcpServer((socket) =>
    socket.once("data", (request) => {
      assert.equal(request.toString("hex"), SSL_REQUEST);
      act(socket);
    }),
  );
}

function failed(message: string) {
  return { name: "LeafdError", reason: "probe_failed", message, hint: /^[A-Z].+[.?]$/ };
}

suite("what cannot be seen says what and where", () => {
  test("nobody listens", async () => {
    const port = await freePort();
    await assert.rejects(look({ port }, { own }), failed(`127.0.0.1:${port} cannot be reached (ECONNREFUSED)`));
    await assert.rejects(
      look({ host: "::1", port }, { own }),
      failed(`[::1]:${port} cannot be reached (ECONNREFUSED)`),
    );
  });

  test("the name does not resolve", async () => {
    const lookup: LookupFunction = (name, _options, callback) =>
      callback(Object.assign(new Error(name), { code: "ENOTFOUND" }), "");
    await assert.rejects(
      look({ host: "db.internal", port: 5432 }, { own, lookup }),
      failed("the name db.internal does not resolve (ENOTFOUND)"),
    );
  });

  test("the connection is closed, cleanly or not", async () => {
    for (const close of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      await using dependent = await tcpServer((socket) => socket.once("data", () => close(socket)));
      await assert.rejects(
        look(dependent, { own }),
        failed(`127.0.0.1:${dependent.port} closed the connection before it showed a certificate`),
      );
    }
  });

  for (const greeting of [
    "SSH-2.0-OpenSSH_9.2p1\r\n",
    "220 mail.example ESMTP\r\n",
    "\0".repeat(64),
    "x".repeat(100_000),
  ])
    test(`no TLS but ${JSON.stringify(greeting.slice(0, 24))}`, async () => {
      await using dependent = await saying(greeting);
      await assert.rejects(look(dependent, { own }), /^LeafdError: 127.0.0.1:\d+ does not speak TLS \(ERR_SSL_\w+\)$/);
    });

  test("HTTP without the S", async () => {
    await using dependent = await tcpServer((socket) => createHttpServer().emit("connection", socket));
    await assert.rejects(look(dependent, { own }), /does not speak TLS/);
  });

  test("no protocol in common", async () => {
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    await using dependent = await tlsServer(own, old);
    await assert.rejects(
      look(dependent, { own }),
      failed(`127.0.0.1:${dependent.port} refused the handshake (alert protocol version)`),
    );
  });

  test("our own pair is of no use, and no word of it is said", async () => {
    const privateKey = new Secret("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    await assert.rejects(look({ port: 1 }, { own: { ...own, privateKey } }), (error: LeafdError) => {
      assert.match(error.message, /^the pair cannot be presented to 127.0.0.1:1 \(ERR_OSSL_\w+\)$/);
      assert(!inspect(error, { depth: Infinity }).includes("c2VjcmV0"));
      return error.reason === "probe_failed";
    });
  });
});

suite("STARTTLS of PostgreSQL", () => {
  for (const [answer, message] of [
    ["N", "the PostgreSQL server at WHERE does not do TLS"],
    ["E\0\0\0\x0bSFATAL", "the PostgreSQL server at WHERE answered the request for TLS with an error"],
    ["S\x16\x03\x03", "WHERE did not answer as a PostgreSQL server does"],
    ["\x15\x03\x01\0\x02\x02\x46", "WHERE did not answer as a PostgreSQL server does"],
    ["SSH-2.0", "WHERE did not answer as a PostgreSQL server does"],
  ] as const)
    test(`the answer ${JSON.stringify(answer)}`, async () => {
      await using dependent = await askedForTls((socket) => socket.write(Buffer.from(answer, "latin1")));
      const where = `127.0.0.1:${dependent.port}`;
      const endpoint = { port: dependent.port, startTls: "postgres" } as const;
      await assert.rejects(look(endpoint, { own }), failed(message.replace("WHERE", where)));
    });

  test("no answer but the end", async () => {
    await using dependent = await askedForTls((socket) => socket.end());
    await assert.rejects(
      look({ port: dependent.port, startTls: "postgres" }, { own }),
      failed(`127.0.0.1:${dependent.port} closed the connection when it was asked for TLS`),
    );
  });

  test("the answer S, and then the leaf", async () => {
    await using database = await tlsServer(own);
    await using dependent = await askedForTls((socket) => {
      socket.write("S");
      const far = connect(database.port, "127.0.0.1");
      far.pipe(socket).pipe(far);
    });
    assert.deepEqual(await look({ port: dependent.port, startTls: "postgres" }, { own }), servedAs(leaf));
  });
});

suite("the whole has one limit of time", () => {
  /** A look of 5 s whose server has been reached; `after(ms)` lets time pass and answers how it stands. */
  async function slowly(dependent: LocalServer, endpoint: Partial<Parameters<typeof look>[0]> = {}) {
    const clock = new VirtualClock();
    const connected = once(dependent.server, "connection");
    const looking = look({ port: dependent.port, timeout: 5000, ...endpoint }, { own, clock });
    let stands = "waits";
    looking.catch((error: LeafdError) => {
      stands = error.message;
    });
    const [socket]: Socket[] = await connected;
    assert(socket);
    await once(socket, "data");
    const after = async (time: number) => {
      await clock.advance(time);
      return stands;
    };
    return { socket, looking, clock, after };
  }

  test("of a server that never answers", async () => {
    await using dependent = await tcpServer(() => {});
    const { socket, looking, clock, after } = await slowly(dependent);
    assert.equal(await after(4999), "waits");
    const message = `127.0.0.1:${dependent.port} did not come to a certificate in a TLS handshake within 5s`;
    await Promise.all([once(socket, "close"), clock.advance(1), assert.rejects(looking, failed(message))]);
  });

  test("of a server that drips", async () => {
    await using dependent = await tcpServer(() => {});
    const { socket, looking, clock, after } = await slowly(dependent);
    for (const byte of [0x16, 0x03, 0x03, 0x00]) {
      socket.write(Buffer.of(byte));
      assert.equal(await after(1249), "waits");
    }
    await Promise.all([clock.advance(4), assert.rejects(looking, /did not come to a certificate/)]);
  });

  test("of a PostgreSQL server that never answers the request for TLS", async () => {
    await using dependent = await tcpServer(() => {});
    const { looking, clock, after } = await slowly(dependent, { startTls: "postgres" });
    assert.equal(await after(4999), "waits");
    const message = `127.0.0.1:${dependent.port} did not answer the request for TLS within 5s`;
    await Promise.all([clock.advance(1), assert.rejects(looking, failed(message))]);
  });

  test("of a resolver that hangs", async () => {
    const clock = new VirtualClock();
    const looking = look({ host: "db.internal", port: 5432, timeout: 5000 }, { own, clock, lookup: () => {} });
    const message = "db.internal:5432 could not be reached within 5s";
    await Promise.all([clock.advance(5000), assert.rejects(looking, failed(message))]);
  });

  test("of a handshake that does not go on after the leaf, which has been seen", async () => {
    await using database = await tlsServer(own, { maxVersion: "TLSv1.2" });
    await using dependent = await tcpServer((near) => {
      const far = connect(database.port, "127.0.0.1");
      far.pipe(near);
      near.once("data", (hello) => far.write(hello));
    });
    const { socket, looking, clock } = await slowly(dependent);
    await once(socket, "data"); // our answer to the leaf
    await clock.advance(5000);
    assert.deepEqual(await looking, servedAs(leaf));
  });

  test("which leaves nothing that waits, once it is over", async () => {
    await using dependent = await tlsServer(own);
    const clock = new VirtualClock();
    await look(dependent, { own, clock });
    assert.equal(clock.sleeping, 0);
  });
});

test("a look that is cancelled ends at once, with its connection", async () => {
  await using dependent = await tcpServer(() => {});
  const stop = new AbortController();
  const connected = once(dependent.server, "connection");
  const looking = look(dependent, { own, signal: stop.signal });
  const [socket]: Socket[] = await connected;
  assert(socket);
  socket.resume();
  const closed = once(socket, "close");
  stop.abort();
  await assert.rejects(looking, { reason: "cancelled" });
  await closed;
  await assert.rejects(look(dependent, { own, signal: stop.signal }), { reason: "cancelled" });
});
