import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LeafdError } from "../domain/errors.ts";
import type { TrustMemory } from "../rotation/ports.ts";

const LARGEST = 1024 * 1024;

/**
 * Trust anchors in `<stateDir>/trust/`, one file an issuer. Not synced: what a power cut takes away is asked for again.
 */
export function createTrustMemory(stateDir: string, warn: (error: LeafdError) => void): TrustMemory {
  const directory = join(stateDir, "trust");
  const fileOf = (identity: string): string =>
    join(directory, `${createHash("sha256").update(identity).digest("hex").slice(0, 32)}.json`);
  return {
    operatorRoots(path) {
      try {
        if (statSync(path).size > LARGEST) throw new Error("it is larger than 1 MiB");
        return readFileSync(path, "utf8");
      } catch (thrown) {
        throw new LeafdError("no_trust", `cannot read the trust anchors in ${path}: ${messageOf(thrown)}`, {
          hint: "Put the PEM of the root CA there and let leafd's user read it, or name another file in trust.roots.",
        });
      }
    },
    recall(identity) {
      try {
        return readFileSync(fileOf(identity), "utf8");
      } catch {
        return undefined;
      }
    },
    remember(identity, json) {
      const file = fileOf(identity);
      try {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        writeFileSync(`${file}.new`, json, { mode: 0o600 });
        renameSync(`${file}.new`, file);
      } catch (thrown) {
        warn(new LeafdError("io_error", `cannot remember the trust anchors in ${file}: ${messageOf(thrown)}`));
      }
    },
  };
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
