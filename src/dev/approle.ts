import { randomUUID } from "node:crypto";
import type { EpochMillis } from "../domain/units.ts";
import { count, flag, seconds, text } from "./fields.ts";
import { type Call, type Fields, type Mount, VaultError } from "./protocol.ts";
import { tokenSettings } from "./token-settings.ts";
import type { TokenOrder, TokenStore } from "./tokens.ts";

interface SecretId {
  /** Logins it is good for; undefined: any number. */
  usesLeft: number | undefined;
  readonly expiresAt: EpochMillis;
}

interface Role {
  readonly roleId: string;
  settings: Fields;
  readonly secretIds: Map<string, SecretId>;
}

/** An `approle` auth mount: roles with their ids, secret-ids with uses and an end, and the login. */
export function appRoleMount(path: string, tokens: TokenStore, now: () => EpochMillis): Mount {
  const roles = new Map<string, Role>();
  const find = (call: Call): Role => {
    const role = roles.get(call.params["role"] ?? "");
    if (role === undefined) throw new VaultError(404, `role "${call.params["role"] ?? ""}" does not exist`);
    return role;
  };
  const write = (call: Call) => {
    const name = call.params["role"] ?? "";
    const known = roles.get(name);
    if (known) known.settings = { ...known.settings, ...call.body };
    else roles.set(name, { roleId: randomUUID(), settings: call.body, secretIds: new Map() });
    return { kind: "empty" as const };
  };
  const newSecretId = (call: Call) => {
    const role = find(call);
    const id = randomUUID();
    const uses = count(call.body, "num_uses") || count(role.settings, "secret_id_num_uses");
    const ttl = seconds(call.body, "ttl") || seconds(role.settings, "secret_id_ttl");
    const expiresAt = ttl === 0 ? Number.POSITIVE_INFINITY : now() + ttl * 1000;
    role.secretIds.set(id, { usesLeft: uses === 0 ? undefined : uses, expiresAt });
    const data = { secret_id: id, secret_id_accessor: randomUUID(), secret_id_num_uses: uses, secret_id_ttl: ttl };
    return { kind: "data" as const, data };
  };
  const login = (call: Call) => {
    const roleId = text(call.body, "role_id");
    if (roleId === "") throw new VaultError(500, "missing role_id");
    const [name, role] = [...roles].find(([, one]) => one.roleId === roleId) ?? [];
    if (name === undefined || role === undefined) throw denied();
    if (flag(role.settings, "bind_secret_id", true)) spend(role, text(call.body, "secret_id"), now());
    return { kind: "auth" as const, ...tokens.create(orderFrom(name, role.settings, call.path)) };
  };
  return {
    path,
    type: "approle",
    routes: [
      { method: "POST", path: "login", open: true, handle: login },
      { method: "POST", path: "role/:role", handle: write },
      { method: "GET", path: "role/:role", handle: (call) => ({ kind: "data", data: find(call).settings }) },
      {
        method: "GET",
        path: "role/:role/role-id",
        handle: (call) => ({ kind: "data", data: { role_id: find(call).roleId } }),
      },
      { method: "POST", path: "role/:role/secret-id", handle: newSecretId },
    ],
  };
}

function spend(role: Role, id: string, now: EpochMillis): void {
  if (id === "") throw new VaultError(400, "missing secret_id");
  const secretId = role.secretIds.get(id);
  if (secretId === undefined || secretId.expiresAt <= now) throw denied();
  if (secretId.usesLeft === undefined) return;
  secretId.usesLeft--;
  if (secretId.usesLeft === 0) role.secretIds.delete(id);
}

const denied = () => new VaultError(400, "invalid role or secret ID");

function orderFrom(name: string, settings: Fields, path: string): TokenOrder {
  return { ...tokenSettings(settings), path, displayName: "approle", metadata: { role_name: name } };
}
