import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { KUSTOMIZE, readExample, readExampleFile } from "../support/kustomize-example.ts";
import { LeafdProcess, runLeafd } from "../support/leafd-process.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { servedSerial } from "../support/served-serial.ts";
import { type Program, startProgram } from "../support/server-program.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { startOpenBao, type TestVault } from "../support/vault-server.ts";
import { tool } from "./tools.ts";

/*
 * The dependents of the examples that get no signal, as programs of this host: a real Envoy and a real Java take each
 * new pair, with the files of the example but for addresses, ports and directories.
 */

let vault: TestVault;
let pki: TestPki;
before(async () => {
  vault = await startOpenBao({ tls: true });
  pki = await setUpPki(vault, { role: "payments" });
});
after(() => vault.stop());

interface Place {
  readonly pod: TempDir;
  readonly port: number;
  readonly reloadPort: number;
  /** A file of the example, as it is in this place. */
  file(name: string): Promise<string>;
}

/** Writes the example's leafd.yaml, with certificates of half a minute and the login of the test. */
async function placeOf(example: string, pod: TempDir): Promise<Place> {
  const [port, reloadPort, metrics] = [await freePort(), await freePort(), await freePort()];
  for (const mount of ["tls", "state", "config"]) await mkdir(pod.join(mount));
  await writeFile(pod.join("token"), await pki.login());
  const here = (text: string) =>
    text
      .replaceAll("8443", String(port))
      .replaceAll("8081", String(reloadPort))
      .replaceAll("0.0.0.0:9464", `127.0.0.1:${metrics}`)
      .replaceAll("https://vault.vault.svc:8200", vault.address)
      .replaceAll("/etc/leafd/vault-ca.pem", vault.caFile ?? "")
      .replace(/auth: .*/, `auth: { tokenFile: ${pod.join("token")} }`)
      .replaceAll(/(?<=[ "])\/(?=(?:tls|state|config)\/)/g, `${pod.path}/`)
      .replace("ttl: 24h", "ttl: 30s")
      .replace("outage: { survive: 8h }", "");
  await writeFile(pod.join("leafd.yaml"), here(readExample(example).config));
  return {
    pod,
    port,
    reloadPort,
    file: async (name) => {
      await writeFile(pod.join("config", name), here(readExampleFile(example, name)));
      return pod.join("config", name);
    },
  };
}

describe("a dependent that is not signalled takes each new pair", () => {
  const DEPENDENTS: Readonly<Record<string, (place: Place) => Promise<Program>>> = {
    envoy: async (place) => {
      await place.file("pair.yaml");
      const config = await place.file("envoy.yaml");
      return startProgram([tool("envoy"), "-c", config, "--use-dynamic-base-id"], {
        ready: async () => (await servedSerial(place.port)) !== undefined,
      });
    },
    java: async ({ pod, port, reloadPort }) => {
      const source = join(KUSTOMIZE, "examples/java/Payments.java");
      return startProgram(["java", source, pod.join("tls/payments"), String(port), String(reloadPort)], {
        ready: async () => (await servedSerial(port)) !== undefined,
        within: 120_000,
      });
    },
  };
  for (const [example, start] of Object.entries(DEPENDENTS))
    test(example, async () => {
      await using pod = await tempDir();
      const place = await placeOf(example, pod);
      const once = await runLeafd(["once", "--config", pod.join("leafd.yaml")]);
      assert.equal(once.code, 0, once.stderr);
      await using dependent = await start(place);
      const first = await servedSerial(place.port);
      await using leafd = new LeafdProcess(["run", "--config", pod.join("leafd.yaml")]);
      const { serial } = await leafd.next("issued");
      // Its own look at the endpoint says that the new certificate is served.
      await leafd.next("confirmed", (line) => line.serial === undefined || line.serial === serial);
      const second = await servedSerial(place.port);
      assert.notEqual(second, first, dependent.output());
      assert.equal(second, serial);
    });
});
