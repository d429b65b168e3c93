import { createPrivateKey, X509Certificate } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { PairFiles } from "./tool.ts";

/** What a dependent that starts now would make of the files. */
export type Look =
  | { readonly kind: "whole"; readonly serial: string; readonly endsAt: number }
  | { readonly kind: "torn" | "missing" | "broken" };

const LEAF = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;
const KEY = /-----BEGIN (?:EC |RSA )?PRIVATE KEY-----[^-]+-----END (?:EC |RSA )?PRIVATE KEY-----/;

/** Reads certificate and key by their names, as a server does that is started. */
export function lookAt({ key, certificate }: PairFiles): Look {
  let texts: readonly string[];
  try {
    texts = [readFileSync(certificate, "utf8"), readFileSync(key, "utf8")];
  } catch {
    return { kind: "missing" };
  }
  const leafPem = LEAF.exec(texts[0] ?? "")?.[0];
  const keyPem = KEY.exec(texts[1] ?? "")?.[0];
  if (leafPem === undefined || keyPem === undefined) return { kind: "broken" };
  try {
    const leaf = new X509Certificate(leafPem);
    if (!leaf.checkPrivateKey(createPrivateKey(keyPem))) return { kind: "torn" };
    return { kind: "whole", serial: leaf.serialNumber.toLowerCase(), endsAt: leaf.validToDate.getTime() };
  } catch {
    return { kind: "broken" };
  }
}

/** The serial of a whole pair; undefined where there is none. */
export function serialOf(files: PairFiles): string | undefined {
  const look = lookAt(files);
  return look.kind === "whole" ? look.serial : undefined;
}

/** All files below a directory, links not followed. */
export function filesBelow(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true, recursive: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return []; // Something went while it was listed: the next look sees it.
  }
}

/** Names, inodes, sizes, modes and times of everything in a directory: changes with each step of a write. */
export function fingerprintOf(directory: string): string {
  const lines = filesBelow(directory).map((path) => {
    const { ino, size, mode, mtimeMs } = lstatSync(path, { throwIfNoEntry: false }) ?? {};
    return [path, ino, size, mode, mtimeMs].join(" ");
  });
  return lines.sort().join("\n");
}

/** Files with a private key that others than the owner may read. */
export function exposedKeys(directory: string): string[] {
  return filesBelow(directory).filter((path) => {
    try {
      return (statSync(path).mode & 0o077) !== 0 && readFileSync(path, "utf8").includes("PRIVATE KEY-----");
    } catch {
      return false;
    }
  });
}
