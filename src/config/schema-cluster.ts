import { MINUTE, SECOND } from "../domain/units.ts";
import * as forms from "./forms.ts";
import {
  choice,
  duration,
  either,
  flag,
  list,
  map,
  mount,
  name,
  type Output,
  oneOf,
  optional,
  path,
  role,
  text,
  whole,
  written,
} from "./shapes.ts";

/* The shape of a cluster and of an issuer. */

const auth = oneOf({
  token: text,
  tokenFile: path,
  approle: optional({
    mount,
    roleId: text,
    roleIdFile: path,
    secretIdFile: path,
    wrapped: map({ creationPath: text }),
    persist: flag(),
  }),
  kubernetes: map({ mount: mount.optional(), role: text, tokenFile: path.optional() }),
  jwt: map({ mount: mount.optional(), role: text, tokenFile: path }),
  cert: optional({ mount, role: text }),
  userpass: map({ mount: mount.optional(), username: text, passwordFile: path }),
});

const address = written(forms.ADDRESS);

export const cluster = map({
  address: either([address, list(address).min(1).max(16)], { error: forms.ADDRESS.message }),
  namespace: written(forms.NAMESPACE).optional(),
  tls: optional({ caFile: path, serverName: text, certFile: path, keyFile: path }).optional(),
  auth,
  timeouts: optional({
    connect: duration({ from: 100, to: MINUTE, message: "must be from 100ms to 1m" }),
    request: duration({ from: SECOND, to: 5 * MINUTE, message: "must be from 1s to 5m" }),
  }).optional(),
  concurrency: whole().min(1).max(256).optional(),
});

export const issuer = map({
  vault: map({
    cluster: name.optional(),
    mount: mount.optional(),
    role,
    method: choice(["sign", "issue"]).optional(),
    issuerRef: role.optional(),
  }),
});

export type FileCluster = Output<typeof cluster>;
