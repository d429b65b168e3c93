import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { text as readText } from "node:stream/consumers";

/** The parts of Vault's replies that tests read; everything else is there too, as unknown. */
export interface VaultBody {
  readonly errors?: readonly string[];
  readonly warnings?: readonly string[] | null;
  readonly lease_id?: string;
  readonly lease_duration?: number;
  readonly renewable?: boolean;
  /** Of `sys/init`. */
  readonly keys: readonly string[];
  readonly data: VaultData;
  readonly auth: {
    readonly client_token: string;
    readonly accessor: string;
    readonly policies: readonly string[];
    readonly token_policies: readonly string[];
    readonly lease_duration: number;
    readonly renewable: boolean;
    readonly token_type: string;
  };
  readonly wrap_info: {
    readonly token: string;
    readonly accessor: string;
    readonly ttl: number;
    readonly creation_time: string;
    readonly creation_path: string;
  };
  readonly [key: string]: unknown;
}

interface VaultData {
  readonly certificate: string;
  readonly private_key: string;
  readonly csr: string;
  readonly issuing_ca: string;
  readonly ca_chain: readonly string[];
  readonly serial_number: string;
  readonly expiration: number;
  readonly keys: readonly string[];
  readonly role_id: string;
  readonly secret_id: string;
  readonly [key: string]: unknown;
}

export interface VaultReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The JSON object; an empty one when the reply is not JSON. */
  readonly body: VaultBody;
  /** The reply as it came: PEM, DER, HTML. */
  readonly text: string;
}

export interface VaultRequestOptions {
  /** Default: the root token. Empty: no token. */
  readonly token?: string;
  readonly namespace?: string;
  /** `X-Vault-Wrap-TTL`, such as "60s". */
  readonly wrapTtl?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface RawRequest {
  /** LIST is sent as GET with `list=true`, which means the same and which every HTTP server can parse. */
  readonly method: string;
  /** `https://127.0.0.1:8200/v1/sys/health` */
  readonly url: URL;
  readonly body: unknown;
  readonly options: VaultRequestOptions;
  /** PEM of the CA of an https server. */
  readonly ca?: string;
}

/** One raw request on a socket of its own: no retry, no judgement of the status, 10 s at most. */
export function vaultRequest({ method, url, body, options, ca }: RawRequest): Promise<VaultReply> {
  if (method === "LIST") url.searchParams.set("list", "true");
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers: Record<string, string> = { "X-Vault-Request": "true", ...options.headers };
  if (options.token) headers["X-Vault-Token"] = options.token;
  if (options.namespace !== undefined) headers["X-Vault-Namespace"] = options.namespace;
  if (options.wrapTtl !== undefined) headers["X-Vault-Wrap-TTL"] = options.wrapTtl;
  if (payload !== undefined) headers["Content-Length"] = String(Buffer.byteLength(payload));
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: method === "LIST" ? "GET" : method,
      headers,
      agent: false,
      signal: AbortSignal.timeout(10_000),
      ...(ca === undefined ? {} : { ca }),
    });
    request.once("error", reject);
    request.once("response", (response) => {
      const { statusCode = 0, headers: received } = response;
      readText(response).then(
        (text) => resolve({ status: statusCode, headers: received, body: parse(text), text }),
        reject,
      );
    });
    request.end(payload);
  });
}

function parse(text: string): VaultBody {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse("{}");
  }
}
