import { randomUUID } from "node:crypto";
import type { EpochMillis } from "../domain/units.ts";
import { appRoleMount } from "./approle.ts";
import { Leases } from "./leases.ts";
import { Mounts } from "./mounts.ts";
import { pkiMount } from "./pki.ts";
import { Policies } from "./policies.ts";
import { type Answer, type Fields, type Method, permissionDenied, VaultError } from "./protocol.ts";
import { Seal } from "./seal.ts";
import { systemMount } from "./system.ts";
import { tokenMount } from "./token-routes.ts";
import { type Token, TokenStore } from "./tokens.ts";
import { userPassMount } from "./userpass.ts";
import { Wrapping } from "./wrapping.ts";

/** A request without its transport. */
export interface CoreRequest {
  readonly method: Method;
  readonly path: string;
  readonly body: Fields;
  readonly bearer: string;
  readonly namespace: string;
  readonly wrapTtl: string | undefined;
}

export interface CoreReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** The capability that a method needs. Existence is not looked at: POST is always `update`. */
const CAPABILITIES: Readonly<Record<Method, string>> = { GET: "read", LIST: "list", POST: "update", DELETE: "delete" };

/** The server without HTTP: one request goes through seal, token, policy, route and wrapping, in this order. */
export class Core {
  readonly seal = new Seal();
  readonly rootToken: string;
  readonly #policies = new Policies();
  readonly #leases: Leases;
  readonly #tokens: TokenStore;
  readonly #wrapping: Wrapping;
  readonly #mounts: Mounts;

  constructor(now: () => EpochMillis) {
    this.#leases = new Leases(now);
    this.#tokens = new TokenStore({ now, onEnd: (token) => this.#leases.endOf(token) });
    this.#wrapping = new Wrapping(now);
    this.#mounts = new Mounts({
      pki: (path, config) => pkiMount({ path, config, leases: this.#leases, now }),
      "auth/approle": (path) => appRoleMount(path, this.#tokens, now),
      "auth/userpass": (path) => userPassMount(path, this.#tokens),
    });
    const parts = { seal: this.seal, mounts: this.#mounts, policies: this.#policies };
    this.#mounts.add(systemMount({ ...parts, leases: this.#leases, wrapping: this.#wrapping, now }));
    this.#mounts.add(tokenMount(this.#tokens));
    this.rootToken = this.#tokens.create(ROOT).token.id;
  }

  handle(request: CoreRequest): CoreReply {
    try {
      return this.#answer(request);
    } catch (error) {
      if (error instanceof VaultError) return jsonReply(error.status, { errors: error.errors });
      throw error;
    }
  }

  #answer(request: CoreRequest): CoreReply {
    const { method, path, body, bearer } = request;
    if (request.namespace !== "") throw noNamespaces(path);
    const found = this.#mounts.find(method, path);
    if (this.seal.sealed && found?.route.whileSealed !== true) throw new VaultError(503, "Vault is sealed");
    const wrapTtl = Wrapping.ttl(request.wrapTtl);
    this.#tokens.sweep();
    this.#leases.sweep();
    const token = this.#tokens.find(bearer);
    if (found?.route.open !== true) this.#authorise(token, method, path);
    if (found === undefined) throw this.#mounts.missing(path);
    if (token !== undefined) this.#tokens.use(token);
    try {
      const answer = found.route.handle({ method, path, params: found.params, body, bearer, token });
      return this.#reply(answer, path, wrapTtl);
    } finally {
      if (token !== undefined) this.#tokens.finishUse(token);
    }
  }

  #authorise(token: Token | undefined, method: Method, path: string): asserts token is Token {
    if (token === undefined) throw new VaultError(403, "permission denied");
    const allowed = this.#policies.capabilities(token.policies, path);
    if (!allowed.includes("root") && !allowed.includes(CAPABILITIES[method])) throw permissionDenied();
  }

  #reply(answer: Answer, path: string, wrapTtl: number): CoreReply {
    if (answer.kind === "empty") return { status: 204, contentType: "application/json", body: "" };
    if (answer.kind === "raw")
      return { status: answer.status ?? 200, contentType: answer.contentType, body: answer.bytes };
    const envelope = this.#envelope(answer);
    if (wrapTtl === 0) return jsonReply(200, envelope);
    return jsonReply(200, { ...EMPTY_ENVELOPE, wrap_info: this.#wrapping.wrap(envelope, path, wrapTtl) });
  }

  #envelope(answer: Extract<Answer, { kind: "data" | "auth" }>): Fields {
    const warnings = answer.warnings?.length ? answer.warnings : null;
    const base = { ...EMPTY_ENVELOPE, request_id: randomUUID(), warnings };
    if (answer.kind === "auth") return { ...base, auth: authFields(answer.token, this.#tokens.ttl(answer.token)) };
    const lease = answer.lease ? { lease_id: answer.lease.id, lease_duration: answer.lease.seconds } : {};
    return { ...(answer.flat === true ? answer.data : {}), ...base, ...lease, data: answer.data };
  }
}

const EMPTY_ENVELOPE = {
  request_id: "",
  lease_id: "",
  renewable: false,
  lease_duration: 0,
  data: null,
  wrap_info: null,
  warnings: null,
  auth: null,
};

const ROOT = {
  policies: ["root"],
  path: "auth/token/root",
  displayName: "root",
  metadata: null,
  ttl: 0,
  maxTtl: 0,
  explicitMaxTtl: 0,
  period: 0,
  renewable: false,
  type: "service" as const,
  uses: 0,
};

function authFields(token: Token, ttl: number): Fields {
  return {
    client_token: token.id,
    accessor: token.accessor,
    policies: token.policies,
    token_policies: token.policies,
    metadata: token.metadata,
    lease_duration: ttl,
    renewable: token.renewable,
    entity_id: "",
    token_type: token.type,
    orphan: token.parent === undefined,
    num_uses: token.uses,
  };
}

/** This server has no namespaces; it answers as the real one does for one that is missing. */
function noNamespaces(path: string): VaultError {
  if (path === "sys/health") return new VaultError(400, "operation unavailable in namespaces");
  return new VaultError(404, "namespace not found");
}

function jsonReply(status: number, body: Fields): CoreReply {
  return { status, contentType: "application/json", body: `${JSON.stringify(body)}\n` };
}
