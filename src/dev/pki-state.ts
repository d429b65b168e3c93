import { type KeyObject, X509Certificate } from "node:crypto";
import type { EpochMillis } from "../domain/units.ts";
import type { CertificateFields } from "../domain/x509/decode.ts";
import type { Authority } from "./certificates.ts";
import type { Role } from "./pki-role.ts";
import { listed, VaultError } from "./protocol.ts";

/** A CA certificate of a mount, with its key when the mount can sign with it. */
export interface Issuer {
  readonly id: string;
  name: string;
  readonly pem: string;
  readonly serial: string;
  readonly fields: CertificateFields;
  readonly key: KeyObject | undefined;
  leafNotAfter: string;
  crlNumber: number;
}

interface StoredCertificate {
  readonly pem: string;
  revokedAt?: EpochMillis;
}

/** What one PKI mount holds. */
export class PkiState {
  /** By id, in the order in which they came. */
  readonly issuers = new Map<string, Issuer>();
  defaultIssuer: string | undefined;
  /** Keys of requests for which no certificate has come yet, and of former ones. */
  readonly keys: KeyObject[] = [];
  readonly roles = new Map<string, Role>();
  /** By serial, as `4f:e8:…`. */
  readonly certificates = new Map<string, StoredCertificate>();
  /** Seconds; what no certificate lives longer than. */
  readonly maxTtl: number;

  constructor(maxTtl: number) {
    this.maxTtl = maxTtl;
  }

  /** `default`, a name or an id; undefined when there is none. */
  findIssuer(reference: string): Issuer | undefined {
    const id = reference === "default" ? this.defaultIssuer : reference;
    return this.issuers.get(id ?? "") ?? [...this.issuers.values()].find(({ name }) => name === id && name !== "");
  }

  /** An issuer that is there; VaultError 500, as the real server has it, when it is not. */
  issuer(reference: string): Issuer {
    const found = this.findIssuer(reference);
    if (found !== undefined) return found;
    if (reference === "default") throw new VaultError(500, "no default issuer currently configured");
    throw new VaultError(500, `unable to find PKI issuer for reference: ${reference}`);
  }

  /** An issuer that signs. */
  authority(reference: string): Issuer & Authority {
    const fetching = "could not fetch the CA certificate (was one set?)";
    if (reference === "default" && this.defaultIssuer === undefined)
      throw new VaultError(500, listed(`${fetching}: no default issuer currently configured`));
    const found = this.findIssuer(reference);
    if (found === undefined)
      throw new VaultError(500, listed(`${fetching}: unable to find PKI issuer for reference: ${reference}`));
    const { key } = found;
    if (key === undefined) throw new VaultError(500, listed("issuer has no key"));
    return { ...found, key };
  }

  /** The issuer and those above it, by signatures, as far as the mount holds them: PEM. */
  chain(issuer: Issuer): string[] {
    const chain = [issuer.pem];
    let last = new X509Certificate(issuer.pem);
    for (;;) {
      if (last.verify(last.publicKey)) return chain;
      const above = [...this.issuers.values()]
        .map(({ pem }) => new X509Certificate(pem))
        .find((candidate) => last.checkIssued(candidate) && last.verify(candidate.publicKey));
      if (above === undefined) return chain;
      chain.push(above.toString().trim());
      last = above;
    }
  }
}
