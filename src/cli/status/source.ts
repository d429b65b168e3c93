import { fetchStatus } from "../../control/client.ts";
import { toLeafdError } from "../../domain/errors.ts";
import { noSuchService } from "../../domain/no-such-service.ts";
import type { Settings } from "../../domain/spec.ts";
import type { DaemonStatus } from "../../domain/status.ts";
import { systemClock } from "../../runtime/clock.ts";
import { statusFromDisk } from "./from-disk.ts";

interface Question {
  readonly settings: Settings;
  /** The services that are asked about; none: all. */
  readonly names: readonly string[];
}

interface Found {
  readonly status: DaemonStatus;
  /** False: nobody was there to ask, and the disk was read. */
  readonly isRunning: boolean;
}

/** The status from the running leafd, or else from disk. LeafdError `request_denied` when a name is no service's. */
export async function findStatus({ settings, names }: Question, signal: AbortSignal): Promise<Found> {
  const status = await fetchStatus(settings.control.directory, signal).catch((thrown: unknown) => {
    if (toLeafdError(thrown).reason === "connect") return undefined;
    throw thrown;
  });
  const found = status ?? (await statusFromDisk(settings, systemClock));
  return { status: only(found, names), isRunning: status !== undefined };
}

function only(status: DaemonStatus, names: readonly string[]): DaemonStatus {
  if (names.length === 0) return status;
  const services = status.services.filter((service) => names.includes(service.name));
  const unknown = names.find((name) => !services.some((service) => service.name === name));
  if (unknown !== undefined) throw noSuchService(unknown, status.services);
  return { ...status, services };
}
