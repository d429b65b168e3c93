import { LeafdError } from "../domain/errors.ts";
import { spiffeIdMatcher } from "./spiffe-ids.ts";

/**
 * Who may call what: `METHOD /path` → SPIFFE IDs (entries as `spiffeIdMatcher` takes them). A path may end in `/*`,
 * which stands for one or more further segments; the most specific rule decides alone.
 */
export type AllowRules = Readonly<Record<string, readonly string[]>>;

/** The endpoint is the rule's key, never text of the caller, so that it can label a metric. */
export type Decision = { readonly kind: "allowed"; readonly endpoint: string } | Denied;

export interface Denied {
  readonly kind: "denied";
  /** Undefined when no rule has this method and path, or the path is not written plainly. */
  readonly endpoint: string | undefined;
  readonly reason: "identity_not_allowed" | "unknown_endpoint";
}

export interface AllowList {
  /** The keys of the rules. */
  readonly endpoints: readonly string[];
  /** Judges one request: its method and its target as they were sent, and the caller's verified id. */
  decide(method: string, target: string, spiffeId: string): Decision;
}

interface Rule {
  readonly endpoint: string;
  /** `METHOD /path`, without the star of a wildcard. */
  readonly stem: string;
  readonly wildcard: boolean;
  readonly allows: (spiffeId: string) => boolean;
}

/**
 * Segments that mean the same to everybody: no percent-encoding, no backslash, no empty segment, no semicolon. A path
 * that some router could read as another one is no endpoint; nothing is normalised here.
 */
const PLAIN_PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,=:@-]+(?:\/[A-Za-z0-9._~!$&'()*+,=:@-]+)*)?$/;
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;
const ENDPOINT = /^[A-Z]+ (\/.*)$/;

/** Compiles the rules; throws a LeafdError `config_invalid` that names the entry which is none. */
export function allowList(rules: AllowRules): AllowList {
  const compiled = Object.entries(rules).map(([endpoint, ids]) => compile(endpoint, ids));
  const exact = new Map(compiled.filter((rule) => !rule.wildcard).map((rule) => [rule.stem, rule]));
  const wildcards = compiled.filter((rule) => rule.wildcard).sort((a, b) => b.stem.length - a.stem.length);

  const find = (method: string, path: string): Rule | undefined => {
    const asked = `${method} ${path}`;
    return exact.get(asked) ?? wildcards.find(({ stem }) => asked.startsWith(stem) && asked !== stem);
  };
  return {
    endpoints: compiled.map(({ endpoint }) => endpoint),
    decide(method, target, spiffeId) {
      const path = target.split("?", 1)[0] ?? "";
      const rule = isPlain(path) ? find(method, path) : undefined;
      if (rule === undefined) return { kind: "denied", endpoint: undefined, reason: "unknown_endpoint" };
      const { endpoint } = rule;
      if (rule.allows(spiffeId)) return { kind: "allowed", endpoint };
      return { kind: "denied", endpoint, reason: "identity_not_allowed" };
    },
  };
}

function compile(endpoint: string, ids: readonly string[]): Rule {
  const wildcard = endpoint.endsWith("/*");
  const stem = wildcard ? endpoint.slice(0, -"*".length) : endpoint;
  const path = ENDPOINT.exec(wildcard ? `${stem}x` : stem)?.[1] ?? "";
  if (!isPlain(path) || stem.includes("*"))
    throw new LeafdError("config_invalid", `${JSON.stringify(endpoint)} is not an endpoint`, {
      hint: "Write it as METHOD /path, with a final /* for everything below; no encoding, no dot segments.",
    });
  return { endpoint, stem, wildcard, allows: spiffeIdMatcher(ids) };
}

function isPlain(path: string): boolean {
  return PLAIN_PATH.test(path) && !DOT_SEGMENT.test(path);
}
