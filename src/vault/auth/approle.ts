import type { Secret } from "../../domain/secret.ts";
import { fileDigest, readCredential, readToken } from "./credential-file.ts";
import { KeptSecretId } from "./kept-secret-id.ts";
import { logIn } from "./login.ts";
import type { AuthMethod, AuthTools, SpecOf } from "./method.ts";
import { Unwrapper } from "./unwrap.ts";

/** A role-id and a secret-id, the latter possibly response-wrapped; https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle */
export function approleAuth(spec: SpecOf<"approle">, tools: AuthTools): AuthMethod {
  const source = secretIdSource(spec, tools);
  return {
    kind: "approle",
    fixed: false,
    login: async (signal) => {
      const { roleId } = spec;
      const role_id = "value" in roleId ? roleId.value : readCredential(roleId.file, "role-id").reveal();
      const secret_id = await source?.take(signal);
      const secrets = secret_id === undefined ? {} : { secret_id };
      const hint = "check the role-id, and that the secret-id has not ended or been used up; deliver a new one";
      return logIn(
        tools,
        { mount: spec.mount, path: "login", data: { role_id }, secrets, hint, lockedOut: "the role-id" },
        signal,
      );
    },
    ...source?.watch,
    ...(source === undefined || "value" in spec.roleId ? {} : watchBoth(spec.roleId.file, source.watch)),
  };
}

/** A role-id that is corrected is another credential, as a new secret-id is. */
function watchBoth(roleIdFile: string, { fingerprint }: SecretIdSource["watch"]): Pick<AuthMethod, "fingerprint"> {
  return {
    fingerprint: () => {
      const [roleId, secretId] = [fileDigest(roleIdFile), fingerprint?.()];
      return roleId === undefined || secretId === undefined ? undefined : `${roleId} ${secretId}`;
    },
  };
}

interface SecretIdSource {
  take(signal: AbortSignal): Promise<Secret<string>>;
  readonly watch: Pick<AuthMethod, "fingerprint" | "inspect">;
}

function secretIdSource(spec: SpecOf<"approle">, tools: AuthTools): SecretIdSource | undefined {
  const { secretIdFile, wrapped, persist } = spec;
  if (secretIdFile === undefined) return undefined;
  if (wrapped !== undefined) return wrappedSource(secretIdFile, { ...wrapped, persist }, tools);
  const read = async (): Promise<Secret<string>> => readCredential(secretIdFile, "secret-id");
  return {
    take: read,
    watch: {
      fingerprint: () => fileDigest(secretIdFile),
      inspect: () => read().then(() => "a secret-id is there, which a login might use up"),
    },
  };
}

interface Wrapping {
  readonly creationPath: string;
  readonly persist: boolean;
}

function wrappedSource(path: string, { creationPath, persist }: Wrapping, tools: AuthTools): SecretIdSource {
  const kept = new KeptSecretId({ ...tools, persist });
  const unwrapper = new Unwrapper(tools.api, creationPath);
  /** The secret-id that was taken out before, unless a new wrapping token is there; its file may be gone by now. */
  const earlier = async (): Promise<Secret<string> | undefined> => {
    const found = await kept.read();
    return found !== undefined && (fileDigest(path) ?? found.wrapping) === found.wrapping ? found.secretId : undefined;
  };
  const wrappingToken = (): Secret<string> => readToken(path, "wrapping token");
  return {
    take: async (signal) => {
      const known = await earlier();
      if (known !== undefined) return known;
      const wrapping = wrappingToken();
      const secretId = await unwrapper.unwrap(wrapping, signal);
      await kept.write(wrapping, secretId);
      return secretId;
    },
    watch: {
      // A wrapping token does not live long: it is taken out as soon as it is delivered.
      fingerprint: () => fileDigest(path),
      inspect: async (signal) => {
        if ((await earlier()) !== undefined) return "a secret-id was unwrapped and kept";
        await unwrapper.inspect(wrappingToken(), signal);
        return "the wrapping token is good, and made by the expected path";
      },
    },
  };
}
