import { chmod, mkdir } from "node:fs/promises";
import { setUpPki, type TestPki } from "../../support/pki-setup.ts";
import { tempDir } from "../../support/temp-dir.ts";
import type { TestVault } from "../../support/test-vault.ts";
import { waitFor } from "../../support/wait-for.ts";
import { lookAt } from "./pair-on-disk.ts";
import { Supervised } from "./supervised.ts";
import type { Installation, Layout, Site, Tool, Wish } from "./tool.ts";

/** One row of the comparison: the same fault, injected in the same way, for every tool. */
export interface ComparedRow {
  /** As in the fault scorecard. */
  readonly id: number;
  /** What was done, for the page. */
  readonly what: string;
  /** What the figures mean, for the page. */
  readonly reading: string;
  readonly layouts: readonly Layout[];
  /** How many tools and layouts may be measured at once without being in each other's way. */
  readonly together: number;
  /** Measures one tool; answers the figure, such as `issued=1 recovery_s=0.4`. */
  measure(bench: Bench): Promise<string>;
}

/** One tool in one layout, and a server with a mount of its own. */
export interface Bench {
  readonly tool: Tool;
  readonly layout: Layout;
  /** A mount and a role that issue certificates of this life, a room and an output directory; gone with the bench. */
  site(ttl: string, address?: string): Promise<Site>;
  readonly vault: TestVault;
  readonly resources: AsyncDisposableStack;
}

let mounts = 0;

export function benchFor(vault: TestVault, tool: Tool, layout: Layout): Bench & AsyncDisposable {
  const resources = new AsyncDisposableStack();
  const site: Bench["site"] = async (ttl, address = vault.address) => {
    const room = resources.use(await tempDir());
    const directory = room.join("live");
    await mkdir(directory, { mode: 0o755 });
    await chmod(room.path, 0o755);
    const pki = await pkiOf(vault, ttl);
    return { address, pki, room, directory };
  };
  return { tool, layout, vault, resources, site, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** One after the other: two at once would both enable the login. */
let settingUp: Promise<unknown> = Promise.resolve();

/** Counts on the server, so the role stores; `issue` needs a role with a key type, and a short life no backdating. */
function pkiOf(vault: TestVault, ttl: string): Promise<TestPki> {
  mounts += 1;
  const mount = `pki-${mounts}`;
  const roleSettings = { ttl, no_store: false, key_type: "ec", key_bits: 256, not_before_duration: "1s" };
  const pki = settingUp.then(() => setUpPki(vault, { mount, roleSettings }));
  settingUp = pki.catch(() => {});
  return pki;
}

interface Running {
  readonly installation: Installation;
  readonly process: Supervised;
  /** Of the first pair. */
  readonly serial: string;
}

/** Starts the tool and waits for its first pair. */
export async function running(bench: Bench, site: Site, wish: Omit<Wish, "layout"> = {}): Promise<Running> {
  const installation = await bench.tool.install(site, { layout: bench.layout, ...wish });
  const process = bench.resources.use(new Supervised(installation));
  const serial = await nextSerial(installation, process).catch((cause: unknown) => {
    throw new Error(`${bench.tool.name} published nothing:\n${process.tail()}`, { cause });
  });
  return { installation, process, serial };
}

/** Waits for a whole pair with another serial than this one, that has not ended. */
export function nextSerial(installation: Installation, process: Supervised, old?: string): Promise<string> {
  const look = () => {
    const found = lookAt(installation.files);
    return found.kind === "whole" && found.serial !== old && found.endsAt > Date.now() ? found.serial : undefined;
  };
  return waitFor(look, { what: `a new pair:\n${process.tail()}`, within: 90_000, every: 20 });
}

/** Seconds with one decimal. */
export const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);
