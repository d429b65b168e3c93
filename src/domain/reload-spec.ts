import type { Millis } from "./units.ts";

export type SignalTarget =
  | { readonly by: "pidFile"; readonly path: string }
  /** The name of the executable, as in /proc/PID/comm; `user` narrows it. */
  | { readonly by: "process"; readonly name: string; readonly user?: string }
  | { readonly by: "pid"; readonly pid: number };

/** How a dependent is told that its files changed. One step of a service's `reload` list. */
export type ReloadStep =
  | {
      readonly kind: "signal";
      readonly signal: ReloadSignal;
      readonly target: SignalTarget;
      /** Permits pid 1, which in a container may be the dependent. */
      readonly allowInit: boolean;
    }
  | {
      readonly kind: "exec";
      readonly argv: readonly [string, ...string[]];
      readonly timeout: Millis;
      /** True: one run serves all services that name the same argv; LEAFD_SERVICE then lists them. */
      readonly shared: boolean;
    }
  | {
      readonly kind: "systemd";
      readonly unit: string;
      /** The configuration offers the first three; the others are for a service whose pair has ended. */
      readonly action: "reload" | "restart" | "reload-or-restart" | "stop" | "start";
      readonly timeout: Millis;
    }
  | {
      readonly kind: "http";
      readonly url: string;
      readonly method: "GET" | "POST" | "PUT";
      /** Header name → file whose trimmed content is the value, read at each call. */
      readonly headerFiles: Readonly<Record<string, string>>;
      readonly headers: Readonly<Record<string, string>>;
      /** Status codes that count as done. */
      readonly expect: readonly number[];
      readonly caFile?: string;
      readonly timeout: Millis;
    }
  | { readonly kind: "touch"; readonly path: string };

export const RELOAD_SIGNALS = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGTERM", "SIGQUIT", "SIGWINCH"] as const;
export type ReloadSignal = (typeof RELOAD_SIGNALS)[number];
