import { LeafdError } from "../domain/errors.ts";
import type { OutputSpec } from "../domain/spec.ts";
import type { HeldDirectory } from "./directory.ts";
import { refuseForeign } from "./links.ts";
import { judgeClaim, type OwnerRecord, readOwner, writeOwner } from "./owner.ts";
import { identifySelf, isRunning, type ProcessIdentity } from "./process-identity.ts";

/** Tells of something that does not stop the work; `subject` is the path it is about. */
export type Warn = (subject: string, problem: LeafdError) => void;

export interface ClaimOptions {
  /** The id kept in the state directory (lock.ts). */
  readonly instance: string;
  readonly takeover: boolean;
  readonly warn: Warn;
}

/** Refuses the directory of another leafd than that of this installation, as a claim would. */
export function refuseClaimed(directory: HeldDirectory, instance: string): void {
  const question = { record: readOwner(directory), self: identifySelf(instance), isRunning };
  const verdict = judgeClaim({ ...question, held: false, takeover: false });
  if (verdict.kind === "foreign") throw writtenByAnother(directory.path, verdict.holder);
}

function writtenByAnother(path: string, { host, pid, service }: OwnerRecord): LeafdError {
  return new LeafdError("target_foreign", `${path} is written by another leafd (pid ${pid} on ${host}, "${service}")`, {
    hint: "Stop that one or use another directory; if it is gone for good, start once with --takeover.",
  });
}

/** This process's claims on output directories. */
export class Claims {
  readonly #self: ProcessIdentity;
  readonly #options: ClaimOptions;
  /** Directory → the service it was claimed for. */
  readonly #held = new Map<string, string>();

  constructor(options: ClaimOptions) {
    this.#options = options;
    this.#self = identifySelf(options.instance);
  }

  /**
   * Makes the directory ours, or proves that it still is; `target_foreign` when another leafd has it. Without `service`
   * the record keeps the one it names.
   */
  claim(directory: HeldDirectory, output: OutputSpec, service = this.#held.get(directory.path)): void {
    const { path } = directory;
    const record = readOwner(directory);
    const held = this.#held.has(path);
    const verdict = judgeClaim({ record, self: this.#self, isRunning, held, takeover: this.#options.takeover });
    if (verdict.kind === "foreign") throw writtenByAnother(path, verdict.holder);
    const named = service ?? (typeof record === "string" ? "unknown" : record.service);
    if (verdict.kind === "take") {
      if (verdict.because === "free") refuseForeign(directory, output);
      if (verdict.because === "unreadable")
        this.#options.warn(path, new LeafdError("pair_damaged", `${path}/..owner cannot be read; it is written anew`));
      this.#write(directory, named, false);
    }
    this.#held.set(path, named);
  }

  /** Gives the directory back, if it is ours. */
  release(directory: HeldDirectory): void {
    const service = this.#held.get(directory.path);
    if (service === undefined) return;
    const record = readOwner(directory);
    const verdict = judgeClaim({ record, self: this.#self, isRunning, held: true, takeover: false });
    if (verdict.kind === "ours") this.#write(directory, service, true);
    this.#held.delete(directory.path);
  }

  #write(directory: HeldDirectory, service: string, released: boolean): void {
    writeOwner(directory, { version: 1, ...this.#self, service, released });
  }
}
