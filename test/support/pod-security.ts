import { type Container, containersOf, type Pod } from "./pod.ts";

/** What a volume may be, by the profile. */
const VOLUMES = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

/**
 * What in a pod violates the profile "restricted" of the Pod Security Standards
 * (https://kubernetes.io/docs/concepts/security/pod-security-standards/), or has a root file system that can be written,
 * which the profile allows. What such pods never have (sysctls, SELinux, AppArmor, /proc) is not looked at: the API
 * server is asked as well, in test/kubernetes.
 */
export function violations(pod: Pod): string[] {
  const { hostNetwork, hostPID, hostIPC, volumes } = pod;
  const kinds = volumes.map((volume) => Object.keys(volume).find((key) => key !== "name") ?? "nothing");
  return [
    ...Object.entries({ hostNetwork, hostPID, hostIPC }).flatMap(([key, set]) => (set === true ? [key] : [])),
    ...kinds.filter((kind) => !VOLUMES.has(kind)),
    ...containersOf(pod).flatMap((container) =>
      ofContainer(container, pod).map((what) => `${container.name}: ${what}`),
    ),
  ];
}

function ofContainer({ securityContext = {}, ports = [] }: Container, pod: Pod): string[] {
  const { privileged, allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities = {} } = securityContext;
  const { runAsNonRoot, runAsUser, seccompProfile } = { ...pod.securityContext, ...securityContext };
  const wanted = {
    privileged: privileged !== true,
    allowPrivilegeEscalation: allowPrivilegeEscalation === false,
    readOnlyRootFilesystem: readOnlyRootFilesystem === true,
    capabilities: capabilities.drop?.includes("ALL") === true && (capabilities.add ?? []).length === 0,
    runAsNonRoot: runAsNonRoot === true,
    runAsUser: runAsUser !== 0,
    seccompProfile: ["RuntimeDefault", "Localhost"].includes(seccompProfile?.type ?? ""),
    hostPort: ports.every(({ hostPort = 0 }) => hostPort === 0),
  };
  return Object.entries(wanted).flatMap(([what, holds]) => (holds ? [] : [what]));
}
