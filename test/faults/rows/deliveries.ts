import { writeFile } from "node:fs/promises";
import { type FaultProxy, faultProxy } from "../../support/fault-proxy.ts";
import { kubernetesAuth, serviceAccount } from "../../support/kubernetes-auth.ts";
import { projectedFiles } from "../../support/projected-files.ts";
import { TestCa } from "../../support/test-ca.ts";
import { seconds } from "../measure.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";
import { bothOf, onStage, type StageSet } from "../stage.ts";

/* What others deliver to leafd on disk: Vault's CA, secret-ids, service account tokens. */

const LOGIN = "auth/approle/role/pki-svc";

/** Sooner or later leafd looks: the token's keeper every 30 s, every request on its way. */
const LONGEST_LOOK = 31_000;

/** Vault's CA and the secret-id, both behind `..data`; the ones before are no good any more. */
async function rotatedFiles(scene: Scene): Promise<Outcome> {
  const [before, after] = [await TestCa.root({ name: "Before" }), await TestCa.root({ name: "After" })];
  const presented = async (ca: TestCa) => {
    const { certificate, privateKey } = await ca.leaf({ ips: ["127.0.0.1"] });
    return { cert: certificate.pem, key: privateKey.reveal() };
  };
  let front: FaultProxy | undefined;
  let put = async (_files: Readonly<Record<string, string>>): Promise<void> => undefined;
  return onStage(
    scene,
    {
      services: { web: {} },
      ttl: 600,
      settings: async ({ vault, pki, place }) => {
        front = scene.resources.use(await faultProxy({ to: vault.address, tls: await presented(before) }));
        const directory = place.dir.join("projected");
        const files = await projectedFiles(directory, { "ca.pem": before.certificate.pem, "secret-id": pki.secretId });
        put = files.put;
        const auth = { approle: { roleId: pki.roleId, secretIdFile: files.path("secret-id") } };
        return { vault: { address: front.address, tls: { caFile: files.path("ca.pem") }, auth } };
      },
    },
    async ({ leafd, vault, pki, place, canaries, expect }) => {
      front?.useTls(await presented(after));
      await front?.inject({ kind: "refuse" });
      await front?.heal();
      await put({ "ca.pem": after.certificate.pem, "secret-id": pki.secretId });
      const trusted = performance.now();
      await place.run("renew", ["web"]);
      await leafd.next("published");
      const ca = performance.now() - trusted;

      const fresh = await pki.newSecretId();
      canaries.push(fresh);
      await vault.root("POST", `${LOGIN}/secret-id/destroy`, { secret_id: pki.secretId });
      await put({ "ca.pem": after.certificate.pem, "secret-id": fresh });
      const delivered = performance.now();
      await leafd.next("logged_in");
      const secretId = performance.now() - delivered;
      expect(ca < 5_000, `the CA was taken up after ${seconds(ca)} s`);
      expect(secretId < LONGEST_LOOK, `the secret-id was taken up after ${seconds(secretId)} s`);
      return `ca_s=${seconds(ca)} secret_id_s=${seconds(secretId)}`;
    },
  );
}

async function rotatedServiceAccount(scene: Scene): Promise<Outcome> {
  let put = async (_files: Readonly<Record<string, string>>): Promise<void> => undefined;
  let reviewed: readonly string[] = [];
  return onStage(
    scene,
    {
      services: { web: {} },
      ttl: 600,
      settings: async ({ vault, proxy, place }) => {
        const kubernetes = scene.resources.use(await kubernetesAuth(vault, ["pki-svc"]));
        ({ reviewed } = kubernetes);
        const files = await projectedFiles(place.dir.join("projected"), { token: serviceAccount("leafd") });
        put = files.put;
        const auth = { kubernetes: { role: "leafd", tokenFile: files.path("token") } };
        return { vault: { address: proxy.address, auth } };
      },
    },
    async ({ leafd, expect }) => {
      const token = serviceAccount("leafd", "2");
      await put({ token });
      const delivered = performance.now();
      await leafd.next("logged_in", () => reviewed.at(-1) === token);
      const took = performance.now() - delivered;
      expect(took < LONGEST_LOOK, `the token was taken up after ${seconds(took)} s`);
      return `service_account_token_s=${seconds(took)}`;
    },
  );
}

const rotated: FaultRow = {
  id: 11,
  fault: "Vault's CA file, secret-id, service-account token rotated on disk (`..data`)",
  expected: "picked up without a restart",
  // Side by side: both wait for leafd to look.
  run: async (scene) => bothOf(...(await Promise.all([rotatedFiles(scene), rotatedServiceAccount(scene)]))),
};

/** Writes a secret-id where leafd finds it, and lets `check --online` look before leafd starts. */
async function deliverAndCheck(set: StageSet, secret: string, settings: object = {}): Promise<number | null> {
  const { place, canaries } = set;
  canaries.push(secret);
  await writeFile(place.dir.join("secret-id"), secret);
  await place.configure({ web: {} }, { ...settings });
  return (await place.run("check", ["--online"])).code;
}

async function oneTime(scene: Scene): Promise<Outcome> {
  let checked: number | null = null;
  let usesLeft: unknown;
  return onStage(
    scene,
    {
      services: { web: {} },
      ttl: 600,
      settings: async (set) => {
        const secret = await set.pki.newSecretId({ uses: 1 });
        checked = await deliverAndCheck(set, secret);
        const found = await set.vault.root("POST", `${LOGIN}/secret-id/lookup`, { secret_id: secret });
        usesLeft = found.data["secret_id_num_uses"];
        return {};
      },
    },
    async (stage) => {
      const { pki, place, canaries, expect } = stage;
      expect(checked === 0 && usesLeft === 1, `check ended with ${checked} and left ${String(usesLeft)} of 1 use`);
      const first = stage.leafd.seen("logged_in").length;
      await stage.restart();
      const { leafd } = stage;
      await leafd.next("recovered");
      const { reason } = await leafd.next("login_failed");
      expect(reason === "login_denied", `after the restart the login failed for ${reason}`);
      canaries.push(await pki.newSecretId({ uses: 1 }));
      await writeFile(place.dir.join("secret-id"), String(canaries.at(-1)));
      const delivered = performance.now();
      await leafd.next("logged_in");
      const took = performance.now() - delivered;
      await place.run("renew", ["web"]);
      await leafd.next("published");
      const logins = first + leafd.seen("logged_in").length;
      expect(logins === 2, `${logins} logins with two secret-ids`);
      return `one-time: logins=${logins} used_by_check=${1 - Number(usesLeft)} new_one_used_s=${seconds(took)}`;
    },
  );
}

/** A response-wrapped one: leafd takes it out and keeps it, so that a restart needs no new one. */
async function wrapped(scene: Scene): Promise<Outcome> {
  let untouched = false;
  return onStage(
    scene,
    {
      services: { web: {} },
      ttl: 600,
      settings: async (set) => {
        const { vault, pki, place, proxy } = set;
        const creationPath = `${LOGIN}/secret-id`;
        const secretIdFile = place.dir.join("secret-id");
        const auth = { approle: { roleId: pki.roleId, secretIdFile, wrapped: { creationPath } } };
        const settings = { vault: { address: proxy.address, auth } };
        const token = await pki.newSecretId({ wrapTtl: "60s" });
        await deliverAndCheck(set, token, settings);
        untouched = (await vault.request("POST", "sys/wrapping/lookup", { token })).status === 200;
        return settings;
      },
    },
    async (stage) => {
      stage.expect(untouched, "check has taken the secret-id out of its wrapping");
      const first = stage.leafd.seen("logged_in").length;
      await stage.restart();
      await stage.leafd.next("logged_in");
      await stage.place.run("renew", ["web"]);
      await stage.leafd.next("published");
      return `wrapped: logins=${first + stage.leafd.seen("logged_in").length} used_by_check=0`;
    },
  );
}

const once: FaultRow = {
  id: 47,
  fault: "a one-time secret-id across a restart and after `check --online`",
  expected: "no deadlock, nothing consumed by `check`",
  run: async (scene) => bothOf(await oneTime(scene), await wrapped(scene)),
};

export const DELIVERY_ROWS: readonly FaultRow[] = [rotated, once];
