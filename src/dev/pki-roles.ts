import { roleFrom } from "./pki-role.ts";
import type { PkiState } from "./pki-state.ts";
import { type Call, notFound, type Route } from "./protocol.ts";

/** `roles/…` */
export function roleRoutes(state: PkiState): Route[] {
  const name = (call: Call) => call.params["role"] ?? "";
  const read = (call: Call) => {
    const role = state.roles.get(name(call));
    if (role === undefined) throw notFound();
    return { kind: "data" as const, data: { ...role } };
  };
  const write = (call: Call) => {
    const role = roleFrom(call.body);
    state.roles.set(name(call), role);
    return { kind: "data" as const, data: { ...role } };
  };
  const remove = (call: Call) => {
    state.roles.delete(name(call));
    return { kind: "empty" as const };
  };
  const names = () => {
    if (state.roles.size === 0) throw notFound();
    return { kind: "data" as const, data: { keys: [...state.roles.keys()].sort() } };
  };
  return [
    { method: "LIST", path: "roles", handle: names },
    { method: "GET", path: "roles/:role", handle: read },
    { method: "POST", path: "roles/:role", handle: write },
    { method: "DELETE", path: "roles/:role", handle: remove },
  ];
}
