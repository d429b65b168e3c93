import type { TestVault } from "../../support/vault-server.ts";
import { waitFor } from "../../support/wait-for.ts";
import { percent, punctuality, seconds, timeOf } from "../measure.ts";
import type { FaultRow } from "../row.ts";
import { onStage } from "../stage.ts";

/* What happens to a role, a policy or a CA of the mount. */

const SIGN = /\/sign\//;
const HOUR = 3_600_000;

/** Another role like `svc`, with these settings laid over. */
async function addRole(vault: TestVault, name: string, settings: object = {}): Promise<void> {
  const { data } = await vault.root("GET", "pki/roles/svc");
  await vault.root("POST", `pki/roles/${name}`, { ...data, ...settings });
}

/** An issuer of the configuration for each role, by its name. */
function issuersFor(...roles: readonly string[]) {
  return Object.fromEntries(roles.map((role) => [role, { vault: { mount: "pki", role } }]));
}

const maySign = (role: string, mount = "pki") => `path "${mount}/sign/${role}" { capabilities = ["update"] }\n`;

/** What each service that is refused is told, by its role. */
const REFUSALS = { gone: "role_missing", narrow: "name_denied", shut: "permission_denied" } as const;

const refused: FaultRow = {
  id: 14,
  fault: "role deleted, SAN denied (400/403)",
  expected: "that service only; slow retry; others on time",
  run: (scene) => {
    const victims = Object.keys(REFUSALS);
    const of = (role: string) => ({ issuers: [role] });
    return onStage(
      scene,
      {
        services: { web: of("svc"), api: of("svc"), gone: of("gone"), narrow: of("narrow"), shut: of("shut") },
        pki: { policy: victims.map((role) => maySign(role)).join("") },
        settings: async ({ vault }) => {
          for (const role of victims) await addRole(vault, role);
          return { issuers: issuersFor("svc", ...victims) };
        },
      },
      async ({ leafd, vault, expect }) => {
        await vault.root("DELETE", "pki/roles/gone");
        await addRole(vault, "narrow", { allowed_domains: ["elsewhere.example"] });
        await vault.root("PUT", "sys/policies/acl/pki-svc", {
          policy: ["svc", "gone", "narrow"].map((r) => maySign(r)).join(""),
        });
        const failed = (victim: string) => leafd.seen("rotation_failed", victim);
        await waitFor(() => victims.every((each) => failed(each).length >= 2), {
          what: "two failures each",
          within: 40_000,
        });
        for (const [victim, reason] of Object.entries(REFUSALS)) {
          const told = failed(victim).map((line) => line.reason);
          expect(
            told.every((each) => each === reason),
            `${victim} was told as ${told.join(", ")}`,
          );
        }
        const gaps = victims.map(
          (each) => Date.parse(failed(each)[1]?.time ?? "") - Date.parse(failed(each)[0]?.time ?? ""),
        );
        const least = Math.min(...gaps);
        expect(least >= 5_000, `a refused service tried again after ${least} ms`);
        const others = punctuality(leafd, "web", "api");
        expect(others.renewals >= 4 && others.onTime === others.renewals, `of the others ${JSON.stringify(others)}`);
        expect(
          ["web", "api"].every((each) => failed(each).length === 0),
          "others failed too",
        );
        return `others_on_time=${percent(others)}% renewals=${others.renewals} min_gap_s=${seconds(least)}`;
      },
    );
  },
};

/** A mount whose intermediate ends in so many seconds, and then still signs. */
async function dyingMount(vault: TestVault, root: string, ttl: number): Promise<void> {
  await vault.root("POST", "sys/mounts/dying", { type: "pki", config: { max_lease_ttl: "87600h" } });
  const wanted = { common_name: "Dying", key_type: "ec", key_bits: 256 };
  const { data: request } = await vault.root("POST", "dying/intermediate/generate/internal", wanted);
  const order = { csr: request.csr, use_csr_values: true, ttl: `${ttl}s` };
  const { data: signed } = await vault.root("POST", "pki-root/root/sign-intermediate", order);
  await vault.root("POST", "dying/intermediate/set-signed", { certificate: `${signed.certificate}\n${root}` });
  const { data: issuers } = await vault.root("GET", "dying/config/issuers");
  await vault.root("POST", `dying/issuer/${String(issuers["default"])}`, { leaf_not_after_behavior: "truncate" });
  const { data: role } = await vault.root("GET", "pki/roles/svc");
  await vault.root("POST", "dying/roles/svc", role);
}

const clipped: FaultRow = {
  id: 15,
  fault: "TTL clipped to a tenth; leaf born expired (`truncate`)",
  expected: "accepted and re-planned with a warning; born-expired rejected without a storm",
  run: (scene) =>
    onStage(
      scene,
      {
        services: { clipped: { ttl: "100s", issuers: ["short"] }, born: { ttl: "10s", issuers: ["dying"] } },
        pki: { policy: maySign("short") + maySign("svc", "dying") },
        settings: async ({ vault, pki }) => {
          await addRole(vault, "short", { ttl: "10s", max_ttl: "10s" });
          await dyingMount(vault, pki.root, 10);
          return { issuers: { ...issuersFor("short"), dying: { vault: { mount: "dying", role: "svc" } } } };
        },
      },
      async ({ leafd, proxy, place, expect }) => {
        const told = leafd.seen("ttl_clipped", "clipped").at(0);
        expect(told?.["askedMs"] === 100_000 && told.level === "warn", "the clipped TTL was not told");
        const end = timeOf(leafd.seen("published", "born").at(-1), "notAfter");
        await waitFor(() => Date.now() > end + 1_000, { what: "the end of the CA", within: 20_000 });
        const before = leafd.seen("published", "born").length;
        const since = performance.now();
        await place.run("renew", ["born"]);
        const over = () => leafd.seen("rotation_failed", "born").filter(({ time }) => Date.parse(time) > end);
        await waitFor(() => performance.now() - since > 12_000 && over().length > 0, {
          what: "a fifth of a minute and a refusal",
          within: 40_000,
        });
        const took = performance.now() - since;
        const calls = proxy.requests.filter(({ path, at }) => path.includes("dying/sign/") && at > since).length;
        const reasons = new Set(over().map(({ reason = "" }) => reason));
        expect(reasons.isSubsetOf(new Set(["ca_invalid", "expired"])), `it was told as ${[...reasons].join(", ")}`);
        expect(calls > 0 && calls <= 6, `${calls} calls in ${seconds(took)} s`);
        expect(leafd.seen("published", "born").length === before, "a leaf that was over has been published");
        const others = punctuality(leafd, "clipped");
        expect(others.renewals >= 2 && others.onTime === others.renewals, `the clipped one: ${JSON.stringify(others)}`);
        const last = over().at(-1);
        const next = timeOf(last, "retryAt") - Date.parse(last?.time ?? "");
        const rate = `born_expired=${[...reasons].join(",")} first_${seconds(took)}_s_calls=${calls} then_calls/h≤${Math.ceil(HOUR / next)}`;
        return `clipped_on_time=${percent(others)}% ${rate}`;
      },
    ),
};

const offlineRoot: FaultRow = {
  id: 48,
  fault: "mount with an intermediate only; root imported later",
  expected: "refused with the fix; then served",
  run: (scene) =>
    onStage(
      scene,
      { services: { web: {} }, pki: { offlineRoot: true }, ttl: 600, atOnce: true },
      async ({ leafd, vault, pki, proxy, expect }) => {
        const { reason, hint = "" } = await leafd.next("rotation_failed");
        expect(reason === "no_trust", `told as ${reason}`);
        expect(/trust\.roots/.test(hint) && /import the root/.test(hint), `the hint is no fix: ${hint}`);
        const asked = proxy.requests.filter(({ path }) => SIGN.test(path)).length;
        expect(asked === 0, "it asked for a certificate that it could not trust");
        await vault.root("POST", "pki/issuers/import/cert", { pem_bundle: pki.root });
        const imported = performance.now();
        await waitFor(() => leafd.seen("published").length > 0, { what: "a certificate", within: 45_000 });
        return `refused_as=no_trust certificates_before=${asked} served_after_import_s=${seconds(performance.now() - imported)}`;
      },
    ),
};

export const ROLE_ROWS: readonly FaultRow[] = [refused, clipped, offlineRoot];
