import nodeVault from "node-vault";
import type { ClusterSpec } from "../domain/cluster-spec.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { type EpochMillis, type Millis, SECOND } from "../domain/units.ts";
import type { Clock, Emit } from "../rotation/ports.ts";
import { type Address, parseAddress } from "./address.ts";
import type { VaultApi, VaultRequest } from "./api.ts";
import { Availability, isLocal, isOutage } from "./availability.ts";
import { replyError } from "./errors.ts";
import { badResponse } from "./replies.ts";
import type { TlsMaterial } from "./tls-material.ts";
import { Transport, type TransportReply, type TransportRequest } from "./transport.ts";

interface ClientOptions {
  readonly spec: ClusterSpec;
  readonly tls: TlsMaterial;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Told the time that a server says. */
  readonly heard?: (serverTime: EpochMillis) => void;
}

interface Node {
  readonly address: Address;
  readonly transport: Transport;
  readonly vault: ReturnType<typeof nodeVault>;
}

/** A standby said who is active: one of the configured addresses. */
interface Redirect {
  readonly to: Node;
}

/**
 * The addresses of one cluster, each behind a node-vault client with our transport. A request goes to the address that
 * served last; when that cannot serve (see `isOutage`) to the others in order, all inside one deadline. The token goes
 * to configured addresses only. The one file that knows node-vault.
 */
export class VaultClient implements VaultApi {
  readonly #spec: ClusterSpec;
  readonly #clock: Clock;
  readonly #heard: (serverTime: EpochMillis) => void;
  readonly #nodes: readonly Node[];
  readonly #availability: Availability;
  #preferred = 0;

  constructor({ spec, tls, clock, emit, heard = () => undefined }: ClientOptions) {
    this.#spec = spec;
    this.#heard = heard;
    this.#clock = clock;
    this.#nodes = spec.addresses.map((text) => connect({ address: parseAddress(text), spec, tls, clock }));
    this.#availability = new Availability({ cluster: spec.name, clock, emit });
  }

  async send(request: VaultRequest, signal: AbortSignal): Promise<unknown> {
    const started = this.#clock.monotonic();
    const queue = this.#inOrder(request.address);
    const tried = new Set<Node>();
    let failure: { readonly node: Node; readonly error: LeafdError } | undefined;
    for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
      const left = this.#spec.timeouts.request - (this.#clock.monotonic() - started);
      if (tried.has(node) || left <= 0) continue;
      tried.add(node);
      try {
        const outcome = await this.#ask(node, request, { within: left, signal });
        if ("body" in outcome) {
          this.#served(node, failure?.error);
          return outcome.body;
        }
        queue.unshift(outcome.to);
      } catch (thrown) {
        const error = toLeafdError(thrown);
        if (isLocal(error)) throw error;
        if (!isOutage(error)) {
          this.#served(node, failure?.error);
          throw error;
        }
        failure ??= { node, error };
        // It may have done what was asked: another address gets the next request, not this one.
        if (error.reason === "timeout" || error.reason === "bad_response") break;
      }
    }
    throw this.#failed(failure, request);
  }

  /** Which address serves, for the status. */
  get availability(): Availability["state"] {
    return this.#availability.state;
  }

  /** Ends the idle connections. */
  close(): void {
    for (const node of this.#nodes) node.transport.dropIdle();
  }

  #inOrder(only: string | undefined): Node[] {
    if (only !== undefined) return this.#nodes.filter((node) => node.address.text === only);
    return [...this.#nodes.slice(this.#preferred), ...this.#nodes.slice(0, this.#preferred)];
  }

  #served(node: Node, failed: LeafdError | undefined): void {
    this.#preferred = this.#nodes.indexOf(node);
    this.#availability.up(node.address.text, failed);
  }

  #failed(failure: { readonly node: Node; readonly error: LeafdError } | undefined, request: VaultRequest): LeafdError {
    if (failure === undefined)
      return new LeafdError("standby", `${request.path}: the standbys name each other as active`);
    const { node, error } = failure;
    this.#preferred = (this.#nodes.indexOf(node) + 1) % this.#nodes.length;
    node.transport.dropIdle();
    if (request.address === undefined) this.#availability.down(node.address.text, error);
    return error;
  }

  async #ask(node: Node, request: VaultRequest, limits: { within: Millis; signal: AbortSignal }) {
    const reply = await call(node, request, { ...limits, headers: this.#headers(request) });
    const { statusCode, headers, body } = reply;
    this.#hear(headers.date);
    if (statusCode === 307 || statusCode === 308) return this.#follow(node, headers.location);
    const succeeded = statusCode === 200 || statusCode === 204;
    if (succeeded && (typeof body !== "string" || request.plainText === true)) return { body };
    const subject = `${request.operation} ${request.path} at ${node.address.text}`;
    const hidden = secretsOf(request);
    if (succeeded) throw badResponse(subject, "it is not JSON");
    throw replyError({ status: statusCode, headers, body }, { subject, now: this.#clock.now(), hidden });
  }

  /** RFC 9110, 6.6.1: whole seconds, so the middle of them is the best guess. */
  #hear(date: string | undefined): void {
    const said = Date.parse(date ?? "");
    if (!Number.isNaN(said)) this.#heard(said + SECOND / 2);
  }

  #headers(request: VaultRequest): Record<string, string> {
    const { namespace } = this.#spec;
    return {
      "X-Vault-Request": "true",
      ...(request.token === undefined ? {} : { "X-Vault-Token": request.token.reveal() }),
      ...(namespace === undefined || request.rootNamespace ? {} : { "X-Vault-Namespace": namespace }),
    };
  }

  /** The path of the redirect does not count: the same request goes to the address it names, if that is configured. */
  #follow(from: Node, location: string | undefined): Redirect {
    const origin = location === undefined ? undefined : URL.parse(location, from.address.endpoint)?.origin;
    const to = this.#nodes.find((node) => node !== from && node.address.origin === origin);
    if (to !== undefined && origin !== undefined) return { to };
    throw new LeafdError("standby", `${from.address.text}: a standby, which points to ${origin ?? "nowhere"}`, {
      hint: "add the active node's address to the cluster's `address` list: the token goes to no other host",
    });
  }
}

/** What VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE and VAULT_PREFIX of the environment would set is set here. */
function connect(options: ConstructorParameters<typeof Transport>[0]): Node {
  const { address } = options;
  const transport = new Transport(options);
  const vault = nodeVault({
    endpoint: address.endpoint,
    apiVersion: "v1",
    // Its own would print request bodies, secret-ids included, under DEBUG=node-vault.
    debug: () => undefined,
    "request-promise": { defaults: () => (request: TransportRequest) => transport.send(request) },
  });
  // Empty is not undefined: node-vault then adds nothing, and each request brings its own token and namespace.
  Object.assign(vault, { token: "", namespace: "", pathPrefix: "" });
  // Its own drops the headers, the warnings of failures and all errors but the first.
  vault.handleVaultResponse = (reply) => Promise.resolve(reply);
  return { address, transport, vault };
}

type CallOptions = Pick<TransportRequest, "headers" | "within" | "signal">;

function call({ vault }: Node, request: VaultRequest, options: CallOptions): Promise<TransportReply> {
  switch (request.operation) {
    case "read":
      return vault.read(request.path, options);
    case "list":
      return vault.list(request.path, options);
    case "write":
      return vault.write(request.path, bodyOf(request), options);
    default:
      throw request.operation satisfies never;
  }
}

function bodyOf({ data, secrets = {} }: VaultRequest): Record<string, unknown> {
  const revealed = Object.entries(secrets).map(([name, secret]) => [name, secret.reveal()]);
  return { ...data, ...Object.fromEntries(revealed) };
}

/** What must not come back in an error. */
function secretsOf({ token, secrets = {} }: VaultRequest): readonly string[] {
  const all = [...Object.values(secrets), ...(token === undefined ? [] : [token])];
  return all.map((secret) => secret.reveal());
}
