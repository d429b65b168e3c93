import { text } from "./fields.ts";
import { type Call, type Fields, type Mount, VaultError } from "./protocol.ts";
import { tokenSettings } from "./token-settings.ts";
import type { TokenStore } from "./tokens.ts";

/** A `userpass` auth mount. Passwords are kept as they are: this server holds nothing worth stealing. */
export function userPassMount(path: string, tokens: TokenStore): Mount {
  const users = new Map<string, Fields>();
  const write = (call: Call) => {
    const name = call.params["user"] ?? "";
    users.set(name, { ...users.get(name), ...call.body });
    return { kind: "empty" as const };
  };
  const login = (call: Call) => {
    const name = call.params["user"] ?? "";
    const user = users.get(name);
    if (user === undefined || text(user, "password") !== text(call.body, "password"))
      throw new VaultError(400, "invalid username or password");
    const order = {
      ...tokenSettings(user),
      path: call.path,
      displayName: `userpass-${name}`,
      metadata: { username: name },
    };
    return { kind: "auth" as const, ...tokens.create(order) };
  };
  return {
    path,
    type: "userpass",
    routes: [
      { method: "POST", path: "login/:user", open: true, handle: login },
      { method: "POST", path: "users/:user", handle: write },
    ],
  };
}
