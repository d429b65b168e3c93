import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { DAY, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { MINIMAL_CONFIG, minimalConfig, parseText } from "../../support/config-file.ts";

const settingsOf = (text: string, env = {}) => parseText(text, env).settings;
const auth = "{ tokenFile: /run/token }";

test("the least configuration becomes a complete one", () => {
  assert.deepEqual(settingsOf(MINIMAL_CONFIG), {
    clusters: [
      {
        name: "default",
        addresses: ["https://vault.internal:8200"],
        tls: {},
        auth: { kind: "tokenFile", path: "/run/token" },
        timeouts: { connect: 5 * SECOND, request: 15 * SECOND },
        concurrency: 16,
      },
    ],
    trust: { include: [], newRoot: "accept" },
    stateDir: "/var/lib/leafd",
    services: [
      {
        name: "web",
        required: true,
        request: {
          names: { commonName: "web.internal", dns: [], ips: [], uris: [], emails: [] },
          key: "ec-p256",
          reuseKey: false,
          usages: ["server", "client"],
        },
        issuers: [{ name: "main", cluster: "default", mount: "pki", role: "web", method: "sign" }],
        output: { directory: "/srv/web", modes: { key: 0o600, cert: 0o644, directory: 0o755 }, layout: "generations" },
        preReload: [],
        reload: [],
        escalate: [],
        probes: [],
        renewAt: 2 / 3,
        outage: { atExpiry: { kind: "keep" } },
        windows: [],
        revokeOld: false,
      },
    ],
    observe: { listen: "127.0.0.1:9464", hosts: [] },
    review: { maxTtl: 90 * DAY, scrapeInterval: 15 * SECOND },
    control: { directory: "/var/lib/leafd/control" },
    log: { level: "info", format: "json" },
  });
});

suite("auth", () => {
  const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/token";
  const cases: readonly (readonly [written: string, spec: object])[] = [
    ["tokenFile: /t", { kind: "tokenFile", path: "/t" }],
    ["approle: { roleId: a }", { kind: "approle", mount: "approle", roleId: { value: "a" }, persist: true }],
    [
      "approle: { mount: x/y/, roleIdFile: /r, secretIdFile: /s, wrapped: { creationPath: p }, persist: false }",
      {
        kind: "approle",
        mount: "x/y",
        roleId: { file: "/r" },
        secretIdFile: "/s",
        wrapped: { creationPath: "p" },
        persist: false,
      },
    ],
    ["kubernetes: { role: r }", { kind: "kubernetes", mount: "kubernetes", role: "r", tokenFile: serviceAccount }],
    ["jwt: { role: r, tokenFile: /t }", { kind: "jwt", mount: "jwt", role: "r", tokenFile: "/t" }],
    ["cert: { role: r } }\n  tls: { certFile: /c, keyFile: /k", { kind: "cert", mount: "cert", role: "r" }],
    [
      "userpass: { username: u, passwordFile: /p }",
      { kind: "userpass", mount: "userpass", username: "u", passwordFile: "/p" },
    ],
  ];
  for (const [written, spec] of cases)
    test(written.split(":")[0] ?? "", () =>
      assert.deepEqual(settingsOf(minimalConfig([auth, `{ ${written} }`])).clusters[0]?.auth, spec),
    );
});

test("a token in the file works, is kept out of sight and is warned of", () => {
  const { settings, warnings } = parseText(minimalConfig([auth, "{ token: '${VAULT_TOKEN}' }"]), {
    VAULT_TOKEN: "hvs.x",
  });
  const login = settings.clusters[0]?.auth;
  assert.equal(login?.kind === "token" && login.token.reveal(), "hvs.x");
  assert.ok(!inspect(settings, { depth: 9 }).includes("hvs.x"));
  assert.deepEqual(
    warnings.map(({ line, column, message }) => [line, column, message]),
    [[3, 11, "a token in the configuration cannot be replaced when it ends"]],
  );
});

test("addresses: several, with loopback in clear text and sockets, normalised", () => {
  const list =
    "[https://Vault.Internal, 'http://127.0.0.1:8200/', 'http://[::1]:1', 'http://localhost', 'unix:///run/v.sock']";
  assert.deepEqual(settingsOf(minimalConfig(["https://vault.internal:8200", list])).clusters[0]?.addresses, [
    "https://vault.internal",
    "http://127.0.0.1:8200",
    "http://[::1]:1",
    "http://localhost",
    "unix:///run/v.sock",
  ]);
});

suite("reload steps", () => {
  const nginx = ["nginx", "-t"];
  const cases: readonly (readonly [written: string, step: object])[] = [
    ["systemd: nginx.service", { kind: "systemd", unit: "nginx.service", action: "reload", timeout: 30 * SECOND }],
    [
      "systemd: { unit: a, action: restart, timeout: 1m }",
      { kind: "systemd", unit: "a", action: "restart", timeout: MINUTE },
    ],
    [
      "signal: { pidFile: /run/a.pid }",
      { kind: "signal", signal: "SIGHUP", target: { by: "pidFile", path: "/run/a.pid" }, allowInit: false },
    ],
    [
      "signal: { signal: SIGUSR1, process: haproxy, user: 99 }",
      { kind: "signal", signal: "SIGUSR1", target: { by: "process", name: "haproxy", user: "99" }, allowInit: false },
    ],
    [
      "signal: { pid: 1, allowInit: true }",
      { kind: "signal", signal: "SIGHUP", target: { by: "pid", pid: 1 }, allowInit: true },
    ],
    ["exec: { command: [nginx, -t] }", { kind: "exec", argv: nginx, timeout: 30 * SECOND, shared: false }],
    [
      "exec: { command: [nginx, -t], timeout: 500ms, shared: true }",
      { kind: "exec", argv: nginx, timeout: 500, shared: true },
    ],
    [
      "http: { url: 'http://a/b' }",
      {
        kind: "http",
        url: "http://a/b",
        method: "POST",
        headers: {},
        headerFiles: {},
        expect: [200, 201, 202, 204],
        timeout: 10 * SECOND,
      },
    ],
    [
      "http: { url: 'https://a', method: PUT, headers: { X-A: b }, headerFiles: { X-B: /b }, expect: [200], caFile: /c }",
      {
        kind: "http",
        url: "https://a/",
        method: "PUT",
        headers: { "X-A": "b" },
        headerFiles: { "X-B": "/b" },
        expect: [200],
        caFile: "/c",
        timeout: 10 * SECOND,
      },
    ],
    ["touch: /a", { kind: "touch", path: "/a" }],
  ];
  for (const [written, step] of cases)
    test(written, () => {
      const { services } = settingsOf(`${MINIMAL_CONFIG}    reload: [{ ${written} }]\n`);
      assert.deepEqual(services[0]?.reload, [step]);
    });
});

test("defaults reach every service that does not say otherwise: maps are merged, lists replaced", () => {
  const { services } = settingsOf(`${MINIMAL_CONFIG}    ttl: 1h
    reload: []
  api:
    identity: { dns: [api] }
    required: true
    notAfter: 2030-01-01T00:00:00Z
    output: { directory: /srv/api/, modes: { cert: "0444" } }
defaults:
  key: rsa-2048
  reuseKey: true
  usages: [client]
  ttl: 1d
  renewAt: 50%
  issuers: [main]
  required: false
  reload: [systemd: a]
  output: { owner: 7, group: web, layout: bundle, modes: { cert: "0640", key: "0440" } }
`);
  const [api, web] = services;
  assert.deepEqual(api, {
    name: "api",
    required: true,
    request: {
      names: { dns: ["api"], ips: [], uris: [], emails: [] },
      key: "rsa-2048",
      reuseKey: true,
      usages: ["client"],
      notAfter: Date.UTC(2030, 0),
    },
    issuers: [{ name: "main", cluster: "default", mount: "pki", role: "web", method: "sign" }],
    output: {
      directory: "/srv/api",
      owner: "7",
      group: "web",
      modes: { key: 0o440, cert: 0o444, directory: 0o750 },
      layout: "bundle",
    },
    preReload: [],
    reload: [{ kind: "systemd", unit: "a", action: "reload", timeout: 30 * SECOND }],
    escalate: [],
    probes: [],
    renewAt: 0.5,
    outage: { atExpiry: { kind: "keep" } },
    windows: [],
    revokeOld: false,
  });
  assert.equal(web?.request.ttl, 60 * MINUTE);
  assert.deepEqual(web?.reload, []);
  assert.equal(web?.output.modes.cert, 0o640);
});

test("a group opens the key and closes the directory", () => {
  const { services } = settingsOf(minimalConfig(["/srv/web }", "/srv/web, group: web }"]));
  assert.deepEqual(services[0]?.output.modes, { key: 0o640, cert: 0o644, directory: 0o750 });
});

test("names are handed over normalised", () => {
  const names = "{ dns: [B.Internal., a.internal, b.internal], ips: ['::0001'], uris: ['SPIFFE://Corp/Web'] }";
  const uris = names.replace("SPIFFE://Corp/Web", "spiffe://corp/Web");
  const { services } = settingsOf(minimalConfig(["{ commonName: web.internal }", uris]));
  assert.deepEqual(services[0]?.request.names, {
    dns: ["a.internal", "b.internal"],
    ips: ["::1"],
    uris: ["spiffe://corp/Web"],
    emails: [],
  });
});

test("what remains of the keys: trust, listeners, sockets, logs, clusters", () => {
  const settings = settingsOf(`${minimalConfig([
    auth,
    `${auth}
  namespace: team/a
  tls: { caFile: /ca, serverName: v, certFile: /c, keyFile: /k }
  timeouts: { connect: 1s, request: 2s }
  concurrency: 1`,
  ])}stateDir: /srv/state/
trust: { roots: /roots.pem }
observe: { listen: "off", hosts: [leafd.internal], scrapeInterval: 30s }
policy: { maxTtl: 30d }
control: { group: ops }
log: { level: debug, format: text }
`);
  const { name: _, addresses: _addresses, auth: _auth, ...cluster } = settings.clusters[0] ?? {};
  assert.deepEqual(cluster, {
    namespace: "team/a",
    tls: { caFile: "/ca", serverName: "v", certFile: "/c", keyFile: "/k" },
    timeouts: { connect: SECOND, request: 2 * SECOND },
    concurrency: 1,
  });
  assert.equal(settings.stateDir, "/srv/state");
  assert.deepEqual(settings.trust, { roots: "/roots.pem", include: [], newRoot: "hold" });
  assert.deepEqual(settings.observe, { hosts: ["leafd.internal"] });
  assert.deepEqual(settings.review, { maxTtl: 30 * DAY, scrapeInterval: 30 * SECOND });
  assert.deepEqual(settings.control, { directory: "/srv/state/control", group: "ops" });
  assert.deepEqual(settings.log, { level: "debug", format: "text" });
});

test("a thousand services are read in a moment", () => {
  const services = Array.from(
    { length: 1000 },
    (_, index) => `  s${index}: { identity: { dns: [s${index}] }, output: { directory: /srv/s/${index} } }\n`,
  );
  const started = performance.now();
  assert.equal(settingsOf(MINIMAL_CONFIG + services.join("")).services.length, 1001);
  assert.ok(performance.now() - started < 3000);
});
