import { type Call, listed, type Method, type Mount, type Route, VaultError } from "./protocol.ts";

/** Makes a mount of one type at a path, with the `config` it was enabled with. */
export type MountFactory = (path: string, config: unknown) => Mount;

interface Found {
  readonly route: Route;
  readonly params: Call["params"];
}

/** What is mounted where, and which route answers a path. */
export class Mounts {
  readonly #mounts = new Map<string, Mount>();
  readonly #factories: Readonly<Record<string, MountFactory>>;

  /** `factories` by type: what `enable` can mount. */
  constructor(factories: Readonly<Record<string, MountFactory>>) {
    this.#factories = factories;
  }

  add(mount: Mount): void {
    this.#mounts.set(mount.path, mount);
  }

  enable(path: string, type: string, config: unknown): void {
    const factory = this.#factories[path.startsWith("auth/") ? `auth/${type}` : type];
    if (factory === undefined) throw new VaultError(400, `plugin not found in the catalog: ${type}`);
    if (this.#mounts.has(path)) throw new VaultError(400, `path is already in use at ${path.replace(/^auth\//, "")}`);
    this.add(factory(path, config));
  }

  disable(path: string): void {
    this.#mounts.delete(path);
  }

  /** Auth mounts by their path below `auth/`, or the others. */
  list(isAuth: boolean): Pick<Mount, "path" | "type">[] {
    const chosen = [...this.#mounts.values()].filter(({ path }) => path.startsWith("auth/") === isAuth);
    return chosen.map(({ path, type }) => ({ path: path.replace(/^auth\//, ""), type }));
  }

  /** The route of a path; undefined when there is no such mount, path or method: `missing` says which. */
  find(method: Method, path: string): Found | undefined {
    for (const route of this.#routes(path).filter((one) => one.method === method)) {
      const params = match(route.path, this.#below(path));
      if (params !== undefined) return { route, params };
    }
    return undefined;
  }

  /** The error for a path that `find` does not know: no mount, no such path in it, or another method. */
  missing(path: string): VaultError {
    if (this.#mountOf(path) === undefined)
      return new VaultError(404, `no handler for route "${path}". route entry not found.`);
    const isKnown = this.#routes(path).some((route) => match(route.path, this.#below(path)) !== undefined);
    if (isKnown) return new VaultError(405, listed("unsupported operation"));
    return new VaultError(404, listed("unsupported path"));
  }

  #mountOf(path: string): Mount | undefined {
    return [...this.#mounts.values()]
      .filter((mount) => path.startsWith(mount.path))
      .sort((a, b) => b.path.length - a.path.length)[0];
  }

  #routes(path: string): readonly Route[] {
    return this.#mountOf(path)?.routes ?? [];
  }

  #below(path: string): string {
    return path.slice(this.#mountOf(path)?.path.length ?? 0);
  }
}

/** The placeholders' values when the path fits the pattern. */
function match(pattern: string, path: string): Call["params"] | undefined {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith(":")) params[part.slice(1)] = value;
    else if (part !== value) return undefined;
  }
  return params;
}
