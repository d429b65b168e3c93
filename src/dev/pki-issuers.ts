import { text } from "./fields.ts";
import type { Issuer, PkiState } from "./pki-state.ts";
import { type Answer, type Call, type Fields, notFound, type Route, VaultError } from "./protocol.ts";

const CHAIN_TYPE = "application/pem-certificate-chain";
const NOT_AFTER_BEHAVIORS = new Set(["err", "truncate", "permit"]);

/** What anybody may read of the mount's CAs, and the settings of one. */
export function issuerRoutes(state: PkiState): Route[] {
  const find = (call: Call) => state.issuer(call.params["issuer"] ?? "");
  const ofDefault = (contentType: string, content: (issuer: Issuer) => string | Uint8Array) => (): Answer => {
    const issuer = state.findIssuer("default");
    return issuer === undefined
      ? { kind: "raw", contentType, bytes: "", status: 204 }
      : { kind: "raw", contentType, bytes: content(issuer) };
  };
  const list = (): Answer => {
    if (state.issuers.size === 0) throw notFound();
    const details = [...state.issuers.values()].map((issuer) => [issuer.id, keyInfo(state, issuer)]);
    return { kind: "data", data: { keys: [...state.issuers.keys()], key_info: Object.fromEntries(details) } };
  };
  const json = (call: Call): Answer => ({ kind: "data", data: publicFields(state, find(call)) });
  const settings = (call: Call): Answer => {
    const issuer = find(call);
    return { kind: "data", data: { ...publicFields(state, issuer), leaf_not_after_behavior: issuer.leafNotAfter } };
  };
  const remove = (call: Call): Answer => {
    const { id } = find(call);
    state.issuers.delete(id);
    if (state.defaultIssuer === id) state.defaultIssuer = undefined;
    return { kind: "empty" };
  };
  const pem = (call: Call): Answer => ({ kind: "raw", contentType: CHAIN_TYPE, bytes: find(call).pem });
  const der = ({ pem: text64 }: Issuer) => Buffer.from(text64.replace(/-----[^-]+-----|\s/g, ""), "base64");
  return [
    { method: "LIST", path: "issuers", open: true, handle: list },
    { method: "GET", path: "issuer/:issuer/json", open: true, handle: json },
    { method: "GET", path: "issuer/:issuer/pem", open: true, handle: pem },
    { method: "GET", path: "issuer/:issuer", handle: settings },
    { method: "POST", path: "issuer/:issuer", handle: (call) => settings(update(state, call)) },
    { method: "DELETE", path: "issuer/:issuer", handle: remove },
    { method: "POST", path: "config/issuers", handle: (call) => setDefault(state, call) },
    { method: "GET", path: "ca", open: true, handle: ofDefault("application/pkix-cert", der) },
    { method: "GET", path: "ca/pem", open: true, handle: ofDefault(CHAIN_TYPE, (issuer) => issuer.pem) },
    {
      method: "GET",
      path: "ca_chain",
      open: true,
      handle: ofDefault("application/pkix-cert", (issuer) => state.chain(issuer).join("\n")),
    },
  ];
}

function update(state: PkiState, call: Call): Call {
  const issuer = state.issuer(call.params["issuer"] ?? "");
  const behavior = text(call.body, "leaf_not_after_behavior") || issuer.leafNotAfter;
  if (!NOT_AFTER_BEHAVIORS.has(behavior))
    throw new VaultError(400, `unknown value for field leaf_not_after_behavior: ${behavior}`);
  issuer.leafNotAfter = behavior;
  issuer.name = text(call.body, "issuer_name") || issuer.name;
  return call;
}

function setDefault(state: PkiState, call: Call): Answer {
  const { id } = state.issuer(text(call.body, "default"));
  state.defaultIssuer = id;
  return { kind: "data", data: { default: id } };
}

function publicFields(state: PkiState, issuer: Issuer): Fields {
  const chain = state.chain(issuer).map((pem) => `${pem}\n`);
  return { ca_chain: chain, certificate: `${issuer.pem}\n`, issuer_id: issuer.id, issuer_name: issuer.name };
}

function keyInfo(state: PkiState, { id, name, serial, key }: Issuer): Fields {
  return {
    is_default: id === state.defaultIssuer,
    issuer_name: name,
    key_id: key === undefined ? "" : id,
    serial_number: serial,
  };
}
