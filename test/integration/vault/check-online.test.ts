import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { setUpPki } from "../../support/pki-setup.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { leafd } from "../../support/terminal.ts";
import { startOpenBao } from "../../support/vault-server.ts";

test("check --online looks at every cluster, and there at every issuer and reserve that services name", async (t) => {
  await using directory = await tempDir();
  const [main, dr] = await Promise.all([startOpenBao(), startOpenBao()]);
  t.after(() => Promise.all([main.stop(), dr.stop()]));
  const readable = (mount: string) => `path "${mount}/roles/+" { capabilities = ["read"] }`;
  const [pki, drPki] = await Promise.all([
    setUpPki(main, { policy: readable("pki") }),
    setUpPki(dr, { policy: readable("pki"), roleSettings: { ttl: "1h", max_ttl: "1h" } }),
  ]);
  const secretIds = { main: directory.join("main"), dr: directory.join("dr") };
  await writeFile(secretIds.main, pki.secretId);
  await writeFile(secretIds.dr, drPki.secretId);
  const file = directory.join("leafd.yaml");
  await writeFile(
    file,
    `vault:
  address: ${main.address}
  auth: { approle: { roleId: ${pki.roleId}, secretIdFile: ${secretIds.main} } }
clusters:
  dr:
    address: ${dr.address}
    auth: { approle: { roleId: ${drPki.roleId}, secretIdFile: ${secretIds.dr} } }
issuers:
  main: { vault: { role: svc } }
  dr: { vault: { cluster: dr, role: svc } }
stateDir: ${directory.join("state")}
services:
  web:
    identity: { commonName: web.svc }
    issuers: [main, dr]
    ttl: 20h
    output: { directory: ${directory.join("web")} }
    outage:
      survive: 8h
      reserve: { ttl: 48h, role: svc-reserve }
`,
  );
  const { exitCode, out } = await leafd("check", "--online", "--spend-secret-id", "-c", file);
  assert.equal(exitCode, 1);
  const lines = out.replaceAll(`${directory.path}/`, "").split("\n");
  const has = (start: string) =>
    assert.ok(
      lines.some((line) => line.startsWith(start)),
      `${start}\n${out}`,
    );
  for (const { address } of [main, dr]) has(`ok      ${address}: reachable, unsealed, active`);
  has("ok      issuer main: the token may update pki/sign/svc");
  has("ok      issuer main: the role svc suits its services");
  has("ok      issuer dr: the token may update pki/sign/svc");
  has("warning leafd.yaml:16:5: services.web.ttl: web asks for 20h, and the role gives 1h at most");
  has("error   leafd.yaml:19:7: services.web.outage.survive: web is to survive 8h, which certificates of 1h cannot");
  has("error   leafd.yaml:20:28: services.web.outage.reserve.role: the token may not update pki/sign/svc-reserve");
  has("error   leafd.yaml:20:28: services.web.outage.reserve.role: the mount pki has no role svc-reserve");

  const policy =
    'path "pki/sign/svc-reserve" { capabilities = ["update"] }\npath "pki/roles/+" { capabilities = ["read"] }';
  await main.root("PUT", "sys/policies/acl/reserve", { policy });
  await main.root("POST", `auth/approle/role/${pki.approle}`, { token_policies: [pki.approle, "reserve"] });
  await main.root("POST", "pki/roles/svc-reserve", { allow_any_name: true, key_type: "any", max_ttl: "36h" });
  const again = await leafd("check", "--online", "--spend-secret-id", "-c", file);
  assert.match(
    again.out,
    /^warning .*leafd.yaml:20:18: services\.web\.outage\.reserve\.ttl: web asks for 2d, and the role gives 1d 12h at most \[ttl_capped\]$/m,
  );
});
