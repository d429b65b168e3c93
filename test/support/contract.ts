import { after, before, describe } from "node:test";
import { findOpenBao } from "./openbao-binary.ts";
import { setUpPki, type TestPki } from "./pki-setup.ts";
import { startEmbedded, startOpenBao, type TestVault } from "./vault-server.ts";

/** What each contract test gets: a server of its kind, shared by the tests of one file, and a PKI on it. */
export interface World {
  readonly vault: TestVault;
  readonly pki: TestPki;
}

const SERVERS: Readonly<Record<TestVault["kind"], () => Promise<TestVault>>> = {
  openbao: () => startOpenBao(),
  embedded: () => startEmbedded(),
};

const hasReal = (await findOpenBao()) !== undefined;
if (!hasReal && process.env["CI"] === "true") throw new Error("CI=true and there is no OpenBao binary");

/**
 * Declares the tests of `body` once for the real server and once for the embedded one. The expectations are those of
 * the real server: where the embedded one differs, it is wrong.
 */
export function contract(about: string, body: (world: () => World) => void): void {
  for (const [kind, start] of Object.entries(SERVERS)) {
    if (kind === "openbao" && !hasReal) continue;
    describe(kind, () =>
      describe(about, () => {
        let world: World | undefined;
        before(async () => {
          const vault = await start();
          world = { vault, pki: await setUpPki(vault) };
        });
        after(() => world?.vault.stop());
        body(() => {
          if (world === undefined) throw new Error("the server is not up yet");
          return world;
        });
      }),
    );
  }
}
