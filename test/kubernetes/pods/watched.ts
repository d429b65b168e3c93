import { servedSerial } from "../../support/served-serial.ts";
import { waitFor } from "../../support/wait-for.ts";
import type { Cluster } from "../cluster.ts";

/** How long the kubelet and the controllers may take. */
export const MINUTES = { within: 180_000, every: 250 };

/** The status of a pod, as far as it is looked at. */
export interface RunningPod {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly started?: boolean;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: {
    readonly waiting?: { readonly reason: string };
    readonly running?: object;
    readonly terminated?: { readonly exitCode: number };
  };
}

type Fits = (all: ReadonlyMap<string, ContainerStatus>) => boolean;

/** The pods with this label `app`. */
export async function pods(cluster: Cluster, app: string): Promise<readonly RunningPod[]> {
  const found = await cluster.kubectl([
    "get",
    "pods",
    "--namespace=payments",
    `--selector=app=${app}`,
    "--output=json",
  ]);
  return JSON.parse(found).items;
}

/** The only pod of the application, as soon as its containers fit. */
export async function pod(cluster: Cluster, app: string, fits: Fits): Promise<RunningPod> {
  let last: RunningPod | undefined;
  const look = async () => {
    [last] = await pods(cluster, app);
    return last !== undefined && containers(last).size > 0 && fits(containers(last)) && last;
  };
  return waitFor(look, { what: `the pod of ${app}`, ...MINUTES }).catch(async (cause: unknown) => {
    const events = await cluster.kubectl(["get", "events", "--namespace=payments", "--sort-by=.lastTimestamp"]);
    throw new Error(`${JSON.stringify(last?.status, null, 1)}\n${events}\n${await logs(cluster, last)}`, { cause });
  });
}

function logs(cluster: Cluster, of: RunningPod | undefined): Promise<string> {
  const args = ["logs", "--namespace=payments", of?.metadata.name ?? "", "--all-containers", "--tail=30"];
  return cluster.kubectl(args).catch(String);
}

/** By their names, those that begin before the others included. */
export function containers({ status }: RunningPod): ReadonlyMap<string, ContainerStatus> {
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return new Map(all.map((container) => [container.name, container]));
}

/** The serial that the pod serves. */
export async function served({ status }: RunningPod): Promise<string> {
  return waitFor(() => servedSerial(8443, status.podIP), { what: "a handshake", ...MINUTES });
}

/** The next serial that it serves. */
export async function rotated(of: RunningPod, before: string): Promise<string> {
  const other = async () => {
    const serial = await served(of);
    return serial !== before && serial;
  };
  return waitFor(other, { what: "another certificate to be served", ...MINUTES });
}
