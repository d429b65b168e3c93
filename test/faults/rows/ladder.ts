import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestVault } from "../../support/vault-server.ts";
import { waitFor } from "../../support/wait-for.ts";
import { seconds, timeOf } from "../measure.ts";
import type { FaultRow } from "../row.ts";
import { onStage } from "../stage.ts";

/* The ladder on a real OpenBao: sealed for longer than a certificate lives, a CA that ends, a mount that is dead. */

const maySign = (role: string, mount = "pki") => `path "${mount}/sign/${role}" { capabilities = ["update"] }\n`;

async function addRole(vault: TestVault, name: string, settings: object): Promise<void> {
  const { data } = await vault.root("GET", "pki/roles/svc");
  await vault.root("POST", `pki/roles/${name}`, { ...data, ...settings });
}

const TTL = 12;

const sealed: FaultRow = {
  id: 4,
  fault: "503 sealed for 2 × TTL",
  expected: "ladder walked in order, alert fired first",
  run: (scene) =>
    onStage(
      scene,
      {
        services: {
          web: {
            issuers: ["main", "next"],
            outage: {
              failoverAfter: "1s",
              reserve: { ttl: `${2 * TTL}s`, role: "reserve" },
              atExpiry: { exec: { command: ["/bin/true"] } },
            },
          },
        },
        ttl: TTL,
        // The reserve, and the one that takes its place.
        spare: 2,
        pki: { policy: maySign("next") + maySign("reserve") },
        settings: async ({ vault }) => {
          await addRole(vault, "next", {});
          await addRole(vault, "reserve", { ttl: `${2 * TTL}s` });
          const issuer = (role: string) => ({ vault: { mount: "pki", role } });
          return { issuers: { main: issuer("svc"), next: issuer("next") } };
        },
      },
      async ({ leafd, vault, observed, expect }) => {
        await leafd.next("reserved");
        const [first] = leafd.seen("published");
        const end = timeOf(first, "notAfter");
        await vault.seal();
        const since = Date.now();
        const alert = waitFor(
          async () => /^leafd_issuer_up\{issuer="main"\} 0$/m.test(await (await fetch(`${observed}/metrics`)).text()),
          { what: "leafd_issuer_up to be 0", within: 20_000 },
        ).then(() => Date.now());
        const failed = (issuer: string) => leafd.seen("rotation_failed").find((line) => line["issuer"] === issuer);
        const used = await leafd.next("published", ({ cause }) => cause === "reserve_used");
        const expired = await leafd.next("expired");
        const wait = since + 2 * TTL * 1000 - Date.now();
        await waitFor(() => Date.now() >= since + 2 * TTL * 1000, {
          what: "2 × TTL",
          within: Math.max(wait, 0) + 5000,
        });
        await vault.unseal();
        const unsealed = Date.now();
        const back = await leafd.next("published");
        const at = (line: { readonly time: string } | undefined) => Date.parse(line?.time ?? "");
        const times = [at(failed("main")), at(failed("next")), at(used), at(expired), at(back)];
        const order = times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0));
        expect(order, `the ladder was walked in another order: ${times.join(", ")}`);
        expect(at(used) < end, "the reserve came after the end");
        // Both issuers are of the server that is back, and either may be seen first; the way then leads to the preferred one.
        expect(back["rung"] !== "reserve", `it came back to ${String(back["issuer"])}`);
        if (back["issuer"] !== "main") await leafd.next("published", ({ issuer }) => issuer === "main");
        const lead = end - (await alert);
        expect(lead > 0, `the alert came ${-lead} ms after the end`);
        const of = (time: number) => seconds(time - at(first));
        const [main, next, reserve, over] = times.map(of);
        const recovery = seconds(at(back) - unsealed);
        return `alert_lead_s=${seconds(lead)} at_s: main=${main} next=${next} reserve=${reserve} expiry=${over}; recovery_s=${recovery}`;
      },
    ),
};

/** A mount whose own root ends in so many seconds. */
async function endingMount(vault: TestVault, ttl: number): Promise<void> {
  await vault.root("POST", "sys/mounts/ending", { type: "pki", config: { max_lease_ttl: "87600h" } });
  await vault.root("POST", "ending/root/generate/internal", {
    common_name: "Old Root",
    key_type: "ec",
    ttl: `${ttl}s`,
  });
  const { data: issuers } = await vault.root("GET", "ending/config/issuers");
  await vault.root("POST", `ending/issuer/${String(issuers["default"])}`, { leaf_not_after_behavior: "truncate" });
  const { data: role } = await vault.root("GET", "pki/roles/svc");
  await vault.root("POST", "ending/roles/svc", role);
}

/** Another root takes over in that mount. */
async function newRoot(vault: TestVault): Promise<void> {
  const made = await vault.root("POST", "ending/root/rotate/internal", {
    common_name: "New Root",
    key_type: "ec",
    ttl: "1h",
  });
  await vault.root("POST", "ending/config/issuers", { default: String(made.data["issuer_id"]) });
}

const endingCa: FaultRow = {
  id: 18,
  fault: "issuing CA ends before the leaf is due; new CA appears",
  expected: "renew earlier; bundle with the new root before the leaf",
  run: (scene) =>
    onStage(
      scene,
      {
        services: { web: { ttl: "60s", issuers: ["ending"] } },
        pki: { policy: maySign("svc", "ending") },
        // What the role of the stage's mount counts is none of this one's.
        spare: 10,
        settings: async ({ vault }) => {
          await endingMount(vault, 24);
          return { issuers: { ending: { vault: { mount: "ending", role: "svc" } } } };
        },
      },
      async ({ leafd, vault, place, expect }) => {
        const [first] = leafd.seen("published");
        const [end, due] = [timeOf(first, "notAfter"), timeOf(first, "due")];
        const asked = Date.parse(first?.time ?? "") + 60_000;
        expect(end < asked - 30_000, "the CA did not clip the leaf");
        expect(due < end, "renewal was planned for after the end of the CA");
        await newRoot(vault);
        const bundle = await leafd.next("published", ({ cause }) => cause === "trust_changed");
        const pem = readFileSync(join(place.live("web"), "ca.crt"), "utf8");
        const subjects = pem.split(/(?=-----BEGIN)/).map((each) => new X509Certificate(each).subject);
        expect(subjects.length === 2, `the bundle holds ${subjects.join(", ")}`);
        expect(bundle.serial === first?.serial, "the bundle came with another leaf");
        const renewed = await leafd.next("published", ({ cause }) => cause === "renewal_due");
        const left = end - Date.parse(renewed.time);
        expect(left > 0, `renewed ${-left} ms after the end of the CA`);
        expect(timeOf(renewed, "notAfter") > end + 20_000, "the new leaf is of the old CA");
        const gap = Date.parse(renewed.time) - Date.parse(bundle.time);
        return `left_s=${seconds(left)} bundle_first_s=${seconds(gap)}`;
      },
    ),
};

const deadMount: FaultRow = {
  id: 49,
  fault: "PKI mount dead while health says 200; health 400 in a namespace; load balancer answers 502 HTML",
  expected: "circuit neither flaps nor stays open",
  run: (scene) =>
    onStage(
      scene,
      {
        services: { web: {}, api: {} },
        ttl: 30,
      },
      async ({ leafd, proxy, expect }) => {
        const body = "<html><body>502 Bad Gateway</body></html>";
        const reply = { status: 502, headers: { "content-type": "text/html" }, body };
        await proxy.inject({ kind: "answer", reply }, { path: /\/sign\// });
        await leafd.next("issuer_circuit", ({ state }) => state === "open");
        const open = Date.now();
        await waitFor(() => Date.now() > open + 8_000, { what: "8 s", within: 10_000 });
        const flaps = leafd.seen("issuer_circuit").length;
        const asked = leafd.seen("rotation_failed").length;
        await proxy.heal();
        const healed = Date.now();
        const closed = await leafd.next("issuer_circuit", ({ state }) => state === "closed");
        await waitFor(() => ["web", "api"].every((each) => leafd.seen("published", each).length >= 2), {
          what: "both",
          within: 20_000,
        });
        const recovery = Date.parse(closed.time) - healed;
        expect(proxy.met() > 0, "no request met the dead mount");
        expect(flaps <= 10, `${flaps} changes in 8 s`);
        expect(recovery < 6_000, `closed ${recovery} ms after the mount was back`);
        return `transitions=${flaps} attempts=${asked} recovery_s=${seconds(recovery)}`;
      },
    ),
};

export const LADDER_ROWS: readonly FaultRow[] = [sealed, endingCa, deadMount];
