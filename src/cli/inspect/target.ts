import { isIP } from "node:net";
import type { PairMaterial } from "../../domain/inspection.ts";
import type { ProbeSpec } from "../../domain/outage-spec.ts";
import { Secret } from "../../domain/secret.ts";
import type { EpochMillis } from "../../domain/units.ts";
import { kindOf, readFound } from "../../store/look-at.ts";
import { CONFIG_OPTION, durationOption, type parseOptions, UsageError } from "../command.ts";

export const INSPECT_OPTIONS = {
  ...CONFIG_OPTION,
  service: { type: "string" },
  name: { type: "string", multiple: true },
  at: { type: "string" },
  ca: { type: "string" },
  "server-name": { type: "string" },
  alpn: { type: "string", default: "" },
  starttls: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
  timeout: { type: "string", default: "10s" },
  json: { type: "boolean", default: false },
} as const;

/** The command line of `inspect`, parsed. */
export type InspectLine = ReturnType<typeof parseOptions<typeof INSPECT_OPTIONS>>;
type Values = InspectLine["values"];

/** What one argument names. */
export type Target =
  | { readonly kind: "file" | "directory"; readonly path: string }
  | { readonly kind: "endpoint"; readonly endpoint: ProbeSpec };

/** A path where there is one, else HOST:PORT; UsageError for what is neither. */
export function targetOf(text: string, values: Values): Target {
  const kind = kindOf(text);
  return kind === undefined ? { kind: "endpoint", endpoint: endpointOf(text, values) } : { kind, path: text };
}

/** The endpoint of HOST:PORT, with what the options say about the handshake. */
export function endpointOf(text: string, values: Values): ProbeSpec {
  const [, six, name, digits] = /^(?:\[([0-9a-f:.]+)\]|([^/:\s[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = six ?? name;
  const port = Number(digits);
  if (host === undefined || (six !== undefined && isIP(six) !== 6) || port < 1 || port > 65_535)
    throw new UsageError(`there is no file or directory ${text}, and a server is HOST:PORT, such as ${example(text)}`);
  if (values.starttls !== undefined && values.starttls !== "postgres")
    throw new UsageError(`--starttls ${values.starttls}: only postgres is known`);
  const serverName = values["server-name"] ?? (isIP(host) === 0 ? host : undefined);
  return {
    host,
    port,
    alpn: values.alpn.split(",").filter((protocol) => protocol !== ""),
    timeout: durationOption("--timeout", values.timeout),
    settle: 0,
    ...(serverName !== undefined && { serverName }),
    ...(values.starttls !== undefined && { startTls: "postgres" as const }),
  };
}

function example(text: string): string {
  const [, host] = /^(?:https?:\/\/)?([a-z0-9.-]+)/i.exec(text) ?? [];
  return `${host !== undefined && host.includes(".") ? host : "example.com"}:443`;
}

/** The moment of `--at`. */
export function momentOf(text: string): EpochMillis {
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(at)) throw new UsageError(`--at ${text}: write a time such as 2026-12-24T18:00:00Z`);
  return at;
}

/** The pair of `--cert` and `--key`. */
export function clientPair({ cert, key }: Values): { pair?: Pick<PairMaterial, "certificate" | "privateKey"> } {
  if ((cert === undefined) !== (key === undefined)) throw new UsageError("--cert and --key go together");
  if (cert === undefined || key === undefined) return {};
  const certificate = readFound(cert).bytes.toString("utf8");
  return { pair: { certificate, privateKey: new Secret(readFound(key).bytes.toString("utf8")) } };
}
