import type { EpochMillis } from "../domain/units.ts";
import { list, text } from "./fields.ts";
import type { Leases } from "./leases.ts";
import type { Mounts } from "./mounts.ts";
import type { Policies } from "./policies.ts";
import { type Call, type Fields, type Mount, notFound, type Route, VaultError } from "./protocol.ts";
import type { Seal } from "./seal.ts";
import type { Wrapping } from "./wrapping.ts";

interface SystemOptions {
  readonly seal: Seal;
  readonly mounts: Mounts;
  readonly policies: Policies;
  readonly leases: Leases;
  readonly wrapping: Wrapping;
  readonly now: () => EpochMillis;
}

/** `sys/`: health, seal, mounts, policies, capabilities, leases and wrapping. */
export function systemMount({ seal, mounts, policies, leases, wrapping, now }: SystemOptions): Mount {
  return {
    path: "sys/",
    type: "system",
    routes: [
      ...seal.routes(now),
      ...mountRoutes(mounts),
      ...policyRoutes(policies),
      { method: "POST", path: "capabilities-self", handle: (call) => capabilities(policies, call) },
      ...leases.routes(),
      ...wrapping.routes(),
    ],
  };
}

function mountRoutes(mounts: Mounts): Route[] {
  const enable = (call: Call, path: string) => {
    mounts.enable(path, text(call.body, "type"), call.body["config"]);
    return { kind: "empty" as const };
  };
  const listing = (isAuth: boolean) => {
    const data: Fields = Object.fromEntries(mounts.list(isAuth).map(({ path, type }) => [path, { type }]));
    return { kind: "data" as const, data, flat: true };
  };
  const disable = (path: string) => {
    mounts.disable(path);
    return { kind: "empty" as const };
  };
  return [
    { method: "GET", path: "mounts", handle: () => listing(false) },
    { method: "POST", path: "mounts/:path", handle: (call) => enable(call, `${call.params["path"]}/`) },
    { method: "DELETE", path: "mounts/:path", handle: (call) => disable(`${call.params["path"]}/`) },
    { method: "GET", path: "auth", handle: () => listing(true) },
    { method: "POST", path: "auth/:path", handle: (call) => enable(call, `auth/${call.params["path"]}/`) },
    { method: "DELETE", path: "auth/:path", handle: (call) => disable(`auth/${call.params["path"]}/`) },
  ];
}

function policyRoutes(policies: Policies): Route[] {
  const name = (call: Call) => call.params["name"] ?? "";
  const read = (call: Call) => {
    const policy = policies.read(name(call));
    if (policy === undefined) throw notFound();
    return { kind: "data" as const, data: { name: name(call), policy } };
  };
  const write = (call: Call) => {
    policies.write(name(call), text(call.body, "policy"));
    return { kind: "empty" as const };
  };
  const remove = (call: Call) => {
    policies.remove(name(call));
    return { kind: "empty" as const };
  };
  return [
    { method: "LIST", path: "policies/acl", handle: () => ({ kind: "data", data: { keys: policies.names() } }) },
    { method: "GET", path: "policies/acl/:name", handle: read },
    { method: "POST", path: "policies/acl/:name", handle: write },
    { method: "DELETE", path: "policies/acl/:name", handle: remove },
  ];
}

function capabilities(policies: Policies, call: Call) {
  const single = text(call.body, "path");
  const paths = single === "" ? list(call.body, "paths") : [single];
  if (paths.length === 0) throw new VaultError(400, "paths must be supplied");
  const of = (path: string) => policies.capabilities(call.token?.policies ?? [], path);
  const data: Fields = {
    ...Object.fromEntries(paths.map((path) => [path, of(path)])),
    ...(paths.length === 1 ? { capabilities: of(paths[0] ?? "") } : {}),
  };
  return { kind: "data" as const, data, flat: true };
}
