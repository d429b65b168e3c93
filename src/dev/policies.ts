import { VaultError } from "./protocol.ts";

/** Path patterns and what is allowed on them, as a policy in Vault's HCL says it. */
interface Rule {
  /** Exact, or with a final `*`, or with `+` for one segment. */
  readonly pattern: string;
  readonly capabilities: readonly string[];
}

/** The rights that every token has over itself. */
const DEFAULT_POLICY = `
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/capabilities-self" { capabilities = ["update"] }
path "sys/wrapping/wrap" { capabilities = ["update"] }
path "sys/wrapping/lookup" { capabilities = ["update"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
`;

/** The ACL policies by name. `root` is none: it may do everything. */
export class Policies {
  readonly #texts = new Map<string, string>();
  readonly #rules = new Map<string, readonly Rule[]>();

  constructor() {
    this.write("default", DEFAULT_POLICY);
  }

  /** VaultError 400 when the text is no policy. */
  write(name: string, text: string): void {
    this.#rules.set(name, parsePolicy(text));
    this.#texts.set(name, text);
  }

  read(name: string): string | undefined {
    return this.#texts.get(name);
  }

  remove(name: string): void {
    this.#texts.delete(name);
    this.#rules.delete(name);
  }

  names(): string[] {
    return [...this.#texts.keys(), "root"].sort();
  }

  /** What these policies together allow on a path; `["deny"]` when nothing. */
  capabilities(policies: readonly string[], path: string): readonly string[] {
    if (policies.includes("root")) return ["root"];
    const rules = policies.flatMap((name) => this.#rules.get(name) ?? []).filter((rule) => matches(rule.pattern, path));
    const [best] = rules.map((rule) => rule.pattern).sort(morePrecise);
    const allowed = new Set(rules.filter((rule) => rule.pattern === best).flatMap((rule) => rule.capabilities));
    return allowed.size === 0 || allowed.has("deny") ? ["deny"] : [...allowed].sort();
  }
}

function parsePolicy(text: string): Rule[] {
  const code = text.replace(/^\s*#.*$/gm, "");
  const blocks = /path\s+"([^"]+)"\s*\{([^}]*)\}/g;
  if (code.replace(blocks, "").trim() !== "") throw new VaultError(400, "failed to parse policy");
  return [...code.matchAll(blocks)].map(([, pattern = "", block = ""]) => {
    const names = /capabilities\s*=\s*\[([^\]]*)\]/.exec(block)?.[1] ?? "";
    return { pattern, capabilities: [...names.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name) };
  });
}

function matches(pattern: string, path: string): boolean {
  const isPrefix = pattern.endsWith("*");
  const literal = RegExp.escape(isPrefix ? pattern.slice(0, -1) : pattern).replaceAll("\\+", "[^/]+");
  return new RegExp(`^${literal}${isPrefix ? "" : "$"}`).test(path);
}

/** Vault's order of precedence: the first wildcard later, no final `*`, fewer `+`, longer, alphabetical. */
function morePrecise(a: string, b: string): number {
  const wildcard = (pattern: string) => /[+*]/.exec(pattern)?.index ?? Number.POSITIVE_INFINITY;
  const segments = (pattern: string) => pattern.split("+").length;
  if (wildcard(a) !== wildcard(b)) return wildcard(b) - wildcard(a);
  if (a.endsWith("*") !== b.endsWith("*")) return a.endsWith("*") ? 1 : -1;
  if (segments(a) !== segments(b)) return segments(a) - segments(b);
  return b.length - a.length || b.localeCompare(a);
}
