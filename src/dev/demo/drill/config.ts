import { join } from "node:path";
import type { DemoLogin } from "../set-up.ts";

/** Services whose certificates are short, with a second issuer and a reserve: the ladder. */
export const LADDER = ["payments", "orders"] as const;
/** The service with a dependent of its own: told by a signal, looked at by a probe. */
export const WEB = "web";

interface Cluster {
  readonly address: string;
  readonly login: DemoLogin;
}

export interface DrillSettings {
  /** For everything but the certificates of `web`. */
  readonly directory: string;
  readonly main: Cluster;
  /** The second cluster. */
  readonly dr: Cluster;
  /** `host:port` of the metrics. */
  readonly metrics: string;
  readonly web: {
    /** Where its certificate is published. */
    readonly directory: string;
    readonly port: number;
    readonly pidFile: string;
    /** A command that fails when it would not load what is published. */
    readonly check: readonly string[];
  };
}

/** Where the secret ids of the clusters are. */
export function secretIdFile(directory: string, cluster: "main" | "dr"): string {
  return join(directory, `secret-id-${cluster}`);
}

/** Where leafd publishes the certificate of a service of the ladder. */
export function ladderOutput(directory: string, service: string): string {
  return join(directory, "live", service);
}

/**
 * The configuration, as an operator would write it; `key` is what `web` is to have. JSON is YAML.
 *
 * The lives are for a drill: renewal comes due after a third of the 24 s, so that failover (after 3 s) and reserve (at
 * three quarters of what is left then) both have time to be seen. What `web` has must live for more than five minutes
 * when it is taken back, or leafd would rather have the refused one.
 */
export function drillConfig({ directory, main, dr, metrics, web }: DrillSettings, key: "ec-p256" | "ec-p384"): string {
  const cluster = (name: "main" | "dr", { address, login }: Cluster) => ({
    address,
    auth: { approle: { roleId: login.roleId, secretIdFile: secretIdFile(directory, name) } },
  });
  const identity = (name: string) => ({ dns: [`${name}.demo`], uris: [`spiffe://demo/${name}`] });
  const outage = { failoverAfter: "3s", reserve: { ttl: "60s", role: "reserve" } };
  const ladder = (name: string) => ({
    identity: identity(name),
    output: { directory: ladderOutput(directory, name) },
    issuers: ["main", "dr"],
    ttl: "24s",
    renewAt: "40%",
    outage,
  });
  const signal = (name: string) => ({ signal: { pidFile: web.pidFile, signal: name } });
  const config = {
    vault: cluster("main", main),
    clusters: { dr: cluster("dr", dr) },
    issuers: {
      main: { vault: { mount: "pki", role: "demo" } },
      dr: { vault: { cluster: "dr", mount: "pki", role: "demo" } },
      web: { vault: { mount: "pki", role: "web" } },
    },
    stateDir: join(directory, "state"),
    observe: { listen: metrics },
    log: { level: "debug" },
    services: {
      ...Object.fromEntries(LADDER.map((name) => [name, ladder(name)])),
      [WEB]: {
        identity: identity(WEB),
        output: { directory: web.directory },
        issuers: [WEB],
        ttl: "6m",
        key,
        preReload: [{ exec: { command: web.check } }],
        reload: [signal("SIGHUP")],
        probe: { tls: `127.0.0.1:${web.port}`, serverName: `${WEB}.demo`, settle: "1s" },
        // Whoever supervises it starts it again.
        escalate: [signal("SIGTERM")],
      },
    },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
