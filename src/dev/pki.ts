import type { EpochMillis } from "../domain/units.ts";
import { seconds } from "./fields.ts";
import type { Leases } from "./leases.ts";
import { authorityRoutes } from "./pki-authorities.ts";
import { issuerRoutes } from "./pki-issuers.ts";
import { revocationRoutes, revokeCertificate } from "./pki-revocation.ts";
import { roleRoutes } from "./pki-roles.ts";
import { signingRoutes } from "./pki-sign.ts";
import { PkiState } from "./pki-state.ts";
import type { Fields, Mount } from "./protocol.ts";
import { SYSTEM_TTL } from "./tokens.ts";

interface PkiMountOptions {
  readonly path: string;
  /** `max_lease_ttl` is read. */
  readonly config: unknown;
  readonly leases: Leases;
  readonly now: () => EpochMillis;
}

/** A `pki` mount: authorities, roles, signing and revocation, over one state. */
export function pkiMount({ path, config, leases, now }: PkiMountOptions): Mount {
  const settings: Fields = typeof config === "object" && config !== null ? { ...config } : {};
  const state = new PkiState(seconds(settings, "max_lease_ttl") || SYSTEM_TTL);
  const revoke = (serial: string) => void revokeCertificate(state, serial, now());
  return {
    path,
    type: "pki",
    routes: [
      ...signingRoutes({ state, leases, revoke, now }),
      ...roleRoutes(state),
      ...authorityRoutes(state, now),
      ...issuerRoutes(state),
      ...revocationRoutes(state, now),
    ],
  };
}
