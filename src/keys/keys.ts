import { hash } from "node:crypto";
import type { Keys } from "../rotation/ports.ts";
import { certificateRequest } from "./csr.ts";
import { generateKey, keyPair } from "./key-pair.ts";

/** Private keys that are made and used in this process, by OpenSSL as Node brings it. */
export const keys: Keys = {
  generate: generateKey,
  request: (privateKey, names) => certificateRequest(keyPair(privateKey), names),
  publicKeyHash: (privateKey) => hash("sha256", keyPair(privateKey).publicKey, "hex"),
};
