/** A change of the file system, or the promise that one lasts. Paths are absolute. */
export type Operation =
  | { readonly kind: "mkdir" | "create" | "remove" | "sync"; readonly path: string }
  | { readonly kind: "write"; readonly path: string; readonly bytes: Buffer }
  | { readonly kind: "chmod"; readonly path: string; readonly mode: number }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  | { readonly kind: "rename"; readonly from: string; readonly to: string };

/** strace's arguments for a trace that `readTrace` reads: every call that changes a file system, texts in hexadecimal. */
export function traceInto(file: string): readonly string[] {
  const calls = "mkdir,openat,write,fchmod,symlink,rename,unlink,rmdir,fsync";
  return ["-y", "-xx", "-s", "1000000", "-e", `trace=${calls}`, "-o", file];
}

/** The operations of a trace below a directory, in the order in which they were over. */
export function readTrace(trace: string, below: string): readonly Operation[] {
  const paths = new Map<string, string>();
  return wholeCalls(trace)
    .map((call) => parse(call, paths))
    .filter((operation) => operation !== undefined)
    .filter((operation) => ("path" in operation ? operation.path : operation.to).startsWith(`${below}/`));
}

/** The lines of calls that succeeded; one that another thread interrupted is put together again. */
function wholeCalls(trace: string): string[] {
  const begun = new Map<string, string>();
  const calls: string[] = [];
  for (const line of trace.split("\n")) {
    const [, thread = "", text = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const half = / <unfinished \.\.\.>$/.exec(text);
    if (half !== null) begun.set(thread, text.slice(0, half.index));
    else calls.push(text.replace(/^<\.\.\. \w+ resumed>/, () => begun.get(thread) ?? ""));
  }
  return calls.filter((call) => /\) += \d/.test(call));
}

/** `paths`: what each descriptor stands for, kept up to date. */
function parse(call: string, paths: Map<string, string>): Operation | undefined {
  const [, name = "", first = ""] = /^(\w+)\((?:(\d+)<)?/.exec(call) ?? [];
  const [, opened = "", where = ""] = /\) += (\d+)<([^>]*)>/.exec(call) ?? [];
  if (opened !== "") paths.set(opened, unhex(where));
  const [held = ""] = [...call.matchAll(/<([^>]*)>/g)].map(([, path = ""]) => unhex(path));
  const texts = [...call.matchAll(/"([^"]*)"/g)].map(([, text = ""]) => text);
  const [path = "", second = ""] = texts.map((text) => resolve(unhex(text), paths));
  switch (name) {
    case "mkdir":
      return { kind: "mkdir", path };
    case "openat":
      return call.includes("O_CREAT") ? { kind: "create", path } : undefined;
    case "write":
      return first === "" ? undefined : { kind: "write", path: held, bytes: unhexBytes(texts[0] ?? "") };
    case "fchmod":
      return { kind: "chmod", path: held, mode: Number.parseInt(/, (0\d+)\)/.exec(call)?.[1] ?? "0", 8) };
    case "symlink":
      return { kind: "symlink", target: path, path: second };
    case "rename":
      return { kind: "rename", from: path, to: second };
    case "unlink":
    case "rmdir":
      return { kind: "remove", path };
    case "fsync":
      return { kind: "sync", path: held };
    default:
      return undefined;
  }
}

/** A path through the descriptor of a directory, as the store has them, is one in that directory. */
function resolve(path: string, paths: ReadonlyMap<string, string>): string {
  return path.replace(/^\/proc\/self\/fd\/(\d+)/, (whole, descriptor: string) => paths.get(descriptor) ?? whole);
}

function unhex(text: string): string {
  return unhexBytes(text).toString();
}

function unhexBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll(String.raw`\x`, ""), "hex");
}
