/**
 * The exit codes of every command: documented in README.md and stable. Where sysexits.h has a number for it, that
 * number is used; systemd units can name 78 in RestartPreventExitStatus.
 */
export const EXIT = {
  ok: 0,
  /** The command ran, and the answer is no: a service without a valid pair, a check that found an error. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Nobody answers: no running daemon, no Vault. */
  unavailable: 69,
  /** A defect in leafd. */
  internal: 70,
  /** Another leafd holds the state directory. */
  locked: 75,
  /** The configuration is wrong; nothing was started. */
  config: 78,
} as const;

/** The exit codes of monitoring plugins, which `leafd status --nagios` has instead: others than those above. */
export const PLUGIN_EXIT = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;

export type PluginExitCode = (typeof PLUGIN_EXIT)[keyof typeof PLUGIN_EXIT];

export type ExitCode = (typeof EXIT)[keyof typeof EXIT] | PluginExitCode;
