import type { IssuerSpec } from "../domain/cluster-spec.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { Complaint, Remark } from "../domain/remark.ts";
import type { Secret } from "../domain/secret.ts";
import { apiPath, type VaultApi } from "./api.ts";
import { failed } from "./finding.ts";
import { issuingPath } from "./pki-issuer.ts";
import { pathIn, type Right, ruleFor } from "./policy.ts";
import { dataOf, textsOf } from "./replies.ts";
import type { Wanted } from "./role-settings.ts";

interface RightsProbe {
  readonly spec: IssuerSpec;
  readonly api: VaultApi;
  readonly configPath: readonly string[];
  readonly wanted: readonly Wanted[];
}

/** A right, and the setting that asks for it. */
interface Need extends Right {
  readonly asks: readonly string[];
}

const ASK: Right = { path: "sys/capabilities-self", capability: "update", template: "check" };

/** Whether the token has what the issuer's services need: signing, and revoking for those with `revokeOld`. */
export async function probeRights(
  probe: RightsProbe,
  token: Secret<string>,
  signal: AbortSignal,
): Promise<readonly Remark[]> {
  const subject = `issuer ${probe.spec.name}`;
  const needs = needsOf(probe);
  try {
    const granted = await capabilities(probe.api, { token, needs }, signal);
    return needs.map((need) => {
      const has = granted(need);
      if (isGranted(need, has))
        return { severity: "ok", subject, message: `the token may ${need.capability} ${pathIn(need)}` };
      return lacks(subject, need, `it has ${has.join(", ") || "nothing"}`);
    });
  } catch (thrown) {
    const error = toLeafdError(thrown);
    if (error.reason !== "permission_denied") return [{ ...failed(subject, error), severity: "warning" }];
    return await tryRights(probe, { token, needs }, signal);
  }
}

/** `update` on the path that signs: `create` alone is refused. */
function needsOf({ spec, configPath, wanted }: RightsProbe): readonly Need[] {
  const sign: Need = {
    path: issuingPath(spec),
    capability: "update",
    template: "sign",
    asks: [...configPath, "role"],
  };
  const revoking = wanted.find(({ revokes }) => revokes === true);
  if (revoking === undefined) return [sign];
  const asks = ["services", revoking.service, "revokeOld"];
  return [sign, { path: apiPath(spec.mount, "revoke"), capability: "update", template: "revoke", asks }];
}

/** Without an answer to what it may do, a token can still show that it may sign: by a request that has no CSR. */
async function tryRights(
  { spec, api }: RightsProbe,
  { token, needs }: Asked<Need>,
  signal: AbortSignal,
): Promise<readonly Remark[]> {
  const subject = `issuer ${spec.name}`;
  const [sign, ...others] = needs;
  const unseen = (need: Need): Complaint => ({
    severity: "skipped",
    code: "rights_unseen",
    subject,
    message: `whether the token may ${need.capability} ${pathIn(need)} cannot be seen`,
    hint: `to have its rights looked at, allow: ${ruleFor(ASK)}`,
  });
  if (sign === undefined || spec.method === "issue") return needs.map(unseen);
  const refused = await api
    .send({ operation: "write", path: sign.path, data: { csr: "" }, token }, signal)
    .then(() => undefined, toLeafdError);
  return [
    refused?.reason === "permission_denied"
      ? lacks(subject, sign, "a request was refused")
      : { severity: "ok", subject, message: `the token may update ${pathIn(sign)}` },
    ...others.map(unseen),
  ];
}

function lacks(subject: string, need: Need, seen: string): Complaint {
  return {
    severity: "error",
    code: "permission_denied",
    subject,
    message: `the token may not ${need.capability} ${pathIn(need)}: ${seen}`,
    hint: `give it a policy with: ${ruleFor(need)}; or correct mount and role`,
    path: need.asks,
  };
}

const CARE: readonly (Right & { readonly without: string })[] = [
  {
    path: "auth/token/renew-self",
    capability: "update",
    template: "token",
    without: "leafd logs in anew each time that a token ends",
  },
  {
    path: "auth/token/lookup-self",
    capability: "read",
    template: "token",
    without: "leafd cannot tell a token that has ended from a path that is not allowed",
  },
];

/** Whether the token may take care of itself: worth a warning, since leafd gets along without. */
export async function probeTokenCare(
  api: VaultApi,
  { token, subject }: { readonly token: Secret<string>; readonly subject: string },
  signal: AbortSignal,
): Promise<readonly Complaint[]> {
  // That the token may not ask is said where it matters more, at the issuers.
  const granted = await capabilities(api, { token, needs: CARE }, signal).catch(() => undefined);
  if (granted === undefined) return [];
  return CARE.filter((need) => !isGranted(need, granted(need))).map((need) => ({
    severity: "warning",
    code: "permission_denied",
    subject,
    message: `the token may not ${need.capability} ${need.path}: ${need.without}`,
    hint: `give it a policy with: ${ruleFor(need)}`,
  }));
}

interface Asked<R extends Right> {
  readonly token: Secret<string>;
  readonly needs: readonly R[];
}

/** What the token may do on each of these paths. Rejects with `permission_denied` where it may not ask. */
async function capabilities(
  api: VaultApi,
  { token, needs }: Asked<Right>,
  signal: AbortSignal,
): Promise<(right: Right) => readonly string[]> {
  const paths = needs.map(pathIn);
  const body = await api.send({ operation: "write", path: ASK.path, data: { paths }, token }, signal);
  const data = dataOf(body, ASK.path);
  return (right) => textsOf(data[pathIn(right)]);
}

function isGranted({ capability }: Right, has: readonly string[]): boolean {
  return has.includes(capability) || has.includes("root");
}
