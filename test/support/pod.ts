import assert from "node:assert/strict";
import { EXIT } from "../../src/cli/exit-codes.ts";
import type { Settings } from "../../src/domain/spec.ts";
import { leafd } from "./terminal.ts";

/** The template of a pod, as far as it is looked at. */
export interface Pod {
  readonly securityContext?: SecurityContext & { readonly fsGroup?: number };
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly shareProcessNamespace?: boolean;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
}

export type Volume = Readonly<Record<string, unknown>> & { readonly name: string };

export interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly hostPort?: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly securityContext?: ContainerSecurity;
}

interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type: string };
}

interface ContainerSecurity extends SecurityContext {
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: number };
  readonly timeoutSeconds?: number;
}

/** All of its containers, in the order in which they start. */
export function containersOf({ initContainers = [], containers }: Pod): readonly Container[] {
  return [...initContainers, ...containers];
}

/**
 * Holds a pod to the configuration of the leafd in it: what is mounted is a volume, every container sees the pairs, and
 * those of leafd see what they read, run a command that there is, and are asked at the port that they listen to.
 */
export async function assertFits(pod: Pod, settings: Settings): Promise<void> {
  const volumes = new Set(pod.volumes.map(({ name }) => name));
  for (const container of containersOf(pod)) {
    const { name, command = [], volumeMounts = [] } = container;
    for (const mount of volumeMounts) assert.ok(volumes.has(mount.name), `${name}: ${mount.name}`);
    const sees = (path: string) => volumeMounts.some(({ mountPath }) => path.startsWith(`${mountPath}/`));
    for (const { output } of settings.services) assert.ok(sees(output.directory), `${name}: ${output.directory}`);
    if (command[0] !== "leafd") continue;
    const { exitCode, err } = await leafd(...command.slice(1), "--config", "/nowhere/leafd.yaml");
    assert.equal(exitCode, EXIT.config, err);
    for (const path of ["/etc/leafd/leafd.yaml", settings.stateDir, ...tokensOf(settings)])
      assert.ok(sees(path), `${name}: ${path}`);
    for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe])
      if (probe?.httpGet !== undefined) assert.ok(settings.observe.listen?.endsWith(`:${probe.httpGet.port}`), name);
    // A second, which is the default, is soon over on a busy node.
    for (const { timeoutSeconds = 1 } of [container.readinessProbe, container.livenessProbe].flatMap((p) => p ?? []))
      assert.ok(timeoutSeconds >= 5, `${name}: a probe waits for ${timeoutSeconds} s`);
  }
}

function tokensOf({ clusters }: Settings): string[] {
  return clusters.flatMap(({ auth }) => (auth.kind === "kubernetes" ? [auth.tokenFile] : []));
}
