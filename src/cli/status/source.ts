import { fetchStatus } from "../../control/client.ts";
import { toLeafdError } from "../../domain/errors.ts";
import { noSuchService } from "../../domain/no-such-service.ts";
import type { DaemonStatus } from "../../domain/status.ts";
import { systemClock } from "../../runtime/clock.ts";
import type { Place } from "../place.ts";
import { statusFromDisk } from "./from-disk.ts";

interface Question {
  readonly place: Place;
  /** The services that are asked about; none: all. */
  readonly names: readonly string[];
}

interface Found {
  readonly status: DaemonStatus;
  /** False: nobody was there to ask, and the disk was read. */
  readonly isRunning: boolean;
}

/**
 * The status from the running leafd, or else from disk, where the configuration says what is there. LeafdError
 * `request_denied` when a name is no service's.
 */
export async function findStatus({ place, names }: Question, signal: AbortSignal): Promise<Found> {
  const { control, settings } = place;
  try {
    return { status: only(await fetchStatus(control, signal), names), isRunning: true };
  } catch (thrown) {
    if (settings === undefined || toLeafdError(thrown).reason !== "connect") throw thrown;
    return { status: only(await statusFromDisk(settings, systemClock), names), isRunning: false };
  }
}

function only(status: DaemonStatus, names: readonly string[]): DaemonStatus {
  if (names.length === 0) return status;
  const services = status.services.filter((service) => names.includes(service.name));
  const unknown = names.find((name) => !services.some((service) => service.name === name));
  if (unknown !== undefined) throw noSuchService(unknown, status.services);
  return { ...status, services };
}
