import { count, flag, list, seconds, text } from "./fields.ts";
import { type Call, type Fields, type Mount, permissionDenied, VaultError } from "./protocol.ts";
import { tokenPolicies } from "./token-settings.ts";
import { SYSTEM_TTL, type Token, type TokenStore } from "./tokens.ts";

/** `auth/token/`: making tokens, and what a token may do with itself. */
export function tokenMount(tokens: TokenStore): Mount {
  const create = (call: Call) => {
    const parent = caller(call);
    const made = tokens.create({
      ...orderFrom(call.body, parent),
      ...(flag(call.body, "no_parent") ? {} : { parent }),
    });
    return { kind: "auth" as const, ...made };
  };
  const named = (call: Call) => tokens.find(text(call.body, "token"));
  const byAccessor = (call: Call) => tokens.findByAccessor(text(call.body, "accessor"));
  const shown = (token: Token | undefined) => {
    if (token === undefined) throw new VaultError(403, "bad token");
    return { kind: "data" as const, data: describe(token, tokens.ttl(token)) };
  };
  const renew = (token: Token, body: Fields) => {
    if (token.type === "batch") throw new VaultError(400, "batch tokens cannot be renewed");
    if (!Number.isFinite(token.expiresAt)) throw new VaultError(400, "invalid lease ID");
    if (!token.renewable) throw new VaultError(400, "lease is not renewable");
    return { kind: "auth" as const, token, warnings: tokens.renew(token, seconds(body, "increment")) };
  };
  const revoke = (token: Token | undefined) => {
    if (token?.type === "batch") throw new VaultError(400, "batch tokens cannot be revoked");
    if (token !== undefined) tokens.revoke(token);
    return { kind: "empty" as const };
  };
  return {
    path: "auth/token/",
    type: "token",
    routes: [
      { method: "POST", path: "create", handle: create },
      { method: "GET", path: "lookup-self", handle: (call) => shown(caller(call)) },
      { method: "POST", path: "lookup", handle: (call) => shown(named(call)) },
      { method: "POST", path: "renew-self", handle: (call) => renew(caller(call), call.body) },
      { method: "POST", path: "revoke-self", handle: (call) => revoke(caller(call)) },
      { method: "POST", path: "revoke", handle: (call) => revoke(named(call)) },
      { method: "LIST", path: "accessors", handle: () => ({ kind: "data", data: { keys: tokens.accessors() } }) },
      { method: "POST", path: "lookup-accessor", handle: (call) => withoutId(shown(byAccessor(call))) },
      { method: "POST", path: "revoke-accessor", handle: (call) => revoke(byAccessor(call)) },
    ],
  };
}

/** An accessor stands for a token and does not give it out. */
function withoutId({ data }: { readonly data: Fields }) {
  return { kind: "data" as const, data: { ...data, id: "" } };
}

function orderFrom(body: Fields, parent: Token) {
  const type = text(body, "type") === "batch" ? ("batch" as const) : ("service" as const);
  const policies = list(body, "policies");
  return {
    policies: tokenPolicies(policies.length === 0 ? parent.policies : policies, flag(body, "no_default_policy")),
    path: "auth/token/create",
    displayName: "token",
    metadata: null,
    ttl: seconds(body, "ttl"),
    maxTtl: SYSTEM_TTL,
    explicitMaxTtl: seconds(body, "explicit_max_ttl"),
    period: seconds(body, "period"),
    renewable: flag(body, "renewable", true),
    type,
    uses: count(body, "num_uses"),
  };
}

function describe(token: Token, ttl: number): Fields {
  const isEternal = !Number.isFinite(token.expiresAt);
  return {
    accessor: token.accessor,
    creation_time: Math.floor(token.issuedAt / 1000),
    creation_ttl: token.creationTtl,
    display_name: token.displayName,
    entity_id: "",
    expire_time: isEternal ? null : new Date(token.expiresAt).toISOString(),
    explicit_max_ttl: token.explicitMaxTtl,
    id: token.id,
    ...(isEternal ? {} : { issue_time: new Date(token.issuedAt).toISOString() }),
    meta: token.metadata,
    num_uses: token.usesLeft,
    orphan: token.parent === undefined,
    path: token.path,
    ...(token.period > 0 ? { period: token.period } : {}),
    policies: token.policies,
    renewable: token.renewable,
    ttl,
    type: token.type,
  };
}

function caller(call: Call): Token {
  if (call.token === undefined) throw permissionDenied();
  return call.token;
}
