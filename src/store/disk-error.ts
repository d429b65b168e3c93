import { LeafdError, type Reason } from "../domain/errors.ts";

interface Meaning {
  readonly reason: Reason;
  readonly says: string;
  readonly hint: string;
}

const DENIED_HINT = "Let leafd's user write there: check the owner and mode of the directory and of its parents.";
const UNSAFE_HINT = "Use a real directory that only leafd and its dependent write to, and mount it as a whole.";
const FULL: Meaning = {
  reason: "disk_full",
  says: "no space or no inodes are left",
  hint: "Free space or inodes on that file system (`df`, `df -i`), or raise the quota.",
};
const UNSAFE: Meaning = { reason: "target_unsafe", says: "a name leads to something unexpected", hint: UNSAFE_HINT };

/** What an errno means for an operator. Whatever is not here is an `io_error` that shows its code. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: { reason: "target_denied", says: "permission denied", hint: DENIED_HINT },
  EPERM: { reason: "target_denied", says: "not permitted", hint: DENIED_HINT },
  EROFS: {
    reason: "target_denied",
    says: "the file system is read-only",
    hint: "Mount it writable; under systemd list it in ReadWritePaths=.",
  },
  ENOENT: { reason: "target_missing", says: "it does not exist", hint: "Create its parent directory." },
  ELOOP: { ...UNSAFE, says: "it is a symbolic link" },
  ENOTDIR: { ...UNSAFE, says: "it is not a directory" },
  EISDIR: { ...UNSAFE, says: "a directory is in the way" },
  ENOTEMPTY: { ...UNSAFE, says: "a directory is in the way" },
  EEXIST: { ...UNSAFE, says: "something is there already" },
  EBUSY: { ...UNSAFE, says: "something is mounted there" },
  EXDEV: { ...UNSAFE, says: "something is mounted there" },
  EMFILE: {
    reason: "io_error",
    says: "this process has no file descriptors left",
    hint: "Raise its limit (LimitNOFILE= under systemd).",
  },
  ENFILE: { reason: "io_error", says: "the machine has no file descriptors left", hint: "Raise fs.file-max." },
};

/** Errnos (Linux, negated as Node has them) that libuv has no name for: `UNKNOWN` or `Unknown system error -122` in Node. */
const UNNAMED: Readonly<Record<string, string>> = { "-116": "ESTALE", "-122": "EDQUOT" };

/** The errno name of a thrown value (`ENOSPC`), or undefined when it has none. */
export function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown) || typeof thrown.code !== "string") return undefined;
  const number = "errno" in thrown ? String(thrown.errno) : "";
  return /^unknown/i.test(thrown.code) ? (UNNAMED[number] ?? "UNKNOWN") : thrown.code;
}

/**
 * A failed file operation as a LeafdError with a reason of "the disk". `doing` completes "cannot …" and names the
 * path, because the path in Node's own message is the one through /proc/self/fd. A LeafdError passes unchanged.
 */
export function diskError(thrown: unknown, doing: string): LeafdError {
  if (thrown instanceof LeafdError) return thrown;
  const code = errnoOf(thrown);
  if (code === undefined) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new LeafdError("internal", `cannot ${doing}: ${message}`, { cause: thrown });
  }
  const meaning = MEANINGS[code] ?? {
    reason: "io_error",
    says: "the file system failed",
    hint: "Look at the kernel's log (`dmesg`) and at the disk's health.",
  };
  const syscall = thrown instanceof Error && "syscall" in thrown ? ` on ${String(thrown.syscall)}` : "";
  return new LeafdError(meaning.reason, `cannot ${doing}: ${meaning.says} (${code}${syscall})`, {
    hint: meaning.hint,
    cause: thrown,
  });
}

/** Runs `action` and answers undefined when it fails with one of these errnos; other failures pass. */
export function unless<T>(codes: readonly string[], action: () => T): T | undefined {
  try {
    return action();
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code !== undefined && codes.includes(code)) return undefined;
    throw thrown;
  }
}
