import type { ClusterSpec, IssuerSpec } from "../domain/cluster-spec.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { issuerIdentity } from "../domain/request.ts";
import { Secret } from "../domain/secret.ts";
import type { SignedReply, SignOrder } from "../domain/sign-order.ts";
import type { Slots } from "../domain/slots.ts";
import type { KeyAlgorithm } from "../domain/spec.ts";
import { formatTime, SECOND } from "../domain/units.ts";
import type { Clock, ClusterHealth, Issuer } from "../rotation/ports.ts";
import { apiPath, type VaultApi, type VaultRequest } from "./api.ts";
import { readHealth } from "./health.ts";
import { type Right, ruleFor } from "./policy.ts";
import { badResponse, certificatesIn, dataOf, fieldsOf, textOf, textsOf, warningsOf } from "./replies.ts";
import type { Session } from "./token-life.ts";

interface PkiIssuerOptions {
  readonly spec: IssuerSpec;
  readonly cluster: ClusterSpec;
  readonly api: VaultApi;
  readonly session: Session;
  readonly slots: Slots;
  readonly clock: Clock;
}

/** Longer than any real chain; more is an attack or a mistake, and each certificate costs a parse. */
const LONGEST_CHAIN = 32;

/**
 * Vault says these each time: names are sent in the CSR and in the JSON, and which one counts is the role's choice;
 * Vault, unlike OpenBao, does not know the key parameters of `issue`.
 */
const BENIGN_WARNING =
  /field was provided but the role is set with "use_csr_(common_name|sans)" set to true|ignored these unrecognized parameters: \[(key_type|key_bits|[, ])+\]/;

/** For `issue`: the key that the server makes. OpenBao wants them where the role has `key_type=any`. */
const KEY_PARAMETERS = {
  "ec-p256": { key_type: "ec", key_bits: 256 },
  "ec-p384": { key_type: "ec", key_bits: 384 },
  "ec-p521": { key_type: "ec", key_bits: 521 },
  "rsa-2048": { key_type: "rsa", key_bits: 2048 },
  "rsa-3072": { key_type: "rsa", key_bits: 3072 },
  "rsa-4096": { key_type: "rsa", key_bits: 4096 },
  ed25519: { key_type: "ed25519", key_bits: 0 },
} as const satisfies Record<KeyAlgorithm, object>;

/**
 * A role of a PKI secrets engine. Source: https://developer.hashicorp.com/vault/api-docs/secret/pki#sign-certificate,
 * `#generate-certificate-and-key` and the unauthenticated CA endpoints there.
 */
export class PkiIssuer implements Issuer {
  readonly name: string;
  readonly identity: string;
  readonly method: IssuerSpec["method"];
  readonly #options: PkiIssuerOptions;
  readonly #path: string;

  constructor(options: PkiIssuerOptions) {
    const { spec, cluster } = options;
    this.#options = options;
    this.name = spec.name;
    this.method = spec.method;
    this.identity = issuerIdentity(spec, cluster.namespace);
    this.#path = issuingPath(spec);
  }

  async sign(order: SignOrder, signal: AbortSignal): Promise<SignedReply> {
    const { api, session, slots, clock } = this.#options;
    const path = this.#path;
    const data = this.#body(order);
    const send = (token: Secret<string>) => api.send({ operation: "write", path, data, token }, signal);
    try {
      const body = await slots.use(() => session.call(send, signal), signal);
      const reply = { ...signedReply(body, path), receivedAt: clock.now() };
      const tokenEnds = session.expires;
      return tokenEnds === undefined ? reply : { ...reply, tokenEnds };
    } catch (thrown) {
      throw withPolicyHint(toLeafdError(thrown), { path, capability: "update", template: "sign" });
    }
  }

  async authorities(signal: AbortSignal): Promise<readonly string[]> {
    const { api, spec, slots } = this.#options;
    const read = async (request: Pick<VaultRequest, "path" | "plainText">): Promise<unknown> =>
      slots.use(() => api.send({ operation: "read", ...request }, signal), signal).catch(asMountMissing);
    if (spec.issuerRef !== undefined) {
      const path = apiPath(spec.mount, "issuer", spec.issuerRef, "json");
      const data = dataOf(await read({ path }), path);
      return distinct([...textsOf([data.certificate]), ...textsOf(data.ca_chain)]);
    }
    // `ca_chain` may leave the root out, and `ca/pem` is the issuing CA alone; a mount without a CA answers nothing.
    const paths = [apiPath(spec.mount, "ca", "pem"), apiPath(spec.mount, "ca_chain")];
    const texts = await Promise.all(paths.map((path) => read({ path, plainText: true })));
    for (const text of texts)
      if (text !== undefined && certificatesIn(textOf(text) ?? "").length === 0)
        throw badResponse(`the CA certificates of ${spec.mount}`, "they are not PEM");
    return distinct(textsOf(texts));
  }

  async health(signal: AbortSignal): Promise<ClusterHealth> {
    const { serverTime } = await readHealth(this.#options.api, signal);
    return serverTime === undefined ? {} : { serverTime };
  }

  async revoke(certificate: string, signal: AbortSignal): Promise<void> {
    const { api, session, slots, spec } = this.#options;
    const path = apiPath(spec.mount, "revoke");
    const send = (token: Secret<string>) =>
      api.send({ operation: "write", path, data: { certificate }, token }, signal);
    try {
      await slots.use(() => session.call(send, signal), signal);
    } catch (thrown) {
      throw withPolicyHint(toLeafdError(thrown), { path, capability: "update", template: "revoke" });
    }
  }

  async isRevoked(serial: string, signal: AbortSignal): Promise<boolean> {
    const { api, slots, spec } = this.#options;
    const path = apiPath(spec.mount, "cert", serial.match(/../g)?.join(":") ?? serial);
    const read = () => api.send({ operation: "read", path }, signal);
    const body = await slots.use(read, signal).catch((thrown: unknown) => {
      // What a role with no_store has signed is known to the mount only once it is revoked.
      if (toLeafdError(thrown).reason === "mount_missing") return undefined;
      throw thrown;
    });
    const time = fieldsOf(fieldsOf(body).data).revocation_time;
    return typeof time === "number" && time > 0;
  }

  #body(order: SignOrder): Record<string, unknown> {
    const { names, csr, key, ttl, notAfter } = order;
    const end =
      notAfter !== undefined
        ? { not_after: formatTime(notAfter) }
        : ttl === undefined
          ? {}
          : { ttl: `${Math.max(1, Math.floor(ttl / SECOND))}s` };
    return {
      ...(csr === undefined ? { private_key_format: "pkcs8", ...KEY_PARAMETERS[key] } : { csr }),
      ...(names.commonName === undefined ? {} : { common_name: names.commonName }),
      // A string for Vault, with e-mail addresses among the DNS names; the others are lists, since a URI may hold a comma.
      alt_names: [...names.dns, ...names.emails].join(","),
      ip_sans: names.ips,
      uri_sans: names.uris,
      format: "pem",
      ...end,
    };
  }
}

/** The path that signs, as a policy must name it. */
export function issuingPath(spec: IssuerSpec): string {
  const { mount, issuerRef, method, role } = spec;
  return issuerRef === undefined ? apiPath(mount, method, role) : apiPath(mount, "issuer", issuerRef, method, role);
}

/** What a sign or issue answered, unparsed; LeafdError `bad_response` when it holds no certificate. */
function signedReply(body: unknown, path: string): Omit<SignedReply, "receivedAt"> {
  const data = dataOf(body, path);
  const [leaf, ...more] = certificatesIn(textOf(data.certificate) ?? "");
  if (leaf === undefined || more.length > 0) throw badResponse(path, "it does not hold one certificate");
  const given = textsOf(data.ca_chain);
  const chain = distinct(given.length > 0 ? given : textsOf([data.issuing_ca]));
  if (chain.length > LONGEST_CHAIN) throw badResponse(path, `its chain has ${chain.length} certificates`);
  const privateKey = textOf(data.private_key);
  return {
    leaf,
    chain,
    ...(privateKey === undefined ? {} : { privateKey: new Secret(`${privateKey.trim()}\n`) }),
    warnings: warningsOf(body).filter((warning) => !BENIGN_WARNING.test(warning)),
    leased: textOf(fieldsOf(body).lease_id) !== undefined,
  };
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.flatMap(certificatesIn))];
}

/** Who asks without a token for what needs none is denied only where there is no such mount. */
function asMountMissing(thrown: unknown): never {
  const error = toLeafdError(thrown);
  if (error.reason !== "permission_denied") throw error;
  throw new LeafdError("mount_missing", error.message, { hint: "check the issuer's `mount`: no PKI is mounted there" });
}

function withPolicyHint(error: LeafdError, right: Right): LeafdError {
  if (error.reason !== "permission_denied") return error;
  const hint = `give the token a policy with: ${ruleFor(right)}; or correct the mount`;
  return new LeafdError(error.reason, error.message, { hint });
}
