import { readPair } from "../../support/published-pair.ts";
import type { TestVault } from "../../support/vault-server.ts";
import { waitFor } from "../../support/wait-for.ts";
import { seconds } from "../measure.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";
import { bothOf, onStage } from "../stage.ts";

/* Certificates that Vault takes back while they serve. */

/** As Vault writes serial numbers. */
function colons(serial: string): string {
  return serial.match(/../g)?.join(":") ?? "";
}

async function isRevoked(vault: TestVault, serial: string): Promise<boolean> {
  const { data } = await vault.root("GET", `pki/cert/${colons(serial)}`);
  return Number(data["revocation_time"]) > 0;
}

/** A role with `generate_lease`: the end of the token would take the certificate along. */
async function leased(scene: Scene): Promise<Outcome> {
  return onStage(
    scene,
    {
      services: { web: {} },
      ttl: 300,
      pki: {
        roleSettings: { generate_lease: true },
        tokenTtl: "24s",
        tokenMaxTtl: "24s",
        policy: 'path "pki/roles/svc" { capabilities = ["read"] }',
      },
    },
    async ({ leafd, vault, place, expect }) => {
      const { level } = leafd.seen("leased_certificate")[0] ?? {};
      expect(level === "error", `a certificate with a lease was told as ${level}`);
      const { code, stdout } = await place.run("check", ["--online", "--spend-secret-id"]);
      expect(code === 1 && /generate_lease=true/.test(stdout), `check ended with ${code}`);
      const first = readPair(place.live("web")).serial;
      await leafd.next("published", ({ cause }) => cause === "renewal_due");
      const live = async (): Promise<boolean> => !(await isRevoked(vault, readPair(place.live("web")).serial));
      expect(!(await isRevoked(vault, first)), "the first was revoked before its successor was there");
      await waitFor(() => isRevoked(vault, first), {
        what: "the end of the token that carried the first",
        within: 29_000,
      });
      expect(await live(), "the certificate that serves was revoked");
      return `leased: check=error certificates=${leafd.seen("published").length} revoked_while_serving=0`;
    },
  );
}

/** A twentieth of the certificate's life, 30 s at least, and then the next look at the disk. */
const NOTICED_WITHIN = 70_000;

async function revoked(scene: Scene): Promise<Outcome> {
  return onStage(scene, { services: { web: {}, api: {} }, ttl: 600 }, async ({ leafd, vault, place, expect }) => {
    const { serial } = readPair(place.live("web"));
    await vault.root("POST", "pki/revoke", { serial_number: colons(serial) });
    const began = performance.now();
    expect(await isRevoked(vault, serial), "it was not revoked");
    const replaced = () => readPair(place.live("web")).serial !== serial;
    await waitFor(replaced, { what: "another certificate in place of the revoked one", within: NOTICED_WITHIN });
    expect(leafd.seen("published", "api").length === 1, "another service was re-issued too");
    return `revoked: replaced_s=${seconds(performance.now() - began)}`;
  });
}

const takenBack: FaultRow = {
  id: 46,
  fault: "the current leaf is revoked by an operator; a role with `generate_lease` and a token that ends",
  expected: "noticed; re-issued within the budget; `check` called it an error",
  run: async (scene) => bothOf(...(await Promise.all([leased(scene), revoked(scene)]))),
};

export const REVOCATION_ROWS: readonly FaultRow[] = [takenBack];
