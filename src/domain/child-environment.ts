/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a child may know of our own environment. Tokens, VAULT_* and NOTIFY_SOCKET are not among them. */
const INHERITED = ["PATH", "LANG", "TZ", "HOME"] as const;

/** Where commands are looked for when leafd itself was started without a PATH. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The whole environment of a child: PATH, LANG, TZ and HOME of ours, and the `additions`. */
export function childEnvironment(
  own: Environment,
  additions: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { PATH: DEFAULT_PATH };
  for (const name of INHERITED) if (own[name] !== undefined) environment[name] = own[name];
  return { ...environment, ...additions };
}
