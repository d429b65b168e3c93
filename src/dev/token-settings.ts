import { count, flag, list, seconds, text } from "./fields.ts";
import type { Fields } from "./protocol.ts";
import { SYSTEM_TTL } from "./tokens.ts";

/** The `token_*` settings that all auth methods share. */
export function tokenSettings(settings: Fields) {
  return {
    policies: tokenPolicies(list(settings, "token_policies"), flag(settings, "token_no_default_policy")),
    ttl: seconds(settings, "token_ttl"),
    maxTtl: seconds(settings, "token_max_ttl") || SYSTEM_TTL,
    explicitMaxTtl: seconds(settings, "token_explicit_max_ttl"),
    period: seconds(settings, "token_period"),
    renewable: true,
    type: text(settings, "token_type") === "batch" ? ("batch" as const) : ("service" as const),
    uses: count(settings, "token_num_uses"),
  };
}

/** Sorted, with `default` unless it is refused; `root` stands alone. */
export function tokenPolicies(policies: readonly string[], noDefault = false): readonly string[] {
  if (policies.includes("root")) return ["root"];
  return [...new Set([...(noDefault ? [] : ["default"]), ...policies])].sort();
}
