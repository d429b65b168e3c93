import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { freePort } from "../../../src/dev/demo/free-port.ts";
import { startHaproxy } from "../../support/haproxy.ts";
import { startNginx } from "../../support/nginx.ts";
import { startPostgres } from "../../support/postgres.ts";
import { look, materialOf, servedAs } from "../../support/probe.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { TestCa } from "../../support/test-ca.ts";
import { waitFor } from "../../support/wait-for.ts";

const ca = await TestCa.root();
const issuing = await ca.intermediate();
const leaf = await issuing.leaf({ dns: ["payments.svc"] });
const material = materialOf(leaf, issuing);
const own = materialOf(await issuing.leaf({ dns: ["client.svc"] }), issuing);
const strangers = materialOf(await (await TestCa.root({ name: "Nobody" })).leaf({ dns: ["stranger.svc"] }));

test("a real nginx that demands a client certificate shows its leaf to ours and to a stranger's", async () => {
  await using dir = await tempDir();
  const port = await freePort();
  await writeFile(dir.join("tls.crt"), material.certificate);
  await writeFile(dir.join("tls.key"), material.privateKey.reveal());
  await writeFile(dir.join("ca.crt"), ca.certificate.pem);
  const directives = "ssl_verify_client on; ssl_client_certificate ca.crt; ssl_verify_depth 2;";
  await using nginx = await startNginx({ dir, port, certificate: "tls.crt", key: "tls.key", directives });
  for (const presented of [own, strangers]) assert.deepEqual(await look({ port }, { own: presented }), servedAs(leaf));
  await nginx.stop();
  assert.equal(await readFile(dir.join("error.log"), "utf8"), "", "a probe is no line in its log");
});

test("a real HAProxy that demands a client certificate shows its leaf to ours, and to a stranger's with its refusal", async () => {
  await using dir = await tempDir();
  const [either, twelve, thirteen] = [await freePort(), await freePort(), await freePort()];
  await writeFile(dir.join("pair.pem"), material.certificate + material.privateKey.reveal());
  await writeFile(dir.join("ca.crt"), ca.certificate.pem);
  const pair = `ssl crt ${dir.join("pair.pem")}`;
  const demanding = `${pair} verify required ca-file ${dir.join("ca.crt")}`;
  await using _haproxy = await startHaproxy({
    dir,
    binds: {
      [either]: pair,
      [twelve]: `${demanding} ssl-max-ver TLSv1.2`,
      [thirteen]: `${demanding} ssl-min-ver TLSv1.3`,
    },
  });
  for (const port of [either, twelve, thirteen])
    for (const presented of [own, strangers])
      assert.deepEqual(await look({ port }, { own: presented }), servedAs(leaf), `port ${port}`);
});

test("a real PostgreSQL shows its leaf after STARTTLS, and the next one after a SIGHUP", async () => {
  const port = await freePort();
  await using postgres = await startPostgres({ port, material });
  const endpoint = { port, startTls: "postgres" } as const;
  assert.deepEqual(await look(endpoint, { own }), servedAs(leaf));
  await assert.rejects(look({ port }, { own }), { reason: "probe_failed" });
  const next = await issuing.leaf({ dns: ["payments.svc"] });
  await postgres.publish(materialOf(next, issuing));
  assert.deepEqual(await look(endpoint, { own }), servedAs(leaf), "new files alone change nothing");
  process.kill(postgres.pid, "SIGHUP");
  const renewed = async () => (await look(endpoint, { own })).serial === next.certificate.serial;
  await waitFor(renewed, { what: "the renewed leaf" });
  assert.doesNotMatch(postgres.output(), /SSL connection/, "a probe is no line in its log");
});

test("a real PostgreSQL without TLS says so", async () => {
  const port = await freePort();
  await using _postgres = await startPostgres({ port });
  await assert.rejects(look({ port, startTls: "postgres" }, { own }), {
    reason: "probe_failed",
    message: `the PostgreSQL server at 127.0.0.1:${port} does not do TLS`,
  });
});
