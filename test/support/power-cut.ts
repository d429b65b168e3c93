import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Operation } from "./syscall-trace.ts";

/*
 * A file system of which a power cut takes what was not synced. Every file may have any content that it had since its
 * last sync, or a half of the last write; every name in a directory may be wherever it was since the directory's last
 * sync, independent of all others: operations are lost in any order. A rename is one step. So it is less than ext4
 * promises, which keeps the order of names, and as much as POSIX does.
 */

type Node =
  | { readonly kind: "file"; mode: number /** The first is the one that lasts. */; contents: Buffer[] }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "directory"; mode: number; entries: Entry[] };
type Directory = Extract<Node, { kind: "directory" }>;

/** Something in a directory. The later ones hide the earlier ones of the same name. */
interface Entry {
  readonly node: Node;
  /** Names that it has had, undefined for none; the first is the one that lasts. */
  names: (string | undefined)[];
}

/** What may be left after a power cut. */
export type Tree =
  | { readonly kind: "file"; readonly mode: number; readonly bytes: Buffer }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "directory"; readonly mode: number; readonly children: ReadonlyMap<string, Tree> };

export class FragileDisk {
  readonly #root: Directory = { kind: "directory", mode: 0o755, entries: [] };
  readonly #at: string;

  /** An empty directory of this absolute path. */
  constructor(at: string) {
    this.#at = at;
  }

  /** How many states a power cut may leave now. */
  get states(): number {
    return count(this.#root);
  }

  /** One of them, from 0. */
  state(index: number): Tree {
    return pick(this.#root, index);
  }

  apply(operation: Operation): void {
    switch (operation.kind) {
      case "mkdir":
        return this.#add(operation.path, { kind: "directory", mode: 0o755, entries: [] });
      case "create":
        return this.#add(operation.path, { kind: "file", mode: 0o600, contents: [Buffer.alloc(0)] });
      case "symlink":
        return this.#add(operation.path, { kind: "link", target: operation.target });
      case "write":
        return write(this.#node(operation.path), operation.bytes);
      case "chmod":
        return chmod(this.#node(operation.path), operation.mode);
      case "rename":
        return this.#move(operation.from, basename(operation.to));
      case "remove":
        return this.#move(operation.path, undefined);
      case "sync":
        return sync(this.#node(operation.path));
      default:
        operation satisfies never;
    }
  }

  /** From now on all of it lasts. */
  settle(): void {
    settle(this.#root);
  }

  #add(path: string, node: Node): void {
    this.#directory(dirname(path)).entries.push({ node, names: [undefined, basename(path)] });
  }

  #move(path: string, name: string | undefined): void {
    const directory = this.#directory(dirname(path));
    const entry = find(directory, basename(path));
    entry.names.push(name);
    directory.entries = [...directory.entries.filter((each) => each !== entry), entry];
  }

  #directory(path: string): Directory {
    const node = this.#node(path);
    if (node.kind !== "directory") throw new Error(`${path} is a ${node.kind}`);
    return node;
  }

  #node(path: string): Node {
    return path === this.#at ? this.#root : find(this.#directory(dirname(path)), basename(path)).node;
  }
}

function find({ entries }: Directory, name: string): Entry {
  const entry = entries.findLast(({ names }) => names.at(-1) === name);
  if (entry === undefined) throw new Error(`there is no ${name}`);
  return entry;
}

function write(node: Node, bytes: Buffer): void {
  if (node.kind !== "file") throw new Error("only files are written");
  const before = node.contents.at(-1) ?? Buffer.alloc(0);
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
  node.contents.push(Buffer.concat([before, half]), Buffer.concat([before, bytes]));
}

function chmod(node: Node, mode: number): void {
  if (node.kind !== "link") node.mode = mode;
}

function sync(node: Node): void {
  if (node.kind === "file") node.contents = node.contents.slice(-1);
  if (node.kind !== "directory") return;
  const current = new Map(node.entries.map((entry) => [entry.names.at(-1), entry]));
  node.entries = [...current].flatMap(([name, { node: kept }]) =>
    name === undefined ? [] : [{ node: kept, names: [name] }],
  );
}

function settle(node: Node): void {
  sync(node);
  if (node.kind === "directory") for (const entry of node.entries) settle(entry.node);
}

function count(node: Node): number {
  if (node.kind === "file") return node.contents.length;
  if (node.kind === "link") return 1;
  return node.entries.reduce((product, entry) => product * countEntry(entry), 1);
}

function countEntry({ node, names }: Entry): number {
  return names.reduce((sum, name) => sum + (name === undefined ? 1 : count(node)), 0);
}

function pick(node: Node, index: number): Tree {
  if (node.kind === "link") return node;
  if (node.kind === "file") return { kind: "file", mode: node.mode, bytes: node.contents[index] ?? Buffer.alloc(0) };
  const children = new Map<string, Tree>();
  let rest = index;
  for (const entry of node.entries) {
    const [name, child] = pickEntry(entry, rest % countEntry(entry));
    if (name !== undefined && child !== undefined) children.set(name, child);
    rest = Math.floor(rest / countEntry(entry));
  }
  return { kind: "directory", mode: node.mode, children };
}

function pickEntry({ node, names }: Entry, index: number): [name?: string, child?: Tree] {
  let rest = index;
  for (const name of names) {
    const alternatives = name === undefined ? 1 : count(node);
    if (rest < alternatives) return name === undefined ? [] : [name, pick(node, rest)];
    rest -= alternatives;
  }
  throw new Error(`there is no alternative ${index}`);
}

/** Makes what is in a tree in a directory that is there and empty. */
export function plant(tree: Tree, path: string): void {
  if (tree.kind === "file") {
    writeFileSync(path, tree.bytes);
    chmodSync(path, tree.mode);
  } else if (tree.kind === "link") symlinkSync(tree.target, path);
  else for (const [name, child] of tree.children) plantChild(child, join(path, name));
}

function plantChild(tree: Tree, path: string): void {
  if (tree.kind === "directory") mkdirSync(path);
  plant(tree, path);
  if (tree.kind === "directory") chmodSync(path, tree.mode);
}

/** The same text for the same tree. */
export function describe(tree: Tree): string {
  if (tree.kind === "link") return `-> ${tree.target}`;
  if (tree.kind === "file") return `${tree.mode} ${tree.bytes.toString("base64")}`;
  const children = [...tree.children].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${tree.mode} {${children.map(([name, child]) => `${name}: ${describe(child)}`).join(", ")}}`;
}
