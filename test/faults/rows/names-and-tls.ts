import { writeFile } from "node:fs/promises";
import { type FaultProxy, faultProxy } from "../../support/fault-proxy.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { TestCa, type TestLeaf } from "../../support/test-ca.ts";
import { seconds } from "../measure.ts";
import type { FaultRow } from "../row.ts";
import { onStage } from "../stage.ts";

/* How leafd finds Vault, and how it knows that it is Vault. */

const NAME = "vault.test";

/** What a TLS server presents. */
function presented({ certificate, privateKey }: TestLeaf): { cert: string; key: string } {
  return { cert: certificate.pem, key: privateKey.reveal() };
}

/** Ends the connections that are kept, so that the next request needs a new one. */
async function hangUp(front: FaultProxy): Promise<void> {
  await front.inject({ kind: "refuse" });
  await front.heal();
}

/** Names are looked up in a hosts file of leafd's own, and nowhere else: both files are mounted over the system's. */
async function ownResolver(dir: TempDir) {
  const [hosts, resolver] = [dir.join("hosts"), dir.join("resolv.conf")];
  await writeFile(resolver, "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
  const point = (...addresses: readonly string[]) =>
    writeFile(hosts, addresses.map((address) => `${address} ${NAME}\n`).join(""));
  await point("127.0.0.1");
  const script = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"';
  return { point, wrapper: ["unshare", "--mount", "sh", "-c", script, "sh", hosts, resolver] };
}

const lookups: FaultRow = {
  id: 9,
  fault: "DNS flaps, address changes",
  expected: "resolved at each attempt",
  run: async (scene) => {
    if (process.getuid?.() !== 0) return { verdict: "deferred", figure: "a hosts file of its own needs root" };
    const dir = scene.resources.use(await tempDir());
    const { point, wrapper } = await ownResolver(dir);
    const ca = await TestCa.root();
    const tls = presented(await ca.leaf({ dns: [NAME] }));
    await writeFile(dir.join("ca.pem"), ca.certificate.pem);
    const fronts: FaultProxy[] = [];
    return onStage(
      scene,
      {
        services: { web: {} },
        ttl: 60,
        start: { wrapper },
        settings: async ({ vault, auth }) => {
          const old = scene.resources.use(await faultProxy({ to: vault.address, tls }));
          const place = { host: "127.0.0.2", port: old.port };
          fronts.push(old, scene.resources.use(await faultProxy({ to: vault.address, tls, ...place })));
          return { vault: { address: `https://${NAME}:${old.port}`, tls: { caFile: dir.join("ca.pem") }, auth } };
        },
      },
      async ({ leafd, place, expect }) => {
        const [old, moved] = fronts;
        if (old === undefined || moved === undefined) throw new Error("there is no server");
        await point();
        await old.inject({ kind: "refuse" });
        await place.run("renew", ["web"]);
        const { reason } = await leafd.next("rotation_failed");
        expect(reason === "dns", `a name that is gone was told as ${reason}`);

        await point("127.0.0.2");
        const began = performance.now();
        await leafd.next("published");
        const recovery = performance.now() - began;
        expect(recovery < 4_000, `the new address was found after ${recovery} ms`);
        expect(moved.requests.length > 0, "the new address was not asked");

        const failures = leafd.seen("rotation_failed").length;
        await point("127.0.0.1", "127.0.0.2");
        await hangUp(moved);
        await place.run("renew", ["web"]);
        await leafd.next("published");
        const dead = leafd.seen("rotation_failed").length - failures;
        expect(dead === 0, "of two addresses the dead one cost an attempt");
        return `recovery_s=${seconds(recovery)} attempts_lost_to_a_dead_address_of_two=${dead} (hosts file of its own)`;
      },
    );
  },
};

const impostors: FaultRow = {
  id: 10,
  fault: "Vault's TLS certificate expired or of a wrong CA",
  expected: "no downgrade, reason `tls`",
  run: async (scene) => {
    const ca = await TestCa.root();
    const good = await ca.leaf({ ips: ["127.0.0.1"] });
    const bad = {
      expired: await ca.leaf({ ips: ["127.0.0.1"], notBefore: Date.now() - 7_200_000, notAfter: Date.now() - 1_000 }),
      "of a wrong CA": await (await TestCa.root()).leaf({ ips: ["127.0.0.1"] }),
      "of another name": await ca.leaf({ dns: ["elsewhere.test"] }),
    };
    let front: FaultProxy | undefined;
    return onStage(
      scene,
      {
        services: { web: {} },
        ttl: 60,
        // What turns verification off elsewhere.
        start: { env: { NODE_TLS_REJECT_UNAUTHORIZED: "0", VAULT_SKIP_VERIFY: "true" } },
        settings: async ({ vault, auth, place }) => {
          front = scene.resources.use(await faultProxy({ to: vault.address, tls: presented(good) }));
          await writeFile(place.dir.join("ca.pem"), ca.certificate.pem);
          return { vault: { address: front.address, tls: { caFile: place.dir.join("ca.pem") }, auth } };
        },
      },
      async ({ leafd, place, expect }) => {
        if (front === undefined) throw new Error("there is no server");
        const [requests, connections] = [front.requests.length, front.connections()];
        for (const [what, leaf] of Object.entries(bad)) {
          front.useTls(presented(leaf));
          await hangUp(front);
          await place.run("renew", ["web"]);
          const { reason } = await leafd.next("rotation_failed");
          expect(reason === "tls", `a certificate ${what} was told as ${reason}`);
        }
        const insecure = front.requests.length - requests;
        const tried = front.connections() - connections;
        expect(insecure === 0, `${insecure} requests were sent to a server that was not proved`);
        expect(tried >= 3, `only ${tried} connections were tried`);
        front.useTls(presented(good));
        const began = performance.now();
        await leafd.next("published");
        return `insecure_calls=${insecure} handshakes_refused=${tried} recovery_s=${seconds(performance.now() - began)}`;
      },
    );
  },
};

export const NAME_AND_TLS_ROWS: readonly FaultRow[] = [lookups, impostors];
