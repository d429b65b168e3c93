import type { RemarkCode } from "../domain/remark.ts";
import { DEFAULT_CLUSTER } from "./clusters.ts";
import type { Path, Problem } from "./report.ts";
import type { FileConfig } from "./schema.ts";

/** Something that is allowed and not wise. */
export interface Warning extends Problem {
  readonly code: RemarkCode;
}

/** What is allowed and not wise, of a configuration that is otherwise right. */
export function warningsOf(config: FileConfig): Warning[] {
  return [...tokens(config), ...unusedClusters(config), ...idleDefaults(config)];
}

function clustersOf({ vault, clusters = {} }: FileConfig) {
  const further = Object.entries(clusters).map(([name, cluster]) => ({ name, cluster, path: ["clusters", name] }));
  return [{ name: DEFAULT_CLUSTER, cluster: vault, path: ["vault"] }, ...further];
}

function tokens(config: FileConfig): Warning[] {
  const message = "a token in the configuration cannot be replaced when it ends";
  const hint = "prefer tokenFile, or a method that can log in again";
  return clustersOf(config)
    .filter(({ cluster: { auth } }) => auth.token !== undefined)
    .map(({ path }) => warning("token_in_config", [...path, "auth", "token"], { message, hint }));
}

/** leafd keeps a login at every cluster, so one that nothing needs is a cost, and mostly a mistake. */
function unusedClusters(config: FileConfig): Warning[] {
  const used = new Set(Object.values(config.issuers).map(({ vault: { cluster = DEFAULT_CLUSTER } }) => cluster));
  const message = "no issuer is of this cluster";
  return clustersOf(config)
    .filter(({ name }) => !used.has(name))
    .map(({ name, path }) => {
      const hint = `write cluster: ${name} at an issuer, or take it out`;
      return warning("cluster_unused", path, { message, hint });
    });
}

/** Keys of `defaults` that reach services and can do nothing at any of them. */
function idleDefaults({ defaults = {}, services = {} }: FileConfig): Warning[] {
  const all = Object.values(services);
  const found: Warning[] = [];
  if ((defaults.escalate ?? []).length > 0 && all.every(({ probe }) => probe === undefined))
    found.push(
      warning("default_idle", ["defaults", "escalate"], { message: "no service has a probe, so nothing escalates" }),
    );
  const several = all.some(({ issuers = defaults.issuers ?? [] }) => issuers.length > 1);
  if (defaults.outage?.failoverAfter !== undefined && !several)
    found.push(
      warning("default_idle", ["defaults", "outage", "failoverAfter"], {
        message: "no service has a second issuer to go to",
      }),
    );
  return found;
}

function warning(code: RemarkCode, path: Path, said: Pick<Problem, "message" | "hint">): Warning {
  return { code, path, at: "key", ...said };
}
