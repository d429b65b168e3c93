import assert from "node:assert/strict";
import { readFile, rename, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import test, { describe } from "node:test";
import { TLSSocket } from "node:tls";
import type { ClusterSpec } from "../../../src/domain/cluster-spec.ts";
import { LeafdError } from "../../../src/domain/errors.ts";
import { VaultClient } from "../../../src/vault/client.ts";
import { TlsMaterial } from "../../../src/vault/tls-material.ts";
import { httpServer } from "../../support/http-server.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { type LeafOptions, TestCa, type TestLeaf } from "../../support/test-ca.ts";
import { clusterSpec, vaultClient } from "../../support/vault-client.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const never = new AbortController().signal;
const READ = { operation: "read", path: "sys/mounts" } as const;
const LOOPBACK: LeafOptions = { ips: ["127.0.0.1"] };

const ok: RequestListener = (_request, response) => void response.end("{}");
const pairOf = ({ certificate, privateKey }: TestLeaf) => ({ cert: certificate.pem, key: privateKey.reveal() });

async function reasonOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  return error instanceof LeafdError ? error.reason : "none";
}

describe("the server's certificate", () => {
  test("is verified whatever the environment says", async (t) => {
    const planted = { VAULT_SKIP_VERIFY: "1", NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    Object.assign(process.env, planted);
    t.after(() => Object.keys(planted).forEach((name) => delete process.env[name]));
    const ca = await TestCa.root();
    let requests = 0;
    const count: RequestListener = (request, response) => {
      requests += 1;
      ok(request, response);
    };
    await using server = await httpServer(count, { tls: pairOf(await ca.leaf(LOOPBACK)) });
    assert.equal(await reasonOf(vaultClient({ addresses: [server.address] }).client.send(READ, never)), "tls");
    assert.equal(requests, 0);
  });

  test("is missed where the other side speaks no TLS, and that is said instead of OpenSSL's words", async () => {
    await using server = await httpServer(ok);
    const address = server.address.replace("http://", "https://");
    await assert.rejects(vaultClient({ addresses: [address] }).client.send(READ, never), {
      reason: "tls",
      message: `${address}: what answers there speaks no TLS (EPROTO)`,
      hint: /^check the port; .*http:\/\//,
    });
  });

  test("of another CA, of another name and expired is tls; of the right CA it is good", async () => {
    await using directory = await tempDir();
    const [ca, other] = await Promise.all([TestCa.root(), TestCa.root()]);
    const caFile = directory.join("ca.pem");
    await writeFile(caFile, ca.certificate.pem);
    const ask = async (leaf: TestLeaf, serverName?: string) => {
      await using server = await httpServer(ok, { tls: pairOf(leaf) });
      const tls: ClusterSpec["tls"] = { caFile, ...(serverName === undefined ? {} : { serverName }) };
      return await reasonOf(vaultClient({ addresses: [server.address], tls }).client.send(READ, never));
    };
    const past = Date.now() - 3_600_000;
    assert.equal(await ask(await ca.leaf(LOOPBACK)), "none");
    assert.equal(await ask(await other.leaf(LOOPBACK)), "tls");
    assert.equal(await ask(await ca.leaf({ dns: ["vault.internal"] })), "tls");
    assert.equal(await ask(await ca.leaf({ dns: ["vault.internal"] }), "vault.internal"), "none");
    assert.equal(await ask(await ca.leaf({ ...LOOPBACK, notBefore: past, notAfter: past + 1_000 })), "tls");
  });

  test("may be of a new CA as soon as the CA file has changed", async () => {
    await using directory = await tempDir();
    const [old, next] = await Promise.all([TestCa.root(), TestCa.root()]);
    const caFile = directory.join("ca.pem");
    await writeFile(caFile, old.certificate.pem);
    const { client, clock } = onVirtualTime({ tls: { caFile } });
    await using server = await httpServer(ok, { tls: pairOf(await old.leaf(LOOPBACK)) });
    const vault = client(server.address);
    assert.equal(await reasonOf(vault.send(READ, never)), "none");
    server.useTls(pairOf(await next.leaf(LOOPBACK)));
    server.resetAll();
    assert.equal(await reasonOf(vault.send(READ, never)), "tls");
    await writeFile(caFile, next.certificate.pem);
    await clock.advance(1_000);
    assert.equal(await reasonOf(vault.send(READ, never)), "none");
  });
});

describe("our client certificate", () => {
  test("is presented, and a new one is presented as soon as its files have changed", async () => {
    await using directory = await tempDir();
    const ca = await TestCa.root();
    const [caFile, certFile, keyFile] = ["ca.pem", "tls.crt", "tls.key"].map((name) => directory.join(name));
    assert.ok(caFile && certFile && keyFile);
    const write = async (leaf: TestLeaf) => {
      await writeFile(certFile, leaf.certificate.pem);
      await writeFile(keyFile, leaf.privateKey.reveal());
    };
    const seen: string[] = [];
    const note: RequestListener = (request, response) => {
      const { socket } = request;
      if (socket instanceof TLSSocket) seen.push(String(socket.getPeerCertificate().subject.CN));
      ok(request, response);
    };
    const tls = { ...pairOf(await ca.leaf(LOOPBACK)), ca: ca.certificate.pem, requestCert: true };
    await using server = await httpServer(note, { tls });
    await writeFile(caFile, ca.certificate.pem);
    await write(await ca.leaf({ commonName: "first" }));
    const { client, clock } = onVirtualTime({ tls: { caFile, certFile, keyFile } });
    const vault = client(server.address);
    await vault.send(READ, never);

    // The writer is half way: the new certificate with the old key. The old pair stays in force.
    const second = await ca.leaf({ commonName: "second" });
    await writeFile(certFile, second.certificate.pem);
    await clock.advance(1_000);
    await vault.send(READ, never);
    await write(second);
    await clock.advance(1_000);
    await vault.send(READ, never);
    assert.deepEqual(seen, ["first", "first", "second"]);
  });

  test("that cannot be used at the start is credential_missing, and says which setting to look at", async () => {
    await using directory = await tempDir();
    const [leaf, other] = await (async () => {
      const ca = await TestCa.root();
      return [await ca.leaf(), await ca.leaf()] as const;
    })();
    const [certFile, keyFile] = [directory.join("tls.crt"), directory.join("tls.key")];
    await writeFile(certFile, leaf.certificate.pem);
    await writeFile(keyFile, other.privateKey.reveal());
    const { client } = vaultClient({ addresses: ["https://127.0.0.1:1"], tls: { certFile, keyFile } });
    await assert.rejects(client.send(READ, never), { reason: "credential_missing", hint: /tls\.keyFile/ });
  });

  test("survives a moment in which its files are away, as in a swap", async () => {
    await using directory = await tempDir();
    const ca = await TestCa.root();
    const caFile = directory.join("ca.pem");
    await writeFile(caFile, ca.certificate.pem);
    const clock = new VirtualClock();
    const material = new TlsMaterial({ caFile }, clock);
    const before = material.current();
    await rename(caFile, directory.join("away"));
    await clock.advance(1_000);
    assert.equal(material.current(), before);
    await writeFile(caFile, await readFile(directory.join("away")));
    await clock.advance(1_000);
    assert.equal(material.current(), before, "the same content is no change");
  });
});

function onVirtualTime(settings: Partial<ClusterSpec>) {
  const clock = new VirtualClock();
  const client = (address: string) => {
    const spec = clusterSpec({ addresses: [address], ...settings });
    return new VaultClient({ spec, tls: new TlsMaterial(spec.tls, clock), clock, emit: () => undefined });
  };
  return { client, clock };
}
