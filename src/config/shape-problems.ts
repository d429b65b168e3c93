import { closest } from "../domain/closest.ts";
import { knownKeys } from "./json-schema.ts";
import { valueAt } from "./plain.ts";
import { MOST_FINDINGS, type Path, type Problem } from "./report.ts";
import type { ShapeIssue } from "./shapes.ts";

/** What does not fit the shape, in words, at most MOST_FINDINGS; `value` is the data that was read. */
export function shapeProblems(issues: readonly ShapeIssue[], value: unknown): Problem[] {
  const listed = issues.slice(0, MOST_FINDINGS);
  return listed.flatMap((issue) => problemsOf(issue, toPath(issue.path), value)).slice(0, MOST_FINDINGS);
}

/** A path of zod, which may hold symbols for all it knows. */
function toPath(path: readonly PropertyKey[]): Path {
  return path.map((part) => (typeof part === "number" ? part : String(part)));
}

function problemsOf(issue: ShapeIssue, path: Path, value: unknown): Problem[] {
  if (issue.code === "unrecognized_keys") return issue.keys.slice(0, MOST_FINDINGS).map((key) => unknownKey(path, key));
  if (issue.code === "invalid_key") return [{ path, at: "key", message: issue.issues[0]?.message ?? "is not a name" }];
  const found = valueAt(value, path);
  if (found === undefined) return [{ path, at: "key", message: "is missing" }];
  if (issue.code === "invalid_union") {
    const branch = issue.errors.find((errors) => !errors.some(isOfAnotherType));
    if (branch !== undefined)
      return branch.flatMap((inner) => problemsOf(inner, [...path, ...toPath(inner.path)], value));
  }
  const { message, ...hint } = inWords(issue, found);
  return [{ path, at: "value", message: issue.message || message, ...hint }];
}

function isOfAnotherType(issue: ShapeIssue): boolean {
  return issue.code === "invalid_type" && issue.path.length === 0;
}

function unknownKey(path: Path, key: string): Problem {
  const at = { path: [...path, key], at: "key" } as const;
  const known = knownKeys(path);
  const meant = closest(key, known);
  const hint = meant === undefined ? `known here: ${known.toSorted().join(", ")}` : `did you mean "${meant}"?`;
  return { ...at, message: "unknown key", hint };
}

const WORDS: Readonly<Record<string, string>> = {
  string: "must be text",
  number: "must be a number",
  int: "must be a whole number",
  boolean: "must be true or false",
  array: "must be a list",
  object: "must be a map",
  record: "must be a map",
};

function inWords(issue: ShapeIssue, found: unknown): Pick<Problem, "message" | "hint"> {
  if (issue.code === "invalid_type") {
    const message = `${WORDS[issue.expected] ?? `must be of type ${issue.expected}`}, not ${kindOf(found)}`;
    const isUnquoted = issue.expected === "string" && (typeof found === "number" || typeof found === "boolean");
    // Where the shape says itself how the text must look, quotes alone would not do.
    return isUnquoted && !issue.message.includes("such as") ? { message, hint: "put it in quotes" } : { message };
  }
  if (issue.code === "invalid_value") {
    const allowed = issue.values.map(String);
    const meant = typeof found === "string" ? closest(found, allowed) : undefined;
    const message = `must be ${allowed.length > 1 ? "one of " : ""}${allowed.join(", ")}`;
    return meant === undefined ? { message } : { message, hint: `did you mean "${meant}"?` };
  }
  if (issue.code === "too_small")
    return { message: issue.origin === "array" ? "must not be empty" : `must be at least ${issue.minimum}` };
  if (issue.code === "too_big")
    return { message: `must be at most ${issue.maximum}${issue.origin === "array" ? " long" : ""}` };
  return { message: "is not valid" };
}

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "a number";
  return typeof value === "boolean" ? "true or false" : "a map";
}
