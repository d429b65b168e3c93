import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { text as readText } from "node:stream/consumers";
import { test } from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { httpServer } from "../support/http-server.ts";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { startTestVault } from "../support/vault-server.ts";

/* Secrets go into everything, and must come out of nothing: log, tables, JSON, metrics, health, error messages. */

/** What looks like a token of Vault or OpenBao. */
const TOKEN = /\bhv[sbr]\.[\w-]{8,}|\b[sbr]\.[A-Za-z0-9]{24,}/;

/** All that an operator can get to see of a running leafd. */
async function everything(place: LeafdPlace, port: number): Promise<string[]> {
  const commands = [["status"], ["status", "--json"], ["check"], ["check", "--online"], ["renew", "--all"], ["once"]];
  const ends = [];
  for (const [command = "", ...args] of commands) ends.push(await place.run(command, args));
  const pages = ["/", "/metrics", "/readyz?verbose", "/livez", "/startupz"];
  const bodies = await Promise.all(pages.map(async (page) => (await fetch(`http://127.0.0.1:${port}${page}`)).text()));
  return [...ends.map((end) => JSON.stringify(end)), ...bodies];
}

test("a run against a real Vault tells neither key, nor token, nor secret-id", async () => {
  await using vault = await startTestVault();
  const pki = await setUpPki(vault);
  await using place = await leafdPlace({ vault, pki });
  const port = await freePort();
  await place.configure({ web: {} }, { observe: { listen: `127.0.0.1:${port}` } });
  await using leafd = place.start("run");
  await leafd.next("published");
  const keys = [keyLines(place)];
  const told = await everything(place, port);
  await leafd.next("published");
  keys.push(keyLines(place));
  const { stdout, stderr } = await leafd.stop();
  told.push(stdout, stderr, JSON.stringify(leafd.log));

  assert.ok(
    told.every((text) => text.length > 0 || text === stdout || text === stderr),
    "everything was asked for",
  );
  for (const secret of [pki.secretId, "PRIVATE KEY", ...keys.flat()])
    assert.ok(!told.some((text) => text.includes(secret)), `${secret} was told`);
  for (const text of told) assert.doesNotMatch(text, TOKEN);
});

/** The lines of the private key that say something about it. */
function keyLines(place: LeafdPlace): readonly string[] {
  const lines = readFileSync(`${place.live("web")}/tls.key`, "utf8").split("\n");
  return lines.filter((line) => line.length > 40).slice(1);
}

test("a server that sends back what it was sent makes nobody tell it", async () => {
  const canaries = {
    token: "hvs.CAESICANARYtokenCANARYtoken",
    secretId: "c0ffee00-cafe-cafe-cafe-canary000000",
    configured: "s.CANARYcanaryCANARYcanary1234",
  };
  await using server = await httpServer((request, response) => {
    void (async () => {
      const body = await readText(request);
      const echo = [
        `got ${JSON.stringify(request.headers)}`,
        `and ${body}`,
        "-----BEGIN PRIVATE KEY-----\nCANARYkey\n",
      ];
      const auth = { client_token: canaries.token, lease_duration: 3600, renewable: true, accessor: "a", policies: [] };
      const isLogin = request.url?.includes("/login") === true && !body.includes("denied");
      response.writeHead(isLogin ? 200 : 400, { "content-type": "application/json" });
      response.end(JSON.stringify(isLogin ? { auth } : { errors: echo }));
    })();
  });
  await using vault = await startTestVault();
  const pki = await setUpPki(vault);
  await using place = await leafdPlace({ vault: server, pki: { ...pki, secretId: canaries.secretId } });
  const port = await freePort();
  const settings = {
    observe: { listen: `127.0.0.1:${port}` },
    // Signing is what carries the token, and it comes after the roots.
    trust: { roots: place.dir.join("roots.pem") },
  };
  await writeFile(place.dir.join("roots.pem"), pki.root);
  await place.configure({ web: {} }, settings);
  await using leafd = place.start("run");
  const failed = await leafd.next("rotation_failed");
  assert.equal(failed["stage"], "issue");
  assert.match(failed.msg, /HTTP 400: got /, "the server's words are told, its loot is not");
  const told = await everything(place, port);

  const auth = { approle: { roleId: "denied", secretIdFile: place.dir.join("secret-id") } };
  await place.configure({ web: {} }, { ...settings, vault: { address: server.address, auth } });
  await leafd.next("login_failed");
  // A token where a file name belongs, and a mistake beside it.
  const misplaced = { token: canaries.configured, tokenn: canaries.configured };
  await place.configure({ web: {} }, { ...settings, vault: { address: server.address, auth: misplaced } });
  await leafd.next("config_rejected");
  for (const command of ["once", "check", "status"]) told.push(JSON.stringify(await place.run(command)));
  const { stdout, stderr } = await leafd.stop();
  told.push(stdout, stderr, JSON.stringify(leafd.log));

  for (const secret of [...Object.values(canaries), "CANARYkey"])
    for (const text of told) assert.ok(!text.includes(secret), `${secret} was told: ${text.slice(0, 2000)}`);
});
