import { writeFile } from "node:fs/promises";
import type { LeafdPlace } from "../../support/leafd-place.ts";
import type { LogLine } from "../../support/leafd-process.ts";
import { TestCa, type TestLeaf } from "../../support/test-ca.ts";
import type { TestVault } from "../../support/vault-server.ts";
import { waitFor } from "../../support/wait-for.ts";
import { seconds } from "../measure.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";
import { bothOf, onStage } from "../stage.ts";

/* What happens to the token, and to what it is got with. */

const LOGIN = "auth/approle/role/pki-svc";

/** Ends every token but the root's. */
async function revokeTokens(vault: TestVault): Promise<void> {
  const own = (await vault.root("GET", "auth/token/lookup-self")).data["accessor"];
  const { keys } = (await vault.root("LIST", "auth/token/accessors")).data;
  for (const accessor of keys)
    if (accessor !== own) await vault.root("POST", "auth/token/revoke-accessor", { accessor });
}

const tokens: FaultRow = {
  id: 12,
  fault: "token revoked / at max TTL / not renewable (batch)",
  expected: "re-login before use, no re-issue",
  run: (scene) =>
    onStage(
      scene,
      { services: { web: {} }, ttl: 600, pki: { tokenTtl: "5s", tokenMaxTtl: "8s" } },
      async ({ leafd, vault, pki, place, expect }) => {
        const ttl = (line: LogLine) => Number(line["ttlMs"]);
        await leafd.next("token_renewed");
        await leafd.next("token_ending", ({ why }) => why === "max_ttl");
        // The token at its maximum is replaced by one that cannot be renewed, and that by another.
        await vault.root("POST", LOGIN, { token_type: "batch", token_ttl: "5s" });
        await leafd.next("logged_in", ({ renewable }) => renewable === false);
        await leafd.next("token_ending", ({ why }) => why === "not_renewable");
        await leafd.next("logged_in", ({ renewable }) => renewable === false);
        await vault.root("POST", LOGIN, { token_type: "service", token_ttl: "1h", token_max_ttl: "24h" });
        await leafd.next("logged_in", (line) => line["renewable"] === true && ttl(line) > 3_000_000);
        const certificates = (await pki.issued()) - 1;
        expect(certificates === 0, `new tokens cost ${certificates} certificates`);
        await revokeTokens(vault);
        await place.run("renew", ["web"]);
        await leafd.next("token_ending", ({ why }) => why === "invalid");
        await leafd.next("published");
        const failed = [...leafd.seen("rotation_failed"), ...leafd.seen("login_failed")];
        expect(failed.length === 0, `${failed.length} failures, first: ${failed[0]?.msg}`);
        return `logins=${leafd.seen("logged_in").length} certificates=${certificates} failures=${failed.length}`;
      },
    ),
};

/** The token lives on while its successor cannot be had; resolves when it is over. */
async function tokenEnds(place: LeafdPlace): Promise<void> {
  const over = async (): Promise<boolean> => {
    const { stdout } = await place.run("status", ["--json"]);
    return JSON.parse(stdout).clusters[0].tokenExpires === undefined;
  };
  await waitFor(over, { what: "the end of the token", every: 200 });
}

/** A secret-id for a single use: its login works, the next one does not. */
async function usedUp(scene: Scene): Promise<Outcome> {
  return onStage(
    scene,
    {
      services: { web: {} },
      ttl: 100,
      pki: { tokenTtl: "5s", tokenMaxTtl: "5s" },
      settings: async ({ place, pki, canaries }) => {
        canaries.push(await pki.newSecretId({ uses: 1 }));
        await writeFile(place.dir.join("secret-id"), String(canaries.at(-1)));
        return {};
      },
    },
    async ({ leafd, vault, pki, place, canaries, expect }) => {
      const alert = await leafd.next("login_failed");
      expect(alert.reason === "login_denied" && alert.level === "error", `told as ${alert.level} ${alert.reason}`);
      await tokenEnds(place);
      await place.run("renew", ["web"]);
      const failed = await leafd.next("rotation_failed");
      expect(failed.reason === "login_denied", `the renewal failed for ${failed.reason}`);
      const { stdout } = await place.run("status", ["--json"]);
      const [service] = JSON.parse(stdout).services;
      expect(service.reason === "login_denied", `status says ${service.state}, ${service.reason}`);
      await vault.root("POST", LOGIN, { token_ttl: "1h", token_max_ttl: "24h" });
      canaries.push(await pki.newSecretId({ uses: 1 }));
      await writeFile(place.dir.join("secret-id"), String(canaries.at(-1)));
      const delivered = performance.now();
      await leafd.next("logged_in");
      const took = performance.now() - delivered;
      expect(took < 6_000, `a new secret-id was used after ${seconds(took)} s`);
      await leafd.next("published");
      return `used_up: state=${service.state} login_s=${seconds(took)}`;
    },
  );
}

/** A client certificate that ends, while leafd logs in with it. */
async function endedCertificate(scene: Scene): Promise<Outcome> {
  const ca = await TestCa.root({ name: "Machines" });
  let install = async (_leaf: TestLeaf): Promise<void> => undefined;
  return onStage(
    scene,
    {
      services: { web: {} },
      ttl: 100,
      server: { tls: true },
      settings: async ({ vault, place }) => {
        const [certFile, keyFile] = [place.dir.join("client.pem"), place.dir.join("client-key.pem")];
        install = async ({ certificate, privateKey }) => {
          await writeFile(keyFile, privateKey.reveal());
          await writeFile(certFile, certificate.pem);
        };
        await install(await ca.leaf({ commonName: "host-1", notAfter: Date.now() + 7_000 }));
        await vault.root("POST", "sys/auth/cert", { type: "cert" });
        const role = {
          certificate: ca.certificate.pem,
          token_policies: ["pki-svc"],
          token_ttl: "4s",
          token_max_ttl: "4s",
        };
        await vault.root("POST", "auth/cert/certs/machines", role);
        const tls = { caFile: vault.caFile, certFile, keyFile };
        return { vault: { address: vault.address, tls, auth: { cert: { role: "machines" } } } };
      },
    },
    async ({ leafd, place, expect }) => {
      const alert = await leafd.next("login_failed");
      expect(alert.reason === "login_denied", `told as ${alert.reason}`);
      await tokenEnds(place);
      await place.run("renew", ["web"]);
      const failed = await leafd.next("rotation_failed");
      await install(await ca.leaf({ commonName: "host-2" }));
      const delivered = performance.now();
      await leafd.next("logged_in");
      const took = performance.now() - delivered;
      expect(took < 6_000, `a new client certificate was used after ${seconds(took)} s`);
      await leafd.next("published");
      return `ended_certificate: told=${failed.reason} login_s=${seconds(took)}`;
    },
  );
}

const spent: FaultRow = {
  id: 13,
  fault: "secret-id used up; own client certificate expired (cert auth)",
  expected: "alert, keep, no deadlock",
  run: async (scene) => bothOf(await usedUp(scene), await endedCertificate(scene)),
};

export const CREDENTIAL_ROWS: readonly FaultRow[] = [tokens, spent];
