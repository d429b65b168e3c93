import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import type { InspectAnswer } from "../support/inspect.ts";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { startNginx } from "../support/nginx.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { startTestVault } from "../support/vault-server.ts";

/* What `inspect` makes of a directory that leafd wrote, and of a server that serves from it. */

async function inspect(place: LeafdPlace, ...args: readonly string[]) {
  const { code, stdout, stderr } = await place.run("inspect", [...args, "--json"]);
  assert.equal(stderr, "");
  const answer: InspectAnswer = JSON.parse(stdout);
  const said = answer.inspected.map(({ kind, findings }) => [kind, findings.map((each) => each.code).join()]);
  return { code, answer, said };
}

test("a real output directory: its manifest, its delivery, a pair that is damaged", async () => {
  await using vault = await startTestVault();
  await using place = await leafdPlace({ vault, pki: await setUpPki(vault) });
  await place.configure({ web: { reload: [{ touch: place.dir.join("told") }] } });
  assert.equal((await place.run("once")).code, 0);
  const fresh = await inspect(place, place.live("web"));
  assert.deepEqual([fresh.said, fresh.answer.inspected[0]?.output?.["delivery"]], [[["directory", ""]], "unknown"]);
  const owed = await inspect(place, "--service", "web");
  assert.deepEqual([owed.code, owed.said], [0, [["directory", "reload_owed"]]]);
  assert.equal((await place.run("once", ["--reload"])).code, 0);
  const { generation, serial } = readPair(place.live("web"));
  const { code, answer, said } = await inspect(place, place.live("web"), "--name", "web.svc");
  assert.deepEqual([code, said], [0, [["directory", ""]]]);
  const [found] = answer.inspected;
  const { service, issuer, rung, delivery } = found?.output ?? {};
  assert.deepEqual([service, issuer, rung, delivery], ["web", "main", "primary", "done"]);
  assert.equal(found?.output?.["generation"], generation);
  assert.equal(found?.chains[0]?.certificates[0]?.["serial"], serial);
  assert.equal(found?.chains[0]?.key?.["matches"], true);

  await chmod(join(place.live("web"), generation, "tls.key"), 0o644);
  assert.deepEqual((await inspect(place, place.live("web"))).said, [["directory", "key_exposed,pair_damaged"]]);
});

test("a service whose nginx has not been told of the new pair: the server is held against the disk", async () => {
  await using vault = await startTestVault();
  await using place = await leafdPlace({ vault, pki: await setUpPki(vault) });
  const port = await freePort();
  const probe = { tls: `127.0.0.1:${port}`, serverName: "web.svc" };
  await place.configure({ web: { probe } });
  await place.run("once");
  const pair = { certificate: `${place.live("web")}/tls.crt`, key: `${place.live("web")}/tls.key` };
  await using _nginx = await startNginx({ dir: place.dir, port, ...pair });
  const before = await inspect(place, "--service", "web");
  assert.deepEqual(
    [before.code, before.said],
    [
      0,
      [
        ["directory", ""],
        ["endpoint", ""],
      ],
    ],
  );
  assert.equal(before.answer.inspected[1]?.chains[0]?.trust, `${place.live("web")}/ca.crt`);

  const identity = { commonName: "web.svc", dns: ["web.svc", "shop.svc"] };
  await place.configure({ web: { identity } });
  await place.run("once");
  await place.configure({ web: { identity, probe } });
  const after = await inspect(place, "--service", "web");
  assert.equal(after.code, 1);
  assert.deepEqual(after.said[1], ["endpoint", "name_missing,not_live"]);
  const { serial } = readPair(place.live("web"));
  const notLive = after.answer.inspected[1]?.findings.find(({ code }) => code === "not_live");
  assert.match(
    notLive?.message ?? "",
    new RegExp(`^the server shows an(?:other| older) one: serial .* on disk is ${serial}$`),
  );
  const unknown = await place.run("inspect", ["--service", "shop"]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /there is no service "shop"\n {2}The services are: web\./);
});

test("somebody who may not read the key is told so, and sees the rest", async () => {
  await using vault = await startTestVault();
  await using place = await leafdPlace({ vault, pki: await setUpPki(vault) });
  await place.configure({ web: { output: { directory: place.live("web"), modes: { directory: "0755" } } } });
  assert.equal((await place.run("once")).code, 0);
  await chmod(place.dir.path, 0o755);
  const { code, stdout } = await place.run("inspect", [place.live("web"), "--json"], { uid: 65_534, gid: 65_534 });
  const answer: InspectAnswer = JSON.parse(stdout);
  assert.equal(code, 1);
  assert.match(answer.inspected[0]?.findings[0]?.message ?? "", /tls\.key may not be read by this user$/);
  assert.equal(answer.inspected[0]?.chains[0]?.trust, "ca.crt");
});
