import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ServiceSpec, Settings } from "../../../src/domain/spec.ts";
import { HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { MINIMAL_CONFIG, minimalConfig, parseText } from "../../support/config-file.ts";

/* What becomes of the keys about outages: clusters, issuers, the policy, the proof and its windows. */

const CLUSTERS = minimalConfig(
  [
    "issuers:\n",
    `clusters:
  dr: { address: https://dr.internal, auth: { tokenFile: /run/dr }, concurrency: 2 }
issuers:
  dr: { vault: { cluster: dr, mount: dr-pki, role: web, issuerRef: ca-2 } }
`,
  ],
  ["  web:\n", "  web:\n    issuers: [main, dr]\n"],
);

const settingsOf = (text: string): Settings => parseText(text).settings;
/** The service of a configuration with these lines added to it. */
function serviceOf(...lines: readonly string[]): ServiceSpec {
  const [service] = settingsOf(`${CLUSTERS}${lines.map((line) => `    ${line}\n`).join("")}`).services;
  assert.ok(service);
  return service;
}

const MAIN = { name: "main", cluster: "default", mount: "pki", role: "web", method: "sign" };
const DR = { name: "dr", cluster: "dr", mount: "dr-pki", role: "web", method: "sign", issuerRef: "ca-2" };

test("clusters have a login each, and issuers one of them", () => {
  const { clusters, services, trust } = settingsOf(`${CLUSTERS}trust: { include: [dr] }\n`);
  assert.deepEqual(
    clusters.map(({ name, addresses, auth, concurrency }) => ({ name, addresses, auth, concurrency })),
    [
      {
        name: "default",
        addresses: ["https://vault.internal:8200"],
        auth: { kind: "tokenFile", path: "/run/token" },
        concurrency: 16,
      },
      { name: "dr", addresses: ["https://dr.internal"], auth: { kind: "tokenFile", path: "/run/dr" }, concurrency: 2 },
    ],
  );
  assert.deepEqual(services[0]?.issuers, [MAIN, DR]);
  assert.deepEqual(trust.include, [DR]);
});

suite("outage", () => {
  test("of a service and of defaults are merged, key by key", () => {
    const { services } = settingsOf(`${CLUSTERS}    ttl: 24h
    outage: { failoverAfter: 10m, reserve: { ttl: 72h } }
defaults: { outage: { survive: 8h, failoverAfter: 1h, reserve: { role: web-long, ttl: 48h }, atExpiry: keep } }
`);
    assert.deepEqual(services[0]?.outage, {
      survive: 8 * HOUR,
      failoverAfter: 10 * MINUTE,
      reserve: { ttl: 72 * HOUR, issuer: { ...MAIN, name: "main-reserve", role: "web-long" } },
      atExpiry: { kind: "keep" },
    });
  });

  test("a reserve may be of another issuer, whose named issuer it keeps on its mount only", () => {
    const reserve = (keys: string) => serviceOf(`outage: { reserve: { ttl: 72h, role: r, ${keys} } }`).outage.reserve;
    assert.deepEqual(reserve("issuer: dr")?.issuer, { ...DR, name: "dr-reserve", role: "r" });
    const { issuerRef: _, ...other } = { ...DR, name: "dr-reserve", role: "r", mount: "long" };
    assert.deepEqual(reserve("issuer: dr, mount: long")?.issuer, other);
  });

  test("stop becomes what stops the units and processes of the reload steps, and starts what it can", () => {
    const { atExpiry } = serviceOf(
      "reload: [{ systemd: { unit: a, timeout: 1m } }, { signal: { pidFile: /run/b } }, { touch: /c }]",
      "outage: { atExpiry: stop }",
    ).outage;
    assert.deepEqual(atExpiry, {
      kind: "stop",
      steps: [
        { kind: "systemd", unit: "a", action: "stop", timeout: MINUTE },
        { kind: "signal", signal: "SIGTERM", target: { by: "pidFile", path: "/run/b" }, allowInit: false },
      ],
      undo: [{ kind: "systemd", unit: "a", action: "start", timeout: MINUTE }],
    });
  });

  test("exec is a command that nothing takes back", () => {
    const { atExpiry } = serviceOf("outage: { atExpiry: { exec: { command: [/bin/drain, web] } } }").outage;
    assert.deepEqual(atExpiry, {
      kind: "exec",
      steps: [{ kind: "exec", argv: ["/bin/drain", "web"], timeout: 30 * SECOND, shared: false }],
      undo: [],
    });
  });

  test("a ttl that just holds the outage is taken, and one that is not known too", () => {
    assert.equal(serviceOf("ttl: 12h34m", "outage: { survive: 8h }").outage.survive, 8 * HOUR);
    assert.equal(serviceOf("outage: { survive: 8h }").outage.survive, 8 * HOUR);
    assert.equal(serviceOf("renewAt: 90%", "ttl: 24h", "outage: { survive: 8h }").renewAt, 0.9);
  });
});

test("a probe is one endpoint or several", () => {
  const endpoint = { host: "127.0.0.1", port: 8443, alpn: [], timeout: 5 * SECOND, settle: 10 * SECOND };
  assert.deepEqual(serviceOf('probe: { tls: "127.0.0.1:8443" }').probes, [endpoint]);
  const several =
    'probe: [{ tls: "127.0.0.1:8443" }, { tls: "[::1]:5432", serverName: db.internal, alpn: [h2], startTls: postgres, timeout: 1s, settle: 0s }]';
  assert.deepEqual(serviceOf(several).probes, [
    endpoint,
    {
      host: "::1",
      port: 5432,
      serverName: "db.internal",
      alpn: ["h2"],
      startTls: "postgres",
      timeout: SECOND,
      settle: 0,
    },
  ]);
});

test("what is done around a reload: before it, when it did not help, when it may happen, and after it", () => {
  const service = serviceOf(
    "preReload: [{ exec: { command: [nginx, -t] } }]",
    "reload: [{ systemd: nginx }]",
    "escalate: [{ systemd: { unit: nginx, action: restart } }]",
    'probe: { tls: "127.0.0.1:8443" }',
    'windows: [{ cron: "0 2 * * *", duration: 2h, timezone: Europe/Berlin }, { cron: "0 0 4 * * sun", duration: 1m }]',
    "revokeOld: true",
  );
  assert.deepEqual(service.preReload, [{ kind: "exec", argv: ["nginx", "-t"], timeout: 30 * SECOND, shared: false }]);
  assert.deepEqual(service.escalate, [{ kind: "systemd", unit: "nginx", action: "restart", timeout: 30 * SECOND }]);
  assert.deepEqual(service.windows, [
    { cron: "0 2 * * *", duration: 2 * HOUR, timezone: "Europe/Berlin" },
    { cron: "0 0 4 * * sun", duration: MINUTE, timezone: "UTC" },
  ]);
  assert.equal(service.revokeOld, true);
});

test("defaults may say all of it but the probe; what they escalate to is for services with a probe", () => {
  const { services } = settingsOf(`${MINIMAL_CONFIG}    probe: { tls: "a.internal:443" }
  api: { identity: { dns: [api] }, output: { directory: /srv/api } }
defaults:
  preReload: [{ exec: { command: [a] } }]
  escalate: [{ touch: /b }]
  windows: [{ cron: "* * * * *", duration: 1h }]
  revokeOld: true
`);
  const said = ({ preReload, escalate, windows, revokeOld }: ServiceSpec) =>
    [preReload.length, escalate.length, windows.length, revokeOld] as const;
  assert.deepEqual(services.map(said), [
    [1, 0, 1, true],
    [1, 1, 1, true],
  ]);
});

suite("warnings", () => {
  const cases: readonly (readonly [name: string, text: string, ...warnings: string[]])[] = [
    ["nothing to warn of", CLUSTERS],
    [
      "a cluster that no issuer is of",
      CLUSTERS.replace("cluster: dr, ", ""),
      "5:3: clusters.dr: no issuer is of this cluster",
    ],
    [
      "the default one too",
      CLUSTERS.replace("main: { vault: {", "main: { vault: { cluster: dr,"),
      "1:1: vault: no issuer is of this cluster",
    ],
    [
      "a token of a further cluster",
      CLUSTERS.replace("tokenFile: /run/dr", "token: x"),
      "5:47: clusters.dr.auth.token: a token in the configuration cannot be replaced when it ends",
    ],
    [
      "defaults that reach nobody",
      `${MINIMAL_CONFIG}defaults: { escalate: [{ touch: /a }], outage: { failoverAfter: 5m } }\n`,
      "10:13: defaults.escalate: no service has a probe, so nothing escalates",
      "10:50: defaults.outage.failoverAfter: no service has a second issuer to go to",
    ],
  ];
  for (const [name, text, ...warnings] of cases)
    test(name, () =>
      assert.deepEqual(
        parseText(text).warnings.map(({ line, column, path, message }) => `${line}:${column}: ${path}: ${message}`),
        warnings,
      ),
    );
});
