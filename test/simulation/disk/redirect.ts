import { registerHooks } from "node:module";
import type * as ledger from "../../../src/store/ledger.ts";
import type * as pauses from "../../../src/store/pauses.ts";
import type * as store from "../../../src/store/store.ts";
import type * as trustMemory from "../../../src/store/trust-memory.ts";

/*
 * Loads leafd's own store a second time, on a memory disk: a module that is imported with this mark gets the stand-ins
 * of this folder for what touches the machine, and so do the files of src/store that it imports. All other files are the
 * ones that everybody has.
 */

const MARK = "?simulated";

const STAND_INS: Readonly<Record<string, string>> = {
  "node:fs": new URL("node-fs.ts", import.meta.url).href,
  "node:crypto": new URL("node-crypto.ts", import.meta.url).href,
};

registerHooks({
  resolve(specifier, context, next) {
    const isMarked = context.parentURL?.endsWith(MARK) === true;
    const standIn = isMarked ? STAND_INS[specifier] : undefined;
    if (standIn !== undefined) return { url: standIn, format: "module-typescript", shortCircuit: true };
    const found = next(specifier, context);
    return isMarked && found.url.includes("/src/store/") ? { ...found, url: found.url + MARK } : found;
  },
});

const marked = (file: string): string => `../../../src/store/${file}${MARK}`;

/** The real ones, on the disk that is mounted (mounted.ts). */
export const { createStore }: typeof store = await import(marked("store.ts"));
export const { openLedger }: typeof ledger = await import(marked("ledger.ts"));
export const { openPauses }: typeof pauses = await import(marked("pauses.ts"));
export const { createTrustMemory }: typeof trustMemory = await import(marked("trust-memory.ts"));
