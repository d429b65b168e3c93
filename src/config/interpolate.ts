import type { Path } from "./report.ts";

/** The environment that `${NAME}` reads; main.ts hands it in. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A reference that could not be resolved. */
export interface BadReference {
  /** As it stands in the text: `${NAME}`. */
  readonly token: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * Replaces `${NAME}` and `${NAME:-default}` (the default also stands in for an empty variable, as in a shell);
 * `$${` writes a literal `${`. What comes out is not looked at again. A bad reference is reported and left as it is.
 */
export function interpolate(text: string, env: Environment, report: (bad: BadReference) => void): string {
  return text.replace(/\$\$\{|\$\{[^}]*\}?/g, (token) => {
    if (token === "$${") return "${";
    const resolved = resolve(token, env);
    if (typeof resolved === "string") return resolved;
    report({ token, ...resolved });
    return token;
  });
}

function resolve(token: string, env: Environment): string | Omit<BadReference, "token"> {
  const [, name, fallback] = /^\$\{([A-Za-z_]\w*)(?::-([^]*))?\}$/.exec(token) ?? [];
  if (name === undefined || fallback?.includes("${") === true)
    return {
      message: "not a reference to the environment",
      hint: "write ${NAME} or ${NAME:-default} without nesting, or $${ for a literal ${",
    };
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
  if (value !== undefined) return value;
  return {
    message: `${name} is not set in the environment`,
    hint: `set it, or give a default: \${${name}:-…}`,
  };
}

/**
 * Whether `${…}` means something at this path. Never in a command or in the headers of a reload, where another
 * program may mean something else by it and where the environment must not decide what runs.
 */
export function isInterpolated(path: Path): boolean {
  if (path.some((part, index) => part === "atExpiry" && path[index + 1] === "exec")) return false;
  const step = path.findIndex((part, index) => STEPS.has(part) && typeof path[index + 1] === "number");
  if (step === -1) return true;
  const [kind, key] = path.slice(step + 2);
  return !(kind === "exec" || (kind === "http" && key === "headers"));
}

/** The lists of steps. */
const STEPS: ReadonlySet<unknown> = new Set(["preReload", "reload", "escalate"]);
