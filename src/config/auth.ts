import type { AuthSpec } from "../domain/cluster-spec.ts";
import { Secret } from "../domain/secret.ts";
import { formatPath, type Path } from "./report.ts";
import type { FileCluster } from "./schema-cluster.ts";
import type { Report } from "./surroundings.ts";

/** Where Kubernetes puts the default token of a pod's service account. */
const SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** The login of the cluster that the file describes at this path; reports what keeps it from being one. */
export function authSpec({ auth, tls }: FileCluster, cluster: Path, report: Report): AuthSpec | undefined {
  const methods = Object.keys(auth);
  if (methods.length !== 1) {
    const message = methods.length === 0 ? "no auth method is given" : `${methods.length} auth methods are given`;
    const path = [...cluster, "auth"];
    report({ path, at: "key", message, hint: "give exactly one", ...(methods.length === 0 ? { lacks: [path] } : {}) });
    return undefined;
  }
  if (auth.token !== undefined) return { kind: "token", token: new Secret(auth.token) };
  if (auth.tokenFile !== undefined) return { kind: "tokenFile", path: auth.tokenFile };
  if (auth.approle) return appRole(auth.approle, [...cluster, "auth", "approle"], report);
  if (auth.kubernetes) {
    const { mount = "kubernetes", role, tokenFile = SERVICE_ACCOUNT_TOKEN } = auth.kubernetes;
    return { kind: "kubernetes", mount, role, tokenFile };
  }
  if (auth.jwt)
    return { kind: "jwt", mount: auth.jwt.mount ?? "jwt", role: auth.jwt.role, tokenFile: auth.jwt.tokenFile };
  if (auth.userpass) {
    const { mount = "userpass", username, passwordFile } = auth.userpass;
    return { kind: "userpass", mount, username, passwordFile };
  }
  if (tls?.certFile === undefined) {
    const message = "cert auth presents a client certificate, and none is configured";
    const own = [...cluster, "tls"];
    const hint = `set ${formatPath([...own, "certFile"])} and ${formatPath([...own, "keyFile"])}`;
    report({ path: [...cluster, "auth", "cert"], at: "key", message, hint, lacks: [own] });
  }
  const { mount = "cert", role } = auth.cert ?? {};
  return { kind: "cert", mount, ...(role === undefined ? {} : { role }) };
}

type AppRole = NonNullable<FileCluster["auth"]["approle"]>;

function appRole(given: AppRole, path: Path, report: Report): AuthSpec | undefined {
  const { mount = "approle", roleId, roleIdFile, secretIdFile, wrapped, persist = true } = given;
  if ((roleId === undefined) === (roleIdFile === undefined)) {
    const message = roleId === undefined ? "the role id is missing" : "roleId and roleIdFile are both given";
    const lacks = roleId === undefined ? { lacks: [path] } : {};
    report({ path, at: "key", message, hint: "give one of roleId and roleIdFile", ...lacks });
  }
  if (wrapped !== undefined && secretIdFile === undefined)
    report({
      path: [...path, "wrapped"],
      at: "key",
      message: "there is no secretIdFile that could hold a wrapping token",
      lacks: [path],
    });
  return {
    kind: "approle",
    mount,
    roleId: roleIdFile === undefined ? { value: roleId ?? "" } : { file: roleIdFile },
    ...(secretIdFile === undefined ? {} : { secretIdFile }),
    ...(wrapped === undefined ? {} : { wrapped }),
    persist,
  };
}
