import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { test } from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { Canaries, type Told } from "../support/canaries.ts";
import { httpServer } from "../support/http-server.ts";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import type { LeafdProcess } from "../support/leafd-process.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { startTestVault } from "../support/vault-server.ts";

/* Secrets go into everything, and must come out of nothing: log, tables, JSON, metrics, health, errors, children. */

const COMMANDS: readonly (readonly [command: string, ...args: string[]])[] = [
  ["status"],
  ["status", "--json"],
  ["status", "web"],
  ["status", "--nagios"],
  ["explain", "web"],
  ["explain", "web", "--json"],
  ["events"],
  ["events", "--json"],
  ["check"],
  ["check", "--json"],
  ["check", "--online", "--spend-secret-id"],
  ["renew", "--all"],
  ["once"],
];
const PAGES = ["/", "/metrics", "/readyz?verbose", "/livez", "/startupz", "/status.json"];

/** All that an operator can get to see of a running leafd. */
async function everything(place: LeafdPlace, port: number, env: Readonly<Record<string, string>> = {}): Promise<Told> {
  const told: Record<string, string> = {};
  for (const [command, ...args] of COMMANDS) {
    const line = [command, ...args].join(" ");
    const end = await place.run(command, args, { env });
    assert.doesNotMatch(end.stderr, /^Usage: /m, line);
    told[line] = JSON.stringify(end);
  }
  for (const page of PAGES) {
    const answer = await fetch(`http://127.0.0.1:${port}${page}`);
    assert.notEqual(answer.status, 404, page);
    told[page] = await answer.text();
  }
  const { body } = await fetch(`http://127.0.0.1:${port}/status/stream`);
  for await (const chunk of body ?? []) {
    told["/status/stream"] = (told["/status/stream"] ?? "") + Buffer.from(chunk).toString();
    if (told["/status/stream"].includes("}\n\n")) break; // It goes on for ever, and begins with the whole status.
  }
  assert.match(told["/status/stream"] ?? "", /"services":/);
  for (const [where, text] of Object.entries(told)) assert.ok(text.length > 0, `${where} tells nothing at all`);
  return told;
}

/** What a leafd that has ended leaves behind, besides its files. */
async function lastWords(leafd: LeafdProcess): Promise<Told> {
  const { stdout, stderr } = await leafd.stop();
  return { stdout, "standard error": stderr, "the log": JSON.stringify(leafd.log) };
}

/** Every file below the directory, by its path, but for those that hold secrets by right. */
async function filesBelow(directory: string, isSecret: (path: string) => boolean): Promise<Told> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = paths.filter((path) => !isSecret(path)).map((path) => [path, readFileSync(path, "utf8")] as const);
  assert.ok(texts.length > 0, `${directory} holds nothing`);
  return Object.fromEntries(texts);
}

test("a run against a real Vault tells no credential and no key, whatever way they came", async () => {
  const canaries = new Canaries();
  await using vault = await startTestVault();
  const pki = await setUpPki(vault);
  await using place = await leafdPlace({ vault, pki });
  const file = (name: string) => place.dir.join(name);
  const [port, header, password] = [await freePort(), "canary-header-0b5e77d1", "canary-password-5c1e3a"];
  await vault.root("POST", "sys/auth/userpass", { type: "userpass" });
  await vault.root("POST", "auth/userpass/users/web", { password, token_policies: [pki.approle] });
  const wrapping = await pki.newSecretId({ wrapTtl: "300s" });
  const environment = { INLINE_TOKEN: await pki.login() };
  for (const [name, secret] of Object.entries({ header, password, wrapping })) await writeFile(file(name), secret);
  const received: string[] = [];
  // A dependent that sends back what it was sent, and refuses the first reload.
  await using dependent = await httpServer((request, response) => {
    received.push(JSON.stringify(request.headers));
    response.writeHead(received.length === 1 ? 500 : 200, "refused", { "x-echo": header }).end(received.at(-1));
  });

  const issuers = Object.fromEntries(
    ["main", "up", "wrapped", "inline"].map((cluster) => {
      const named = cluster === "main" ? {} : { cluster };
      return [cluster, { vault: { mount: pki.mount, role: pki.role, ...named } }];
    }),
  );
  const { address } = vault;
  const approle = { roleId: pki.roleId, secretIdFile: file("wrapping") };
  const creationPath = `auth/approle/role/${pki.approle}/secret-id`;
  const clusters = {
    up: { address, auth: { userpass: { username: "web", passwordFile: file("password") } } },
    wrapped: { address, auth: { approle: { ...approle, wrapped: { creationPath } } } },
    inline: { address, auth: { token: "${INLINE_TOKEN}" } },
  };
  const http = { url: `${dependent.address}/reload`, headerFiles: { "X-Api-Key": file("header") } };
  const exec = (...command: string[]) => ({ exec: { command } });
  const printer = join(import.meta.dirname, "../fixtures/print-environment.sh");
  const print = (service: string) => `cat ${join(place.live(service), "tls.key")}`;
  const web = {
    issuers: ["main"],
    preReload: [exec(printer, file("env-before"))],
    // The last one prints the key, as a hook that somebody debugs would.
    reload: [{ http }, exec(printer, file("env")), exec("sh", "-c", print("web"))],
    outage: { reserve: { ttl: "48h", role: pki.role } },
    ttl: "1h",
  };
  // Prints a key of many lines, of which the last ones are kept, and fails: its words stay in the status.
  const db = { issuers: ["wrapped"], key: "rsa-2048", reload: [exec("sh", "-c", `${print("db")}; exit 1`)] };
  const services = { web, db, api: { issuers: ["up"] }, old: { issuers: ["inline"] } };
  const observe = { listen: `127.0.0.1:${port}` };
  await place.configure(services, { clusters, issuers, observe });

  await using leafd = place.start("run", [], { env: environment });
  await leafd.each("published", ...Object.keys(services));
  await leafd.each("reserved", "web");
  await leafd.each("reload_failed", "web", "db");
  await leafd.each("delivered", "web");
  const plantKeys = (when: string) => {
    for (const name of ["web", "db"])
      canaries.plantKey(`the key of ${name} ${when}`, readFileSync(join(place.live(name), "tls.key"), "utf8"));
  };
  plantKeys("at first");
  const told: Record<string, string> = { ...(await everything(place, port, environment)) };
  for (const what of [["--service", "web"], [place.live("web")], [join(place.live("web"), "tls.key"), "--json"]])
    told[`inspect ${what.join(" ")}`] = JSON.stringify(await place.run("inspect", what));
  await leafd.next("delivered", ({ service }) => service === "web");
  plantKeys("after a renewal");

  const own = async (name: string) => readFile(`/proc/${leafd.pid}/${name}`, "utf8");
  const state = await readdir(place.dir.join("state"), { recursive: true });
  const stateFile = (pattern: RegExp) =>
    readFileSync(place.dir.join("state", String(state.find((name) => pattern.test(name)))), "utf8");
  canaries.plant("the secret-id", pki.secretId, readFileSync(file("secret-id"), "utf8"));
  canaries.plant("the password", password, readFileSync(file("password"), "utf8"));
  canaries.plant("the wrapping token", wrapping, readFileSync(file("wrapping"), "utf8"));
  canaries.plant("the token of the environment", environment.INLINE_TOKEN, await own("environ"));
  canaries.plant("the header", header, received.join());
  const kept = stateFile(/vault\/wrapped\.json$/);
  canaries.plant("the unwrapped secret-id", JSON.parse(kept).secretId, kept);
  canaries.plantKey("the key of the reserve", stateFile(/tls\.key$/));
  canaries.plantToken(environment.INLINE_TOKEN);

  Object.assign(told, {
    "the command line": await own("cmdline"),
    "the environment of a reload": readFileSync(file("env"), "utf8"),
    "the environment of a test before it": readFileSync(file("env-before"), "utf8"),
    ...(await filesBelow(place.dir.join("state"), (path) => /tls\.key$|vault\/wrapped\.json$/.test(path))),
    ...(await filesBelow(place.live("web"), (path) => path.endsWith("tls.key"))),
    ...(await lastWords(leafd)),
  });
  assert.match(told["the environment of a reload"] ?? "", /^LEAFD_SERVICE=web$/m);
  assert.match(told["status --json"] ?? "", /sh exited with code 1: \[redacted\]/);
  assert.ok(leafd.seen("reloaded").some(({ detail }) => detail === "sh exited with code 0: [redacted]"));
  canaries.assertUntold(told);
});

test("a server that sends back what it was sent makes nobody tell it", async () => {
  const canaries = new Canaries();
  const token = "hvs.CAESICANARYtokenCANARYtoken";
  const configured = "s.CANARYcanaryCANARYcanary1234";
  const echoed = "-----BEGIN PRIVATE KEY-----\nCANARYkey\n";
  const credentials = {
    "secret-id": "c0ffee00-cafe-cafe-cafe-canary000000",
    password: "canary-password-77aa10",
    jwt: "canary-jwt-03b9e5",
    wrapping: "hvs.CAESICANARYwrappingCANARY",
  };
  const received: string[] = [];
  await using server = await httpServer((request, response) => {
    void (async () => {
      const body = await readText(request);
      received.push(`${JSON.stringify(request.headers)} ${body}`);
      const values = Object.values<unknown>(body === "" ? {} : JSON.parse(body)).join(" ");
      const bare = `bare ${String(request.headers["x-vault-token"])} ${values}`;
      const echo = [`got ${JSON.stringify(request.headers)}`, `and ${body}`, bare, echoed];
      const auth = { client_token: token, lease_duration: 3600, renewable: true, accessor: "a", policies: [] };
      const isLogin = request.url?.includes("/approle/login") === true && !body.includes("denied");
      response.writeHead(isLogin ? 200 : 400, { "content-type": "application/json" });
      response.end(JSON.stringify(isLogin ? { auth } : { errors: echo }));
    })();
  });
  await using vault = await startTestVault();
  const pki = await setUpPki(vault);
  await using place = await leafdPlace({ vault: server, pki: { ...pki, secretId: credentials["secret-id"] } });
  for (const [name, secret] of Object.entries(credentials)) await writeFile(place.dir.join(name), secret);
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
  const told: Record<string, string> = { ...(await everything(place, port)) };

  const secretIdFile = place.dir.join("secret-id");
  const refused = {
    approle: { roleId: "denied", secretIdFile },
    userpass: { username: "web", passwordFile: place.dir.join("password") },
    jwt: { role: "web", tokenFile: place.dir.join("jwt") },
    wrapped: { roleId: "denied", secretIdFile: place.dir.join("wrapping"), wrapped: { creationPath: "auth/a/b" } },
  };
  for (const [method, auth] of Object.entries(refused)) {
    const vaultSettings = { address: server.address, auth: { [method === "wrapped" ? "approle" : method]: auth } };
    await place.configure({ web: {} }, { ...settings, vault: vaultSettings });
    await leafd.next("login_failed", (line) => line["method"] === (method === "wrapped" ? "approle" : method));
    for (const args of [
      ["status", "--json"],
      ["check", "--online", "--spend-secret-id"],
    ] as const)
      told[`${args.join(" ")} (${method})`] = JSON.stringify(await place.run(args[0], args.slice(1)));
  }
  // A token where a file name belongs, and a mistake beside it.
  const misplaced = { token: configured, tokenn: configured };
  await place.configure({ web: {} }, { ...settings, vault: { address: server.address, auth: misplaced } });
  await leafd.next("config_rejected");
  for (const args of [["once"], ["check"], ["check", "--json"], ["status"]] as const)
    told[`${args.join(" ")} (misplaced)`] = JSON.stringify(await place.run(args[0], args.slice(1)));
  Object.assign(told, await lastWords(leafd));

  for (const [name, secret] of Object.entries({ ...credentials, token })) canaries.plant(name, secret, received.join());
  canaries.plant("the configured token", configured, readFileSync(place.file, "utf8"));
  canaries.plant("the key", "CANARYkey", echoed);
  canaries.assertUntold(told);
});
