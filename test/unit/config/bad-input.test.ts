import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { errorOf, MINIMAL_CONFIG, minimalConfig, parseText, problemsOf } from "../../support/config-file.ts";

/* What an operator can get wrong in one file, and the exact words for it. */

const identity = "{ commonName: web.internal }";
const output = "output: { directory: /srv/web }";
const auth = "{ tokenFile: /run/token }";
const address = "https://vault.internal:8200";

/** The minimal service with one more line, which is line 10. */
const withLine = (line: string) => `${MINIMAL_CONFIG}    ${line}\n`;
/** The minimal service with other output keys, at line 9. */
const withOutput = (keys: string) => minimalConfig([output, `output: { directory: /srv/web, ${keys} }`]);

type Case = readonly [name: string, text: string, ...problems: string[]];

function each(cases: readonly Case[]): void {
  for (const [name, text, ...problems] of cases)
    test(name, () =>
      assert.deepEqual(
        problemsOf(text),
        problems.map((problem) => `leafd.yaml:${problem}`),
      ),
    );
}

suite("keys", () =>
  each([
    ["unknown, at the top", `${MINIMAL_CONFIG}srevices: {}\n`, "10:1: srevices: unknown key"],
    [
      "unknown, deep",
      withLine("reload: [{ systemd: { unitt: x } }]"),
      "10:16: services.web.reload[0].systemd.unit: is missing",
      "10:27: services.web.reload[0].systemd.unitt: unknown key",
    ],
    ["missing", minimalConfig(["role: web", "mount: pki"]), "5:11: issuers.main.vault.role: is missing"],
    [
      "missing at the top",
      "issuers: { a: { vault: { role: r } } }\n",
      "1:1: vault: is missing",
      "1:1: services: no service is defined",
    ],
    ["empty", minimalConfig([identity, ""]), "8:15: services.web.identity: must be a map, not empty"],
    [
      "of the service-level, in defaults",
      `${MINIMAL_CONFIG}defaults: { identity: {} }\n`,
      "10:13: defaults.identity: unknown key",
    ],
  ]));

suite("types", () =>
  each([
    ["text for true", withLine('required: "yes"'), "10:15: services.web.required: must be true or false, not text"],
    [
      "a number for text",
      minimalConfig(["web.internal", "17"]),
      "8:29: services.web.identity.commonName: must be text, not a number",
    ],
    [
      "text for a list",
      minimalConfig([identity, "{ dns: a.b }"]),
      "8:22: services.web.identity.dns: must be a list, not text",
    ],
    [
      "a list for a map",
      minimalConfig(["{ vault: { role: web } }", "[]"]),
      "5:9: issuers.main: must be a map, not a list",
    ],
    [
      "text for a whole number",
      minimalConfig([auth, `${auth}\n  concurrency: many`]),
      "4:16: vault.concurrency: must be a number, not text",
    ],
    [
      "a number out of range",
      minimalConfig([auth, `${auth}\n  concurrency: 0`]),
      "4:16: vault.concurrency: must be at least 1",
    ],
    [
      "one of",
      withLine("key: ecp256"),
      "10:10: services.web.key: must be one of ec-p256, ec-p384, ec-p521, rsa-2048, rsa-3072, rsa-4096, ed25519",
    ],
    [
      "a duration without a unit",
      withLine("ttl: 24"),
      "10:10: services.web.ttl: must be a duration with a unit, such as 90s, 24h or 3d",
    ],
    ["a ttl too short", withLine("ttl: 4s"), "10:10: services.web.ttl: must be from 5s to 3660d"],
    [
      "a time",
      withLine("notAfter: tomorrow"),
      "10:15: services.web.notAfter: must be a time such as 2027-01-31T00:00:00Z",
    ],
    [
      "renewAt above its range",
      withLine("renewAt: 96%"),
      '10:14: services.web.renewAt: must be a percentage such as "66%" or a number, from 10% to 95%',
    ],
    [
      "renewAt as a whole number",
      withLine("renewAt: 66"),
      '10:14: services.web.renewAt: must be a percentage such as "66%" or a number, from 10% to 95%',
    ],
    ["an empty list", withLine("usages: []"), "10:13: services.web.usages: must not be empty"],
    [
      "a relative path",
      minimalConfig(["/srv/web", "live/web"]),
      "9:26: services.web.output.directory: must be an absolute path, starting with /",
    ],
  ]));

suite("names", () =>
  each([
    [
      "of a service, with ../",
      minimalConfig(["  web:", "  ../web:"]),
      '7:3: services."../web": must be a name of 1 to 63 characters: a-z, 0-9, dot, dash and underscore, the first a letter or digit',
    ],
    [
      "of a service, too long",
      minimalConfig(["  web:", `  ${"a".repeat(64)}:`]),
      `7:3: services.${"a".repeat(64)}: must be a name of 1 to 63 characters: a-z, 0-9, dot, dash and underscore, the first a letter or digit`,
    ],
    [
      "a SPIFFE ID among other URIs",
      minimalConfig([identity, "{ uris: [spiffe://corp/a, https://b.internal/] }"]),
      "8:17: services.web.identity.uris: a SPIFFE ID must be the only URI of its certificate",
    ],
    ["none at all", minimalConfig([identity, "{}"]), "8:5: services.web.identity: the certificate would have no name"],
    [
      "DNS name",
      minimalConfig([identity, "{ dns: [ok.internal, a..b] }"]),
      "8:36: services.web.identity.dns[1]: this DNS name is not a host name",
    ],
    [
      "an IP address as a DNS name",
      minimalConfig([identity, "{ dns: [10.0.0.1] }"]),
      "8:23: services.web.identity.dns[0]: this DNS name is an IP address: list it under ips",
    ],
    [
      "IP address",
      minimalConfig([identity, "{ ips: [10.0.0] }"]),
      "8:23: services.web.identity.ips[0]: this IP address is not an IP address",
    ],
    [
      "URI",
      minimalConfig([identity, "{ uris: [corp/web] }"]),
      "8:24: services.web.identity.uris[0]: this URI has no scheme, such as spiffe:// or https://",
    ],
    [
      "e-mail",
      minimalConfig([identity, "{ emails: [web] }"]),
      "8:26: services.web.identity.emails[0]: this e-mail address has no mailbox before an @",
    ],
    [
      "of a mount, leading elsewhere",
      minimalConfig(["{ role: web }", "{ role: web, mount: pki/../sys }"]),
      "5:38: issuers.main.vault.mount: must be the path of a mount, such as pki or team/pki",
    ],
    [
      "of a role, leading elsewhere",
      minimalConfig(["role: web", "role: a/../b"]),
      "5:26: issuers.main.vault.role: must be a name of letters, digits, dots, dashes and underscores",
    ],
  ]));

const second = (directory: string) =>
  `${MINIMAL_CONFIG}  api:\n    identity: ${identity}\n    output: { directory: ${directory} }\n`;

suite("directories", () =>
  each([
    [
      "twice the same",
      second("/srv/web"),
      '12:26: services.api.output.directory: is the output directory of service "web" too',
    ],
    [
      "twice the same, written differently",
      second("/srv/x/..//./web/"),
      '12:26: services.api.output.directory: is the output directory of service "web" too',
    ],
    [
      "one in the other",
      second("/srv/web/api"),
      '12:26: services.api.output.directory: lies inside the output directory of service "web"',
    ],
    [
      "one around the other",
      second("/srv"),
      '9:26: services.web.output.directory: lies inside the output directory of service "api"',
    ],
    [
      "the root",
      minimalConfig(["/srv/web", "/srv/.."]),
      "9:26: services.web.output.directory: is the root of the file system",
    ],
    [
      "around stateDir",
      `${MINIMAL_CONFIG}stateDir: /srv/web/state\n`,
      "9:26: services.web.output.directory: is or holds stateDir, which is leafd's own",
    ],
    [
      "in the control directory",
      `${MINIMAL_CONFIG}control: { directory: /srv }\n`,
      "9:26: services.web.output.directory: overlaps control.directory",
    ],
  ]));

test("directories whose names begin alike are not nested", () =>
  assert.deepEqual(problemsOf(second("/srv/web-api")), []));

suite("modes", () =>
  each([
    [
      "a number",
      withOutput("modes: { key: 640 }"),
      '9:50: services.web.output.modes.key: must be a file mode in quotes, three or four octal digits such as "0640"',
    ],
    [
      "not octal",
      withOutput('modes: { key: "0680" }'),
      '9:50: services.web.output.modes.key: must be a file mode in quotes, three or four octal digits such as "0640"',
    ],
    [
      "a key for the world",
      withOutput('modes: { key: "0644" }'),
      "9:50: services.web.output.modes.key: lets everybody on this host use the private key",
    ],
    [
      "a key for a group that is not named",
      withOutput('modes: { key: "0640" }'),
      "9:50: services.web.output.modes.key: lets a group read the private key, and no group is given",
    ],
    [
      "a key that the group may write",
      withOutput('group: web, modes: { key: "0660" }'),
      "9:62: services.web.output.modes.key: lets others than the owner write, or is executable",
    ],
    [
      "a certificate that everybody may write",
      withOutput('modes: { cert: "0666" }'),
      "9:51: services.web.output.modes.cert: lets others than the owner write, or is executable",
    ],
    [
      "a certificate that leafd cannot read",
      withOutput('modes: { cert: "0044" }'),
      "9:51: services.web.output.modes.cert: must let the owner read, and have no special bits",
    ],
    [
      "a directory that the group may write",
      withOutput('group: web, modes: { directory: "0770" }'),
      "9:68: services.web.output.modes.directory: lets others than the owner replace files",
    ],
    [
      "a directory that leafd cannot enter",
      withOutput('modes: { directory: "0655" }'),
      "9:56: services.web.output.modes.directory: must let the owner read, write and enter",
    ],
    [
      "from defaults, said once and there",
      `${second("/srv/api")}defaults: { output: { modes: { key: "0640" } } }\n`,
      "13:37: defaults.output.modes.key: lets a group read the private key, and no group is given",
    ],
  ]));

suite("Vault", () =>
  each([
    [
      "clear text",
      minimalConfig([address, "http://vault.internal:8200"]),
      "2:12: vault.address: http:// would send the token and the certificates in clear text",
    ],
    [
      "a path",
      minimalConfig([address, "[https://a, https://b/v1]"]),
      "2:24: vault.address[1]: an address ends after its host and port",
    ],
    [
      "a password in the address",
      minimalConfig([address, "https://a:b@c"]),
      "2:12: vault.address: an address holds no user name and no password",
    ],
    [
      "a relative socket",
      minimalConfig([address, "unix://run/vault.sock"]),
      "2:12: vault.address: the path of a socket is absolute",
    ],
    [
      "no scheme",
      minimalConfig([address, "vault:8200"]),
      "2:12: vault.address: must be https://host[:port] or unix:///path/of/socket",
    ],
    ["no auth method", minimalConfig([auth, "{}"]), "3:3: vault.auth: no auth method is given"],
    [
      "two auth methods",
      minimalConfig([auth, "{ tokenFile: /a, cert: {} }"]),
      "3:3: vault.auth: 2 auth methods are given",
    ],
    [
      "cert auth without a certificate",
      minimalConfig([auth, "{ cert: {} }"]),
      "3:11: vault.auth.cert: cert auth presents a client certificate, and none is configured",
    ],
    [
      "half a client certificate",
      minimalConfig([auth, `${auth}\n  tls: { keyFile: /k }`]),
      "4:10: vault.tls.keyFile: keyFile needs certFile: a client certificate is a pair",
    ],
    [
      "AppRole without a role id",
      minimalConfig([auth, "{ approle: {} }"]),
      "3:11: vault.auth.approle: the role id is missing",
    ],
    [
      "AppRole with two role ids",
      minimalConfig([auth, "{ approle: { roleId: a, roleIdFile: /b } }"]),
      "3:11: vault.auth.approle: roleId and roleIdFile are both given",
    ],
    [
      "wrapped, and no file",
      minimalConfig([auth, "{ approle: { roleId: a, wrapped: { creationPath: b } } }"]),
      "3:33: vault.auth.approle.wrapped: there is no secretIdFile that could hold a wrapping token",
    ],
    ["no issuer", minimalConfig(["  main: { vault: { role: web } }", "  {}"]), "4:1: issuers: no issuer is defined"],
    [
      "an issuer that is not there",
      withLine("issuers: [mian]"),
      "10:15: services.web.issuers[0]: no issuer of this name is defined",
    ],
    [
      "an issuer to choose",
      minimalConfig(["issuers:", "issuers:\n  dr: { vault: { role: web } }"]),
      "8:3: services.web: which issuer signs is not said",
    ],
  ]));

suite("reload steps", () =>
  each([
    [
      "a command line",
      withLine("reload: [{ exec: nginx -t }]"),
      "10:22: services.web.reload[0].exec: must be a map such as { command: [nginx, -s, reload] }; there is no shell",
    ],
    [
      "a command in one text",
      withLine("reload: [{ exec: { command: nginx -t } }]"),
      "10:33: services.web.reload[0].exec.command: must be an argv list such as [nginx, -s, reload]; there is no shell",
    ],
    [
      "an argument that is a number",
      withLine("reload: [{ exec: { command: [sleep, 1] } }]"),
      "10:41: services.web.reload[0].exec.command[1]: must be text; put it in quotes",
    ],
    [
      "a duration without its unit, for which quotes would be no cure",
      withLine("ttl: 24"),
      "10:10: services.web.ttl: must be a duration with a unit, such as 90s, 24h or 3d",
    ],
    [
      "a port where an endpoint belongs",
      withLine("probe: { tls: 8443 }"),
      '10:19: services.web.probe.tls: must be host:port in quotes, such as "127.0.0.1:8443" or "[::1]:8443"',
    ],
    ["nothing", withLine("reload: [{}]"), "10:14: services.web.reload[0]: this reload step is empty"],
    [
      "two things",
      withLine("reload: [{ touch: /a, systemd: b }]"),
      "10:14: services.web.reload[0]: this reload step does several things",
    ],
    [
      "a signal to nobody",
      withLine("reload: [{ signal: {} }]"),
      "10:16: services.web.reload[0].signal: there is nobody to send the signal to",
    ],
    [
      "a signal to two",
      withLine("reload: [{ signal: { pid: 3, pidFile: /a } }]"),
      "10:16: services.web.reload[0].signal: there are several to signal",
    ],
    [
      "a signal to init",
      withLine("reload: [{ signal: { pid: 1 } }]"),
      "10:31: services.web.reload[0].signal.pid: process 1 is the init of the host",
    ],
    [
      "a user without a process",
      withLine("reload: [{ signal: { pid: 3, user: a } }]"),
      "10:34: services.web.reload[0].signal.user: user narrows process, which is not given",
    ],
    [
      "an option for a unit",
      withLine("reload: [{ systemd: --force }]"),
      "10:25: services.web.reload[0].systemd: must be the name of a systemd unit, such as nginx.service",
    ],
    [
      "a password in a URL",
      withLine("reload: [{ http: { url: 'http://a:b@c/' } }]"),
      "10:29: services.web.reload[0].http.url: a URL with a password would be shown in the log",
    ],
    [
      "a header of two lines",
      withLine('reload: [{ http: { url: "http://a/", headers: { X: "a\\nb" } } }]'),
      "10:56: services.web.reload[0].http.headers.X: must be one line of text",
    ],
    [
      "a header given twice",
      withLine("reload: [{ http: { url: 'http://a/', headers: { X: a }, headerFiles: { x: /b } } }]"),
      "10:76: services.web.reload[0].http.headerFiles.x: this header is in headers too",
    ],
  ]));

/** The minimal configuration with a second cluster and issuer: three lines more above the service. */
const withDr = (...lines: readonly string[]) =>
  minimalConfig(
    ["issuers:\n", `clusters: { dr: { address: "https://dr.internal", auth: ${auth} } }\nissuers:\n`],
    ["role: web } }\n", "role: web } }\n  dr: { vault: { cluster: dr, role: web } }\n"],
  ) + lines.map((line) => `    ${line}\n`).join("");

suite("clusters and issuers", () =>
  each([
    [
      "a cluster that is not there",
      withDr("issuers: [dr]").replace("cluster: dr", "cluster: rd"),
      "7:27: issuers.dr.vault.cluster: no cluster of this name is defined",
    ],
    [
      "a cluster named as that of vault",
      withDr("issuers: [main]")
        .replace(/\bdr: \{ address/, "default: { address")
        .replace("cluster: dr", "cluster: default"),
      "4:13: clusters.default: this is the name of the cluster that vault describes",
    ],
    [
      "a cluster with a bad name",
      withDr("issuers: [main]")
        .replace(/\bdr: \{ address/, "DR: { address")
        .replace("cluster: dr", "cluster: DR"),
      "4:13: clusters.DR: must be a name of 1 to 63 characters: a-z, 0-9, dot, dash and underscore, the first a letter or digit",
      "7:27: issuers.dr.vault.cluster: must be a name of 1 to 63 characters: a-z, 0-9, dot, dash and underscore, the first a letter or digit",
    ],
    [
      "what is wrong in a cluster, as in vault",
      withDr("issuers: [main]").replace(
        /dr: \{ address.*/,
        "dr: { address: http://dr.internal, auth: { approle: {}, cert: {} }, tls: { certFile: /c } } }",
      ),
      "4:28: clusters.dr.address: http:// would send the token and the certificates in clear text",
      "4:48: clusters.dr.auth: 2 auth methods are given",
      "4:88: clusters.dr.tls.certFile: certFile needs keyFile: a client certificate is a pair",
    ],
    [
      "a login of a cluster that cannot be one",
      withDr("issuers: [main]").replace(/(dr: \{ address.*auth: )\{[^}]*\}/, "$1{ cert: {} }"),
      "4:59: clusters.dr.auth.cert: cert auth presents a client certificate, and none is configured",
    ],
    ["issuers, none", withDr("issuers: []"), "12:14: services.web.issuers: must not be empty"],
    [
      "issuers, too many",
      withDr("issuers: [a, b, c, d, e, f, g, h, i]"),
      "12:14: services.web.issuers: must be at most 8 long",
    ],
    [
      "an issuer twice",
      withDr("issuers: [main, dr, main]"),
      "12:25: services.web.issuers[2]: this issuer is named twice",
    ],
    [
      "an issuer of the second rank that is not there",
      withDr("issuers: [main, rd]"),
      "12:21: services.web.issuers[1]: no issuer of this name is defined",
    ],
    [
      "an issuer to trust that is not there",
      `${withDr("issuers: [main]")}trust: { include: [main, rd] }\n`,
      "13:26: trust.include[1]: no issuer of this name is defined",
    ],
  ]));

suite("outages", () =>
  each([
    [
      "a ttl that cannot hold it",
      withDr("issuers: [main]", "ttl: 12h", "outage: { survive: 8h }"),
      "13:10: services.web.ttl: too short for outage.survive, which takes a ttl of 12h34m",
    ],
    [
      "a ttl of defaults that cannot hold it",
      `${withLine("outage: { survive: 2d }")}defaults: { ttl: 3d }\n`,
      "10:24: services.web.outage.survive: the ttl is too short for this, which takes one of 3d3h",
    ],
    [
      "both in defaults, said once",
      `${second("/srv/api")}defaults: { ttl: 30s, outage: { survive: 25s } }\n`,
      "13:42: defaults.outage.survive: the ttl is too short for this, which takes one of 42s",
    ],
    [
      "survive out of range",
      withLine("outage: { survive: 5ms }"),
      "10:24: services.web.outage.survive: must be from 1s to 3660d",
    ],
    [
      "a failover to nobody",
      withLine("outage: { failoverAfter: 5m }"),
      "10:15: services.web.outage.failoverAfter: the service has no second issuer to go to",
    ],
    [
      "a reserve without a role",
      withLine("outage: { reserve: { ttl: 72h } }"),
      "10:15: services.web.outage.reserve.role: is missing",
    ],
    [
      "a reserve in defaults without a ttl",
      `${MINIMAL_CONFIG}defaults: { outage: { reserve: { role: r } } }\n`,
      "10:23: defaults.outage.reserve.ttl: is missing",
    ],
    [
      "a reserve that is no longer than the certificate",
      withLine("ttl: 3d").concat("    outage: { reserve: { ttl: 72h, role: r } }\n"),
      "11:31: services.web.outage.reserve.ttl: a reserve must live longer than the certificate that it stands in for",
    ],
    [
      "a reserve of an issuer that is not there",
      withLine("outage: { reserve: { ttl: 72h, role: r, issuer: mian } }"),
      "10:53: services.web.outage.reserve.issuer: no issuer of this name is defined",
    ],
    [
      "a reserve named as an issuer",
      withDr("issuers: [main]", "outage: { reserve: { ttl: 72h, role: r } }").replace("  dr: {", "  main-reserve: {"),
      '13:15: services.web.outage.reserve: the reserve is called "main-reserve", as an issuer is',
    ],
    [
      "something else at expiry",
      withLine("outage: { atExpiry: stopp }"),
      "10:25: services.web.outage.atExpiry: must be keep, stop, or a map such as { exec: { command: [/usr/local/bin/drain] } }",
    ],
    [
      "a list at expiry",
      withLine("outage: { atExpiry: [stop] }"),
      "10:25: services.web.outage.atExpiry: must be keep, stop, or a map such as { exec: { command: [/usr/local/bin/drain] } }",
    ],
    [
      "a command line at expiry",
      withLine("outage: { atExpiry: { exec: drain } }"),
      "10:33: services.web.outage.atExpiry.exec: must be a map such as { command: [nginx, -s, reload] }; there is no shell",
    ],
    [
      "an unnamed program at expiry",
      withLine('outage: { atExpiry: { exec: { command: [""] } } }'),
      "10:45: services.web.outage.atExpiry.exec.command[0]: the program has no name",
    ],
    [
      "nothing to stop",
      withLine("outage: { atExpiry: stop }").concat("    reload: [{ touch: /a }]\n"),
      "10:25: services.web.outage.atExpiry: stop has nothing to stop: no reload step names a unit or a process",
    ],
    [
      "nothing to stop, by defaults",
      `${MINIMAL_CONFIG}defaults: { outage: { atExpiry: stop } }\n`,
      "7:3: services.web.outage.atExpiry: stop, which is in defaults, has nothing to stop: no reload step names a unit or a process",
    ],
  ]));

suite("around a reload", () =>
  each([
    [
      "a signal before it",
      withLine("preReload: [{ signal: { pid: 3 } }]"),
      "10:17: services.web.preReload[0].exec: is missing",
      "10:19: services.web.preReload[0].signal: unknown key",
    ],
    [
      "an empty step after it",
      withLine("escalate: [{}]").concat('    probe: { tls: "a:1" }\n'),
      "10:16: services.web.escalate[0]: this reload step is empty",
    ],
    [
      "an escalation that nothing starts",
      withLine("escalate: [{ touch: /a }]"),
      "10:5: services.web.escalate: nothing would ever escalate: no probe could show that a reload did not help",
    ],
    [
      "a probe in defaults",
      `${MINIMAL_CONFIG}defaults: { probe: { tls: "a:1" } }\n`,
      "10:13: defaults.probe: unknown key",
    ],
    [
      "a probe that is none",
      withLine('probe: "127.0.0.1:8443"'),
      '10:12: services.web.probe: must be a map such as { tls: "127.0.0.1:8443" }, or a list of them',
    ],
    ["no endpoint", withLine("probe: []"), "10:12: services.web.probe: must not be empty"],
    [
      "an endpoint without a port",
      withLine("probe: [{ tls: a.internal:1 }, { tls: b.internal }]"),
      '10:43: services.web.probe[1].tls: must be host:port in quotes, such as "127.0.0.1:8443" or "[::1]:8443"',
    ],
    [
      "a port that there is not",
      withLine("probe: { tls: a.internal:99999 }"),
      "10:19: services.web.probe.tls: a port is a number from 1 to 65535",
    ],
    [
      "an address for a name",
      withLine("probe: { tls: 'a:1', serverName: 10.0.0.1 }"),
      "10:38: services.web.probe.serverName: must be a host name such as web.internal; an address has no server name",
    ],
    [
      "another protocol to begin in",
      withLine("probe: { tls: 'a:1', startTls: smtp }"),
      "10:36: services.web.probe.startTls: must be postgres",
    ],
    [
      "protocols that are none",
      withLine("probe: { tls: 'a:1', alpn: [''] }"),
      "10:33: services.web.probe.alpn[0]: must be the name of a protocol, such as h2 or http/1.1",
    ],
    [
      "a probe that waits too long",
      withLine("probe: { tls: 'a:1', timeout: 2m, settle: 11m }"),
      "10:35: services.web.probe.timeout: must be from 100ms to 1m",
      "10:47: services.web.probe.settle: must be from 0s to 10m",
    ],
    [
      "a window that opens at no time",
      withLine("windows: [{ cron: daily, duration: 1h }]"),
      '10:23: services.web.windows[0].cron: must be a cron expression in quotes: five fields such as "0 2 * * *", or six with the seconds first',
    ],
    [
      "a window too short",
      withLine('windows: [{ cron: "0 2 * * *", duration: 30s }]'),
      "10:46: services.web.windows[0].duration: must be from 1m to 7d",
    ],
    [
      "a time zone that there is not",
      withLine('windows: [{ cron: "0 2 * * *", duration: 1h, timezone: Europe/Belrin }]'),
      "10:60: services.web.windows[0].timezone: no time zone has this name",
    ],
    [
      "an offset for a time zone",
      withLine('windows: [{ cron: "0 2 * * *", duration: 1h, timezone: "+02:00" }]'),
      "10:60: services.web.windows[0].timezone: no time zone has this name",
    ],
  ]));

suite("hints", () => {
  const cases: readonly (readonly [text: string, hint: string])[] = [
    [withDr("issuers: [main]").replace("cluster: dr", "cluster: rd"), 'did you mean "dr"?'],
    [withDr("issuers: [main]").replace("cluster: dr", "cluster: elsewhere"), "there are default, dr"],
    [`${MINIMAL_CONFIG}trust: { include: [mian] }\n`, 'did you mean "main"?'],
    [withLine("issuers: [elsewhere]"), "there is only main"],
    [withLine("ttl: 1h").concat("    outage: { survive: 8h }\n"), "set ttl: 12h34m or longer, or survive less"],
    [withLine("outage: { atExpiry: stpo }"), 'did you mean "stop"?'],
    [withLine("outage: { surive: 8h }"), 'did you mean "survive"?'],
    [
      withLine("windows: [{ cron: '0 2 * * *', duration: 1h, timezone: Europe/Belrin }]"),
      'did you mean "Europe/Berlin"?',
    ],
    [
      withLine("windows: [{ cron: '0 2 * * *', duration: 1h, timezone: Mars }]"),
      'write an IANA name such as "Europe/Berlin"',
    ],
    [
      withDr("issuers: [main]").replace(/(dr: \{ address.*auth: )\{[^}]*\}/, "$1{ cert: {} }"),
      "set clusters.dr.tls.certFile and clusters.dr.tls.keyFile",
    ],
  ];
  for (const [text, hint] of cases)
    test(hint, () =>
      assert.deepEqual(
        errorOf(() => parseText(text))?.findings.map((finding) => finding.hint),
        [hint],
      ),
    );
});

suite("the rest", () =>
  each([
    [
      "no service",
      minimalConfig().slice(0, minimalConfig().indexOf("services")),
      "1:1: services: no service is defined",
    ],
    [
      "a port alone",
      `${MINIMAL_CONFIG}observe: { listen: "9464" }\n`,
      "10:20: observe.listen: must be host:port, or off",
    ],
    [
      "what check is to hold services to",
      `${MINIMAL_CONFIG}observe: { scrapeInterval: 15m }\npolicy: { maxTtl: 90 }\n`,
      "10:28: observe.scrapeInterval: must be from 1s to 10m",
      "11:19: policy.maxTtl: must be a duration with a unit, such as 90s, 24h or 3d",
    ],
    [
      "ttl and notAfter",
      withLine("{ }").replace("{ }", "ttl: 1h\n    notAfter: 2030-01-01T00:00:00Z"),
      "11:5: services.web.notAfter: ttl and notAfter are both given",
    ],
  ]));

test("everything is said at once, in the order of the lines, also what stands between keys", () => {
  const text = `${second("/srv/web").replace("auth:", "oauth: x\n  auth:")}    colour: red\nobserve: { listen: x }\n`;
  assert.deepEqual(problemsOf(text), [
    "leafd.yaml:3:3: vault.oauth: unknown key",
    'leafd.yaml:13:26: services.api.output.directory: is the output directory of service "web" too',
    "leafd.yaml:14:5: services.api.colour: unknown key",
    "leafd.yaml:15:20: observe.listen: must be host:port, or off",
  ]);
});
