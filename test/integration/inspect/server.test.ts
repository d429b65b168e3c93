import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { test } from "node:test";
import { freePort } from "../../../src/dev/demo/free-port.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { inspect } from "../../support/inspect.ts";
import { startNginx } from "../../support/nginx.ts";
import { startPostgres } from "../../support/postgres.ts";
import { materialOf, tcpServer, tlsServer } from "../../support/probe.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { TestCa, type TestLeaf } from "../../support/test-ca.ts";

const root = await TestCa.root({ name: "Test Root" });
const issuing = await root.intermediate({ name: "Test Issuing" });
const good = await issuing.leaf({ dns: ["payments.svc"], ips: ["127.0.0.1"] });

interface Serving {
  readonly dir: TempDir;
  readonly leaf?: TestLeaf;
  /** What stands in its file after the leaf. */
  readonly chain?: readonly TestCa[];
  readonly directives?: string;
}

/** A real nginx with this pair; `ca.crt` with the root lies beside. */
async function nginx({ dir, leaf = good, chain = [issuing], directives = "" }: Serving) {
  const port = await freePort();
  await writeFile(dir.join("tls.crt"), [leaf.certificate.pem, ...chain.map((ca) => ca.certificate.pem)].join(""));
  await writeFile(dir.join("tls.key"), leaf.privateKey.reveal(), { mode: 0o600 });
  await writeFile(dir.join("ca.crt"), root.certificate.pem);
  const server = await startNginx({ dir, port, certificate: "tls.crt", key: "tls.key", directives });
  const at = `127.0.0.1:${port}`;
  return {
    inspect: (...args: readonly string[]) => inspect(at, "--ca", dir.join("ca.crt"), ...args),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

test("a real nginx that serves a good chain: what was agreed, the chain as it was sent, nothing wrong", async () => {
  await using dir = await tempDir();
  await using server = await nginx({ dir, directives: "ssl_protocols TLSv1.2 TLSv1.3;" });
  const { exitCode, answer, said } = await server.inspect("--server-name", "payments.svc");
  assert.deepEqual([exitCode, answer.ok, said], [0, true, []]);
  const [target] = answer.inspected;
  assert.equal(target?.served?.protocol, "TLSv1.3");
  assert.match(target?.served?.cipher ?? "", /^TLS_/);
  assert.deepEqual(target?.served?.clientCertificate, { asked: false, presented: false, authorities: [] });
  assert.deepEqual(
    target?.chains[0]?.certificates.map(({ role, shown }) => [role, shown]),
    [
      ["leaf", true],
      ["intermediate", true],
      ["root", false],
    ],
  );
  assert.equal(target?.chains[0]?.anchor, "CN=Test Root");
});

test("a real nginx without its intermediate, with the root, in the wrong order, with an ended leaf", async () => {
  const over = await issuing.leaf({
    dns: ["payments.svc"],
    notBefore: Date.now() - HOUR,
    notAfter: Date.now() - MINUTE,
  });
  const name = ["--server-name", "payments.svc"] as const;
  const cases: readonly [Omit<Serving, "dir">, readonly string[]][] = [
    [{ chain: [] }, ["error chain_broken"]],
    [{ chain: [issuing, root] }, ["warning root_sent"]],
    [{ chain: [root, issuing] }, ["warning chain_disordered", "warning root_sent"]],
    [{ leaf: over }, ["error expired"]],
  ];
  for (const [serving, expected] of cases)
    for (const protocols of ["TLSv1.2", "TLSv1.3"]) {
      await using dir = await tempDir();
      await using server = await nginx({ dir, directives: `ssl_protocols ${protocols};`, ...serving });
      const { exitCode, answer, said } = await server.inspect(...name);
      assert.deepEqual(said, expected, protocols);
      assert.equal(exitCode, expected.some((each) => each.startsWith("error")) ? 1 : 0);
      assert.equal(answer.inspected[0]?.served?.protocol, protocols);
    }
});

test("a name that the certificate of a real nginx does not hold, said by --name, SNI or the address", async () => {
  await using dir = await tempDir();
  await using server = await nginx({ dir, leaf: await issuing.leaf({ dns: ["payments.svc"] }) });
  assert.deepEqual((await server.inspect()).said, ["warning name_mismatch"]);
  assert.deepEqual((await server.inspect("--name", "payments.svc")).said, []);
  assert.deepEqual((await server.inspect("--server-name", "orders.svc")).said, ["error name_mismatch"]);
  const spiffe = await server.inspect("--name", "payments.svc", "--name", "spiffe://corp/payments");
  assert.deepEqual([spiffe.exitCode, spiffe.said], [1, ["error name_mismatch"]]);
  assert.match(
    spiffe.answer.inspected[0]?.findings[0]?.message ?? "",
    /"spiffe:\/\/corp\/payments"; it is for "payments/,
  );
});

test("a real nginx that asks for a client certificate, and of whom it takes one", async () => {
  const client = await issuing.leaf({ dns: ["client.svc"] });
  for (const protocols of ["TLSv1.2", "TLSv1.3"]) {
    await using dir = await tempDir();
    const directives = `ssl_protocols ${protocols}; ssl_verify_client on; ssl_client_certificate ca.crt; ssl_verify_depth 2;`;
    await using server = await nginx({ dir, directives });
    const without = await server.inspect();
    assert.deepEqual(without.said, ["warning client_certificate_asked"]);
    const { clientCertificate } = without.answer.inspected[0]?.served ?? {};
    assert.deepEqual(clientCertificate, { asked: true, presented: false, authorities: ["CN=Test Root"] });
    await writeFile(dir.join("client.crt"), client.certificate.pem + issuing.certificate.pem);
    await writeFile(dir.join("client.key"), client.privateKey.reveal());
    const presenting = ["--cert", dir.join("client.crt"), "--key", dir.join("client.key")];
    assert.deepEqual((await server.inspect(...presenting)).said, []);
  }
});

test("a server that refuses who has no client certificate, in either version", async () => {
  const material = materialOf(good, issuing);
  const demanding = { requestCert: true, rejectUnauthorized: true, ca: root.certificate.pem };
  for (const [version, alert] of [
    ["TLSv1.2", /alert handshake failure/],
    ["TLSv1.3", /alert certificate required/],
  ] as const) {
    await using server = await tlsServer(material, { ...demanding, minVersion: version, maxVersion: version });
    const { exitCode, answer, said } = await inspect(`127.0.0.1:${server.port}`);
    assert.equal(exitCode, 1);
    assert.ok(said.includes("error client_certificate_refused"), String(said));
    const refused = answer.inspected[0]?.findings.find(({ code }) => code === "client_certificate_refused");
    assert.match(refused?.message ?? "", alert);
    assert.match(refused?.message ?? "", /takes those of "CN=Test Root"/);
  }
});

test("ALPN, TLS 1.0 and IPv6", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("ca.crt"), root.certificate.pem);
  const arguments_ = ["--ca", dir.join("ca.crt"), "--name", "payments.svc"];
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
  await using six = await tlsServer(materialOf(good, issuing), { ...old, ALPNProtocols: ["h2"] }, "::1");
  const chosen = await inspect(`[::1]:${six.port}`, ...arguments_, "--alpn", "http/1.1,h2");
  assert.deepEqual(chosen.said, ["error tls_version"]);
  assert.deepEqual(chosen.answer.inspected[0]?.target, `[::1]:${six.port}`);
  assert.equal(chosen.answer.inspected[0]?.served?.alpn, "h2");
  await using plain = await tlsServer(materialOf(good, issuing));
  const none = await inspect(`127.0.0.1:${plain.port}`, ...arguments_, "--alpn", "h2");
  assert.deepEqual([none.exitCode, none.said], [0, ["warning alpn_refused"]]);
});

test("a real PostgreSQL is seen behind STARTTLS", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("ca.crt"), root.certificate.pem);
  const port = await freePort();
  await using _postgres = await startPostgres({ port, material: materialOf(good, issuing) });
  const at = [`127.0.0.1:${port}`, "--ca", dir.join("ca.crt")];
  assert.deepEqual((await inspect(...at, "--starttls", "postgres")).said, []);
  const without = await inspect(...at);
  assert.deepEqual([without.exitCode, without.said], [1, ["error handshake_failed"]]);
});

test("a server that cuts the connection after the handshake has shown what it shows", async () => {
  await using server = await tlsServer(materialOf(good, issuing), { requestCert: true, rejectUnauthorized: false });
  await using cutting = await tcpServer((socket) => {
    const behind = connect(server.port, "127.0.0.1");
    behind.pipe(socket);
    socket.once("data", (hello) => {
      behind.write(hello);
      socket.once("data", () => {
        behind.destroy();
        socket.resetAndDestroy();
      });
    });
  });
  const { answer, said } = await inspect(`127.0.0.1:${cutting.port}`);
  assert.deepEqual(said, ["error chain_broken", "warning client_certificate_asked"], "no root was named");
  assert.equal(answer.inspected[0]?.served?.protocol, "TLSv1.3");
});

test("nobody there, a name that is none, silence and another protocol are told apart", async () => {
  const message = async (...args: readonly string[]) => {
    const { exitCode, answer, said } = await inspect(...args);
    return [exitCode, said.join(), answer.inspected[0]?.findings[0]?.message] as const;
  };
  const port = await freePort();
  assert.deepEqual(await message(`127.0.0.1:${port}`), [
    69,
    "error unreachable",
    `127.0.0.1:${port} cannot be reached (ECONNREFUSED)`,
  ]);
  const [code, , unknown] = await message("nobody.invalid:443");
  assert.equal(code, 69);
  assert.match(unknown ?? "", /^the name nobody\.invalid does not resolve \(E/);
  await using silent = await tcpServer(() => {});
  assert.deepEqual(await message(`127.0.0.1:${silent.port}`, "--timeout", "200ms"), [
    1,
    "error handshake_failed",
    `127.0.0.1:${silent.port} did not come to a certificate in a TLS handshake within 200ms`,
  ]);
  await using chatty = await tcpServer((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const [, , other] = await message(`127.0.0.1:${chatty.port}`);
  assert.match(other ?? "", /does not speak TLS/);
});
