import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { ClusterSpec } from "../domain/cluster-spec.ts";
import { LeafdError } from "../domain/errors.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import { oneLine } from "./text.ts";

/** How often the files are read again. They are small, and a rotation is picked up within a second. */
const REREAD: Millis = SECOND;

/** The TLS side of a cluster at one moment. A new object means new content. */
export interface TlsState {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * The CA, the client certificate and its key, as the files say now. A change that cannot be used (unreadable, a key
 * that does not fit yet because its writer is half way) leaves the earlier material in force and is looked at again.
 */
export class TlsMaterial {
  readonly #files: ClusterSpec["tls"];
  readonly #clock: Clock;
  #state: TlsState | undefined;
  #digest = "";
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(files: ClusterSpec["tls"], clock: Clock) {
    this.#files = files;
    this.#clock = clock;
  }

  /** LeafdError `credential_missing` when the files have never been usable. */
  current(): TlsState {
    const now = this.#clock.monotonic();
    if (this.#state !== undefined && now - this.#readAt < REREAD) return this.#state;
    this.#readAt = now;
    try {
      this.#state = this.#read(this.#state);
    } catch (thrown) {
      if (this.#state === undefined) throw unusable(thrown);
    }
    return this.#state;
  }

  /** A digest of the client certificate in force; undefined when there is none. */
  clientCertificate(): string | undefined {
    try {
      const { cert } = this.current();
      return cert === undefined ? undefined : sha256(cert);
    } catch {
      return undefined;
    }
  }

  #read(before: TlsState | undefined): TlsState {
    const { caFile, certFile, keyFile } = this.#files;
    const options = {
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }),
      ...(certFile === undefined ? {} : { cert: readFileSync(certFile, "utf8") }),
      ...(keyFile === undefined ? {} : { key: readFileSync(keyFile, "utf8") }),
    };
    const digest = sha256(JSON.stringify(options));
    if (before !== undefined && digest === this.#digest) return before;
    if (options.ca?.includes("-----BEGIN CERTIFICATE-----") === false)
      throw new Error(`${caFile} holds no PEM certificate`);
    createSecureContext(options);
    this.#digest = digest;
    return options;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function unusable(thrown: unknown): LeafdError {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new LeafdError("credential_missing", `the TLS files of the cluster cannot be used: ${oneLine(text)}`, {
    hint: "check `tls.caFile`, `tls.certFile` and `tls.keyFile`: present, readable, PEM, and the key that of the certificate",
  });
}
