import { type Document, isAlias, isMap, isNode, isScalar, isSeq, Lexer, type Node, parseDocument, visit } from "yaml";
import { type Environment, interpolate, isInterpolated } from "./interpolate.ts";
import { type Finding, formatPath, MOST_FINDINGS, type Path, type Problem } from "./report.ts";

/*
 * YAML 1.2 as leafd reads it: one document of plain data, text keys, no duplicate keys, no tags, bounded in depth and
 * in what aliases expand to. The only file that imports `yaml`.
 */

/** The configuration itself is eight levels deep. */
const DEEPEST = 32;
const TOO_DEEP = `nested more than ${DEEPEST} levels deep`;
/** Values that aliases (`*name`) may add to a document in all. */
const MOST_ALIASED = 10_000;

/** One file, read: its data, what is wrong with it so far, and where everything is. */
export interface ConfigDocument {
  readonly file: string;
  /** Maps have no prototype; null for an empty file; undefined when the text itself is wrong. */
  readonly value: unknown;
  /** Those without a path are about the text itself, the others about a `${…}` reference. */
  readonly findings: readonly Finding[];
  /** Gives a problem its line and column; one about a key that is missing points at what should hold it. */
  locate(problem: Problem): Finding;
}

interface Note {
  readonly offset: number;
  readonly path?: Path;
  readonly message: string;
  readonly hint?: string;
}

/** Duplicate keys are found by `read`: the parser compares every key with every other. */
const OPTIONS = { prettyErrors: false, stringKeys: true, uniqueKeys: false } as const;

/** Reads one YAML file. Never throws: whatever is wrong is in `findings`. */
export function readDocument(file: string, text: string, env: Environment): ConfigDocument {
  const deep = tooDeepAt(text);
  const document = parseDocument(deep === undefined ? text : "", OPTIONS);
  const findings: Finding[] = [];
  let shown: string | undefined;

  const find = ({ offset, path = [], message, hint }: Note): Finding => {
    const start = text.lastIndexOf("\n", offset - 1) + 1;
    const line = text.slice(0, start).split("\n").length;
    // A text that was not parsed has no known secrets, so none of it is shown.
    if (deep === undefined) shown ??= maskSecrets(text, document);
    const source = shown?.slice(start).split(/\r?\n/, 1)[0];
    const finding = { file, line, column: offset - start + 1, path: formatPath(path), message };
    return { ...finding, ...(source === undefined ? {} : { source }), ...(hint === undefined ? {} : { hint }) };
  };
  const report = (note: Note) => findings.length < MOST_FINDINGS && findings.push(find(note));

  if (deep !== undefined) report({ offset: deep, message: TOO_DEEP });
  for (const { code, message, pos } of [...document.errors, ...document.warnings])
    report({ offset: pos[0], message: SYNTAX[code] ?? `not valid YAML: ${message}` });
  const anchors: Reading["anchors"] = new Map();
  const reading = { text, env, report, anchors, aliased: false, added: { count: 0 } };
  const value = findings.length === 0 ? read(document.contents, [], reading) : undefined;
  return {
    file,
    value: findings.some(({ path }) => path === "") ? undefined : value,
    findings,
    locate: (problem) => find({ ...problem, offset: offsetOf(document.contents, problem, anchors) }),
  };
}

/** Words for the errors of the parser that an operator meets, and for those whose own words quote the source. */
const SYNTAX: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "a second YAML document starts here; a file holds one",
  NON_STRING_KEY: "a key must be text; put it in quotes",
  TAG_RESOLVE_FAILED: "tags are not supported",
  TAB_AS_INDENT: "a tab cannot indent YAML; use blanks",
  UNEXPECTED_TOKEN: "not valid YAML: unexpected text here; put values with special characters in quotes",
  BAD_DQ_ESCAPE: 'not valid YAML: unknown escape in a "…" text; write \\\\ for a backslash',
  RESOURCE_EXHAUSTION: "too complex to read",
};

/** The offset where the nesting passes DEEPEST, if it does: found by the lexer, since the parser recurses. */
function tooDeepAt(text: string): number | undefined {
  let offset = 0;
  let flow = 0;
  let compact = 0;
  let isText = false;
  for (const token of new Lexer().lex(text)) {
    if (!isText && (token === "[" || token === "{")) flow++;
    else if (!isText && (token === "]" || token === "}")) flow--;
    else if (!isText && (token === "-" || token === "?")) compact++;
    else if (token.includes("\n")) compact = 0;
    if (flow + compact > DEEPEST) return offset;
    isText = token === "\u001F";
    if (!/^[\u0002\u0018\u001F]$/.test(token)) offset += token.length;
  }
  return undefined;
}

interface Reading {
  readonly text: string;
  readonly env: Environment;
  readonly report: (note: Note) => unknown;
  readonly anchors: Map<string, Node>;
  /** Inside of what an alias stands for. */
  readonly aliased: boolean;
  /** How many values aliases have added so far. */
  readonly added: { count: number };
}

/** A node as plain data: aliases and `${…}` resolved, what could hurt a reader refused. */
function read(node: Node | null, path: Path, reading: Reading): unknown {
  const refuse = (message: string, at = node) => reading.report({ offset: at?.range?.[0] ?? 0, message });
  if (path.length > DEEPEST) return refuse(TOO_DEEP);
  if (reading.aliased && ++reading.added.count > MOST_ALIASED)
    return reading.added.count === MOST_ALIASED + 1
      ? refuse(`aliases add more than ${MOST_ALIASED} values`)
      : undefined;
  if (isAlias(node)) {
    const target = reading.anchors.get(node.source);
    return target === undefined
      ? refuse("no anchor of this name stands before it")
      : read(target, path, { ...reading, aliased: true });
  }
  if (node?.anchor !== undefined && !reading.aliased) reading.anchors.set(node.anchor, node);
  if (isSeq(node)) return node.items.map((item, index) => read(nodeOf(item), [...path, index], reading));
  if (isMap(node)) {
    const map: Record<string, unknown> = Object.create(null);
    for (const { key, value } of node.items) {
      const name = textOf(key);
      if (Object.hasOwn(map, name)) refuse("this key is written twice in one map", nodeOf(key));
      else if (name === "__proto__") refuse('"__proto__" cannot be a key', nodeOf(key));
      else map[name] = read(nodeOf(value), [...path, name], reading);
    }
    return map;
  }
  return isScalar(node) ? readScalar(node.value, path, { node, reading }) : null;
}

function readScalar(value: unknown, path: Path, { node, reading }: { node: Node; reading: Reading }): unknown {
  if (typeof value !== "string" || !isInterpolated(path)) return value;
  const start = node.range?.[0] ?? 0;
  return interpolate(value, reading.env, ({ token, message, hint }) => {
    const offset = Math.max(start, reading.text.indexOf(token, start));
    reading.report({ offset, path, message, hint });
  });
}

function nodeOf(item: unknown): Node | null {
  return isNode(item) ? item : null;
}

function textOf(key: unknown): string {
  return isScalar(key) && typeof key.value === "string" ? key.value : "";
}

/** The offset of the value or key at this path, or of the innermost key on the way to it that exists. */
function offsetOf(root: Node | null, { path, at }: Problem, anchors: Reading["anchors"]): number {
  let node = root;
  let offset = 0;
  for (const [index, part] of path.entries()) {
    const holder = isAlias(node) ? anchors.get(node.source) : node;
    if (isSeq(holder) && typeof part === "number") {
      node = nodeOf(holder.items[part]);
      offset = node?.range?.[0] ?? offset;
      continue;
    }
    const pair = isMap(holder) ? holder.items.find(({ key }) => textOf(key) === part) : undefined;
    if (pair === undefined) return offset;
    node = nodeOf(pair.value);
    const isValue = at === "value" && index === path.length - 1;
    offset = ((isValue ? node?.range : undefined) ?? nodeOf(pair.key)?.range)?.[0] ?? offset;
  }
  return offset;
}

const SECRET_KEY = /token|secret|passw|passphrase|credential|authorization|cookie|api.?key|^headers$/i;

/** The text with every secret in it overwritten by `*`, for source lines in errors. Positions stay as they are. */
function maskSecrets(text: string, document: Document.Parsed): string {
  const hidden: [number, number][] = [];
  const hide = (from: number, to: number) => {
    // After a syntax error the end of a value is a guess: the whole line goes.
    const lineEnd = text.indexOf("\n", to);
    hidden.push([from, document.errors.length === 0 ? to : lineEnd === -1 ? text.length : lineEnd]);
  };
  visit(document, {
    Pair(_, { key, value }) {
      const name = textOf(key);
      if (!SECRET_KEY.test(name) || /(file|path)s?$/i.test(name)) return;
      visit(nodeOf(value), {
        Scalar(at, { range }) {
          if (at !== "key" && range) hide(range[0], range[1]);
        },
      });
    },
  });
  let masked = text;
  for (const [from, to] of hidden)
    masked = masked.slice(0, from) + masked.slice(from, to).replace(/[^\r\n]/g, "*") + masked.slice(to);
  return masked;
}
