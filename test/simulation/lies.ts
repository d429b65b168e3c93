import type { Names } from "../../src/domain/spec.ts";

/** Each of the names alone, so that no check answers for another. */
export const NAME_LIES = ["another's names", "a name more", "a name less"] as const;

export const LIES = [...NAME_LIES, "key", "expired", "future", "chain", "stranger", "replay", "garbage"] as const;

/** What an answer is that is not what was asked for. */
export type Lie = (typeof LIES)[number];

/** The names that the certificate gets instead of those that were asked for. */
export function namesIn(lie: Lie | undefined, asked: Names): Names {
  if (lie === "another's names") return { ...asked, dns: ["other.svc"], uris: [] };
  if (lie === "a name more") return { ...asked, dns: [...asked.dns, "other.svc"] };
  return lie === "a name less" ? { ...asked, uris: [] } : asked;
}
