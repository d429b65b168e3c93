import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { type Lie, type LyingVault, lyingVault } from "../support/lying-vault.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { refusal } from "../support/refusal.ts";
import { TestCa } from "../support/test-ca.ts";
import { startTestVault } from "../support/vault-server.ts";
import type { ReadRequest } from "../support/x509-library.ts";

/* An issuer that lies, or something before it: the whole program refuses what it sends and keeps what it has. */

const resources = new AsyncDisposableStack();
let vault: LyingVault;
let place: LeafdPlace;
let ca: TestCa;
before(async () => {
  const real = resources.use(await startTestVault());
  // Short, so that the issuance budget of an hour has room for every lie.
  const pki = await setUpPki(real, { roleSettings: { ttl: "10m" } });
  vault = resources.use(await lyingVault(real));
  place = resources.use(await leafdPlace({ vault, pki }));
  // The liar's root is trusted: one rule is broken in each case, and the reason names that one.
  ca = await TestCa.root({ name: "Liar" });
  await writeFile(place.dir.join("roots.pem"), `${pki.root}${ca.certificate.pem}`);
  const web = { identity: { commonName: "web.svc", dns: ["api.svc", "web.svc"] } };
  await place.configure({ web }, { trust: { roots: place.dir.join("roots.pem") } });
  assert.equal((await place.run("once")).code, 0);
});
after(() => resources.disposeAsync());

const NAMES = { commonName: "web.svc", dns: ["api.svc", "web.svc"] };
const MINUTE = 60_000;

interface Told extends Lie {
  /** What leafd should say of it. */
  readonly says: string;
  readonly hint: string;
}

async function leafWith(asked: ReadRequest, other: object) {
  const { certificate: leaf } = await ca.leaf({ ...NAMES, publicKey: asked.publicKey, ...other });
  return { leaf, chain: [ca.certificate] };
}

const LIES: Readonly<Record<string, (asked: ReadRequest) => Promise<Told>>> = {
  "of another key": async (asked) => {
    const { certificate: leaf } = await ca.leaf(NAMES);
    const [expected, got] = [asked.publicKeyHash, leaf.publicKeyHash].map((hash) => `${hash.slice(0, 16)}…`);
    return {
      leaf,
      chain: [ca.certificate],
      says: `key_mismatch: the leaf is of another key: expected the public key ${expected}, got ${got}`,
      hint: "Look for something between leafd and the issuer that answers with another certificate.",
    };
  },
  "without a SAN": async (asked) => ({
    ...(await leafWith(asked, { dns: ["web.svc"] })),
    says: 'name_missing: the leaf lacks "DNS:api.svc"; it holds "CN:web.svc", "DNS:web.svc"',
    hint: "Let the role take the names of the request: use_csr_common_name, use_csr_sans, allowed_uri_sans.",
  }),
  "with an extra SAN": async (asked) => ({
    ...(await leafWith(asked, { dns: [...NAMES.dns, "admin.svc"] })),
    says: 'name_extra: the leaf holds "DNS:admin.svc", which nobody asked for; expected "CN:web.svc", "DNS:api.svc", "DNS:web.svc"',
    hint: "Find out which role or default of the issuer adds it, or ask for it in identity.",
  }),
  "that has ended": async (asked) => ({
    ...(await leafWith(asked, { notBefore: Date.now() - 2 * MINUTE, notAfter: Date.now() - MINUTE })),
    says: "expired: the leaf ended at TIME; it is TIME here",
    hint: "Compare the clocks, and look whether the issuing CA ends soon: a truncating issuer gives leaves that are over.",
  }),
  "of a CA that has ended": async (asked) => {
    const ended = await ca.intermediate({ name: "Ended", notAfter: Date.now() - MINUTE });
    const { certificate: leaf } = await ended.leaf({ ...NAMES, publicKey: asked.publicKey });
    return {
      leaf,
      chain: [ended.certificate, ca.certificate],
      says: 'ca_invalid: "CN=Ended" ended at TIME; it is TIME here',
      hint: "Have the PKI mount sign with a CA that is valid.",
    };
  },
  "of an unknown root": async (asked) => {
    const stranger = await TestCa.root({ name: "Stranger" });
    const { certificate: leaf } = await stranger.leaf({ ...NAMES, publicKey: asked.publicKey });
    const { certificate: root } = stranger;
    return {
      leaf,
      chain: [root],
      says: `chain_untrusted: the chain ends at "CN=Stranger" (SHA-256 ${root.fingerprint.slice(0, 16)}…), which is not in the trust bundle`,
      hint: "When this root is right, add it to trust.roots; when it is not, find out who answered.",
    };
  },
};

suite("a leaf that is refused, and the one on disk stays", () => {
  for (const [what, tell] of Object.entries(LIES))
    test(what, async () => {
      const held = readPair(place.live("web"));
      const files = readdirSync(place.live("web"));
      let told: Told | undefined;
      vault.lie(async (asked) => {
        told = await tell(asked);
        return told;
      });
      const refused = await refusal(place, { args: ["--min-remaining", "1h"] });
      assert.deepEqual(refused, {
        code: 1,
        says: `web: FAILED, ends in DURATION: ${told?.says}`,
        hint: told?.hint,
      });
      const now = readPair(place.live("web"));
      assert.deepEqual([now.serial, now.generation, now.whole], [held.serial, held.generation, true]);
      assert.deepEqual(readdirSync(place.live("web")), files, "nothing was written");
    });
});
