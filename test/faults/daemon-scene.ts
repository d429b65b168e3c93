import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { type LyingVault, lyingVault } from "../support/lying-vault.ts";
import { startOpenBao } from "../support/openbao-server.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import type { TestVault } from "../support/test-vault.ts";
import type { Scene } from "./row.ts";

/** What most rows begin with: a real server with a role that stores what it signs, and the place of a leafd. */
interface DaemonScene {
  readonly vault: TestVault;
  readonly pki: TestPki;
  readonly place: LeafdPlace;
}

interface SceneOptions {
  /** The role's TTL; default 24 h, so that nothing is due by itself. */
  readonly ttl?: string;
}

export async function daemonScene(scene: Scene, { ttl = "24h" }: SceneOptions = {}): Promise<DaemonScene> {
  const vault = scene.resources.use(await startOpenBao());
  const pki = await setUpPki(vault, { roleSettings: { ttl, no_store: false } });
  return { vault, pki, place: scene.resources.use(await leafdPlace({ vault, pki })) };
}

/** The same; leafd sees the server through something that can hold its answers back or exchange them. */
export async function frontedScene(
  scene: Scene,
  { ttl = "24h" }: SceneOptions = {},
): Promise<DaemonScene & { readonly front: LyingVault }> {
  const vault = scene.resources.use(await startOpenBao());
  const pki = await setUpPki(vault, { roleSettings: { ttl, no_store: false } });
  const front = scene.resources.use(await lyingVault(vault));
  return { vault, pki, front, place: scene.resources.use(await leafdPlace({ vault: front, pki })) };
}
