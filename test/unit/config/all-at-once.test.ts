import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { MINIMAL_CONFIG, minimalConfig, problemsOf } from "../../support/config-file.ts";

/* All mistakes are shown at once: one of shape hides none of the others, and makes none up. */

test("misshapen values, and what is wrong between keys beside them", () => {
  const text = `
vault:
  address: http://vault.internal:8200
  auth: { tokenFile: /run/token, cert: {} }
  concurrency: many
issuers:
  main: { vault: { role: web, method: post } }
stateDir: state
defaults: { issuers: [mian], renewAt: 200% }
services:
  web:
    identity: { commonName: 17, dns: [a..b, 5], ips: [10.0.0] }
    output: { directory: /srv/web, modes: { key: "0644", cert: 644 } }
    reload: [{ exec: nginx -t }, { signal: { signal: HUP } }]
  Api:
    identity: { uris: corp/api }
    output: { directory: /srv/web/api, gruop: web }
`.trimStart();
  assert.deepEqual(problemsOf(text), [
    "leafd.yaml:2:12: vault.address: http:// would send the token and the certificates in clear text",
    "leafd.yaml:3:3: vault.auth: 2 auth methods are given",
    "leafd.yaml:4:16: vault.concurrency: must be a number, not text",
    "leafd.yaml:6:39: issuers.main.vault.method: must be one of sign, issue",
    "leafd.yaml:7:11: stateDir: must be an absolute path, starting with /",
    "leafd.yaml:8:23: defaults.issuers[0]: no issuer of this name is defined",
    'leafd.yaml:8:39: defaults.renewAt: must be a percentage such as "66%" or a number, from 10% to 95%',
    "leafd.yaml:11:29: services.web.identity.commonName: must be text, not a number",
    "leafd.yaml:11:39: services.web.identity.dns[0]: this DNS name is not a host name",
    "leafd.yaml:11:45: services.web.identity.dns[1]: must be text, not a number",
    "leafd.yaml:11:55: services.web.identity.ips[0]: this IP address is not an IP address",
    "leafd.yaml:12:50: services.web.output.modes.key: lets everybody on this host use the private key",
    'leafd.yaml:12:64: services.web.output.modes.cert: must be a file mode in quotes, three or four octal digits such as "0640"',
    "leafd.yaml:13:22: services.web.reload[0].exec: must be a map such as { command: [nginx, -s, reload] }; there is no shell",
    "leafd.yaml:13:36: services.web.reload[1].signal: there is nobody to send the signal to",
    "leafd.yaml:13:54: services.web.reload[1].signal.signal: must be one of SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGTERM, SIGQUIT, SIGWINCH",
    "leafd.yaml:14:3: services.Api: must be a name of 1 to 63 characters: a-z, 0-9, dot, dash and underscore, the first a letter or digit",
    "leafd.yaml:15:23: services.Api.identity.uris: must be a list, not text",
    'leafd.yaml:16:26: services.Api.output.directory: lies inside the output directory of service "web"',
    "leafd.yaml:16:40: services.Api.output.gruop: unknown key",
  ]);
});

test("no issuer that can be read: nothing is said of those who name one", () =>
  assert.deepEqual(
    problemsOf(`${minimalConfig(["  main: { vault: { role: web } }", "  - main"])}    issuers: [main]\n`),
    ["leafd.yaml:5:3: issuers: must be a map, not a list"],
  ));

suite("a misspelt key is the only thing said of what it would have given:", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["a login", minimalConfig(["{ tokenFile:", "{ tokenfile:"]), "3:11: vault.auth.tokenfile: unknown key"],
    [
      "a role id",
      minimalConfig(["{ tokenFile: /run/token }", "{ approle: { roleID: a } }"]),
      "3:22: vault.auth.approle.roleID: unknown key",
    ],
    [
      "a client certificate",
      minimalConfig(["{ tokenFile: /run/token }", "{ cert: {} }\n  tls: { certfile: /c, keyFile: /k }"]),
      "4:10: vault.tls.certfile: unknown key",
    ],
    ["a name", minimalConfig(["commonName", "commonname"]), "8:17: services.web.identity.commonname: unknown key"],
    [
      "a reload",
      `${MINIMAL_CONFIG}    reload: [{ sytemd: nginx.service }]\n`,
      "10:16: services.web.reload[0].sytemd: unknown key",
    ],
    [
      "whom to signal",
      `${MINIMAL_CONFIG}    reload: [{ signal: { pidfile: /run/a } }]\n`,
      "10:26: services.web.reload[0].signal.pidfile: unknown key",
    ],
    [
      "a group",
      minimalConfig(["/srv/web", '/srv/web, gruop: web, modes: { key: "0640" }']),
      "9:36: services.web.output.gruop: unknown key",
    ],
    [
      "a group, in defaults",
      `${minimalConfig(["/srv/web", '/srv/web, modes: { key: "0640" }'])}defaults: { output: { groups: web } }\n`,
      "10:23: defaults.output.groups: unknown key",
    ],
    [
      "an issuer",
      minimalConfig(
        ["issuers:", "issuers:\n  dr: { vault: { role: web } }"],
        ["  web:\n", "  web:\n    issuer: [dr]\n"],
      ),
      "9:5: services.web.issuer: unknown key",
    ],
    [
      "what to stop",
      `${MINIMAL_CONFIG}    relaod: [systemd: nginx.service]\n    outage: { atExpiry: stop }\n`,
      "10:5: services.web.relaod: unknown key",
    ],
    [
      "a probe",
      `${MINIMAL_CONFIG}    prob: { tls: "a.internal:1" }\n    escalate: [touch: /a]\n`,
      "10:5: services.web.prob: unknown key",
    ],
    [
      "clusters",
      minimalConfig(["issuers:", "clsuters: {}\nissuers:"], ["{ role: web }", "{ role: web, cluster: dr }"]),
      "4:1: clsuters: unknown key",
    ],
    [
      "a role, in defaults",
      `${MINIMAL_CONFIG}    outage: { reserve: { ttl: 3d } }\ndefaults: { outage: { reserve: { rol: web } } }\n`,
      "11:34: defaults.outage.reserve.rol: unknown key",
    ],
  ];
  for (const [name, text, problem] of cases)
    test(name, () => assert.deepEqual(problemsOf(text), [`leafd.yaml:${problem}`]));
});

suite("a misshapen value is the only thing said of what it does not go with:", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      "steps to reload, and what stops them",
      `${MINIMAL_CONFIG}    reload: nginx.service\n    outage: { atExpiry: stop }\n`,
      "10:13: services.web.reload: must be a list, not text",
    ],
    [
      "an outage, and the ttl that is to hold it",
      `${MINIMAL_CONFIG}    ttl: 30s\ndefaults: { outage: { survive: long } }\n`,
      "11:32: defaults.outage.survive: must be a duration with a unit, such as 90s, 24h or 3d",
    ],
    [
      "a ttl, and the reserve that is to be longer",
      `${MINIMAL_CONFIG}    outage: { reserve: { ttl: 30s, role: web } }\ndefaults: { ttl: short }\n`,
      "11:18: defaults.ttl: must be a duration with a unit, such as 90s, 24h or 3d",
    ],
  ];
  for (const [name, text, problem] of cases)
    test(name, () => assert.deepEqual(problemsOf(text), [`leafd.yaml:${problem}`]));
});

/** Most keys as they should be, and at the end two services that are not. */
const CONFIG = {
  vault: {
    address: ["https://a.internal:8200", "https://b.internal:8200"],
    namespace: "team",
    tls: { caFile: "/ca.pem", serverName: "vault", certFile: "/c.pem", keyFile: "/k.pem" },
    auth: { approle: { mount: "approle", roleId: "r", secretIdFile: "/s", wrapped: { creationPath: "p" } } },
    timeouts: { connect: "5s", request: "15s" },
    concurrency: 16,
  },
  clusters: {
    dr: {
      address: "https://dr.internal",
      tls: { caFile: "/dr.pem" },
      auth: { userpass: { username: "u", passwordFile: "/p" } },
    },
  },
  issuers: {
    main: { vault: { mount: "pki", role: "web", method: "sign", issuerRef: "ca" } },
    other: { vault: { cluster: "dr", role: "web" } },
  },
  trust: { roots: "/roots.pem", include: ["other"], newRoot: "hold" },
  stateDir: "/var/lib/leafd",
  defaults: {
    key: "ec-p256",
    issuers: ["main"],
    reload: [{ systemd: "nginx.service" }],
    outage: { survive: "1h", reserve: { role: "long" }, atExpiry: "stop" },
    revokeOld: true,
    output: { owner: "web" },
  },
  services: {
    web: {
      required: true,
      identity: { commonName: "web.internal", dns: ["web.internal"], ips: ["10.0.0.1"], uris: ["spiffe://corp/web"] },
      usages: ["server"],
      ttl: "24h",
      renewAt: "66%",
      output: {
        directory: "/srv/web",
        group: "web",
        modes: { key: "0640", cert: "0644", directory: "0750" },
        layout: "bundle",
      },
      reload: [
        { systemd: { unit: "nginx.service", action: "restart", timeout: "30s" } },
        { signal: { signal: "SIGHUP", process: "nginx", user: "web" } },
        { exec: { command: ["nginx", "-s", "reload"], shared: true } },
        { http: { url: "http://127.0.0.1/", headers: { A: "b" }, headerFiles: { C: "/d" }, expect: [200] } },
        { touch: "/run/touched" },
      ],
      issuers: ["main", "other"],
      preReload: [{ exec: { command: ["nginx", "-t"], timeout: "5s" } }],
      escalate: [{ systemd: { unit: "nginx.service", action: "restart" } }],
      probe: [{ tls: "127.0.0.1:8443", serverName: "web.internal", alpn: ["h2"], startTls: "postgres", settle: "1s" }],
      outage: {
        survive: "8h",
        failoverAfter: "10m",
        reserve: { ttl: "72h", role: "long", issuer: "other", mount: "long" },
        atExpiry: { exec: { command: ["/bin/drain"], timeout: "5s" } },
      },
      windows: [{ cron: "0 2 * * *", duration: "2h", timezone: "Europe/Berlin" }],
    },
    second: { identity: {}, output: { directory: "/opt/second" }, outage: { reserve: { ttl: "2d" } } },
    third: {
      identity: { ips: ["10.0.0"] },
      output: { directory: "/opt/second/third" },
      reload: [{}],
      escalate: [{ touch: "/a" }],
      outage: { atExpiry: "keep", reserve: { ttl: "2d" } },
      windows: [{ cron: "0 2 * * *", duration: "2h", timezone: "Europe/Berlim" }],
    },
  },
  observe: { listen: "127.0.0.1:9464", hosts: ["metrics.internal"], scrapeInterval: "30s" },
  policy: { maxTtl: "30d" },
  control: { directory: "/run/leafd", group: "ops" },
  log: { level: "info", format: "json" },
};

/** What is wrong with the two. */
const STANDING = [
  "services.second.identity: the certificate would have no name",
  'services.third.output.directory: lies inside the output directory of service "second"',
  "services.third.identity.ips[0]: this IP address is not an IP address",
  "services.third.reload[0]: this reload step is empty",
  "services.third.escalate: nothing would ever escalate: no probe could show that a reload did not help",
  "services.third.windows[0].timezone: no time zone has this name",
];

/** The value with something of no use in place of each of its parts in turn, and the name of the part. */
function* spoilt(value: unknown, name = ""): Generator<readonly [name: string, spoilt: unknown]> {
  if (name !== "") yield [name, { nonsense: [0.5] }];
  if (name !== "" && typeof value === "object") yield [name, 0.5];
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const place = Array.isArray(value) ? `${name}[${key}]` : `${name}${name === "" ? "" : "."}${key}`;
    for (const [at, put] of spoilt(inner, place))
      yield [
        at,
        Array.isArray(value)
          ? value.map((item, index) => (String(index) === key ? put : item))
          : { ...value, [key]: put },
      ];
  }
}

test("whatever key is misshapen, it alone is said, with all mistakes of the others", () => {
  let count = 0;
  for (const [place, config] of spoilt(CONFIG)) {
    if (/^(issuers|services(\.(second|third).*)?)$/.test(place)) continue;
    const said = problemsOf(JSON.stringify(config)).map((line) => line.replace(/^leafd.yaml:1:\d+: /, ""));
    for (const mistake of STANDING) assert.ok(said.includes(mistake), `${place} hides: ${mistake}`);
    const others = said.filter((line) => !STANDING.includes(line));
    assert.ok(others.length > 0, `nothing is said of ${place}`);
    for (const line of others) assert.ok(line.startsWith(place), `${place} makes up: ${line}`);
    count++;
  }
  assert.ok(count > 100, `${count} places`);
});
