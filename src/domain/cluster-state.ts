import type { RotationEvent } from "./events.ts";
import type { ClusterStatus } from "./status.ts";

/** What is known of a cluster after this event. Pure; events of other clusters change nothing. */
export function evolveCluster(status: ClusterStatus, event: RotationEvent): ClusterStatus {
  if (!("cluster" in event) || event.cluster !== status.name) return status;
  switch (event.kind) {
    case "cluster_up": {
      const { reason: _gone, ...rest } = status;
      return { ...rest, address: event.address, up: true };
    }
    case "cluster_down":
      return { ...status, address: event.address, up: false, reason: event.reason };
    case "logged_in":
    case "token_renewed": {
      const { tokenExpires: _before, ...rest } = status;
      // A root token has no end, which Vault writes as a life of zero.
      return event.ttl > 0 ? { ...rest, tokenExpires: event.at + event.ttl } : rest;
    }
    case "login_failed":
    case "token_ending":
    case "leased_certificate":
      return status;
    default:
      return event satisfies never;
  }
}
