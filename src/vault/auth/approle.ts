import type { Secret } from "../../domain/secret.ts";
import { fileDigest, readCredential, readToken } from "./credential-file.ts";
import { KeptSecretId } from "./kept-secret-id.ts";
import { logIn } from "./login.ts";
import type { AuthMethod, AuthTools, SpecOf } from "./method.ts";
import { Unwrapper } from "./unwrap.ts";

/** A role-id and a secret-id, the latter possibly response-wrapped; https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle */
export function approleAuth(spec: SpecOf<"approle">, tools: AuthTools): AuthMethod {
  const secretId = secretIdSource(spec, tools);
  const { secretIdFile, wrapped } = spec;
  return {
    kind: "approle",
    fixed: false,
    login: async (signal) => {
      const { roleId } = spec;
      const role_id = "value" in roleId ? roleId.value : readCredential(roleId.file, "role-id").reveal();
      const secret_id = await secretId(signal);
      const secrets = secret_id === undefined ? {} : { secret_id };
      const hint = "check the role-id, and that the secret-id has not ended or been used up; deliver a new one";
      return logIn(tools, { mount: spec.mount, path: "login", data: { role_id }, secrets, hint }, signal);
    },
    // A wrapping token does not live long: it is taken out as soon as it is delivered.
    fingerprint: () => (wrapped === undefined || secretIdFile === undefined ? undefined : fileDigest(secretIdFile)),
  };
}

type SecretIdSource = (signal: AbortSignal) => Promise<Secret<string> | undefined>;

function secretIdSource(spec: SpecOf<"approle">, tools: AuthTools): SecretIdSource {
  const { secretIdFile, wrapped } = spec;
  if (secretIdFile === undefined) return async () => undefined;
  if (wrapped === undefined) return async () => readCredential(secretIdFile, "secret-id");
  const kept = new KeptSecretId({ ...tools, persist: spec.persist });
  const unwrapper = new Unwrapper(tools.api, wrapped.creationPath);
  return async (signal) => {
    const earlier = await kept.read();
    // Whoever delivers a wrapping token may take the file away again.
    if (earlier !== undefined && (fileDigest(secretIdFile) ?? earlier.wrapping) === earlier.wrapping)
      return earlier.secretId;
    const wrapping = readToken(secretIdFile, "wrapping token");
    const secretId = await unwrapper.unwrap(wrapping, signal);
    await kept.write(wrapping, secretId);
    return secretId;
  };
}
