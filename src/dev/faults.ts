import { once } from "node:events";

/** What happens to requests instead of their answer. */
export interface Fault {
  /** Which paths (without `/v1/`); absent: all. */
  readonly path?: RegExp;
  /** How many requests; absent: until `clear()`. */
  readonly times?: number;
  /** The status to answer with, such as 429 or 503. Absent: the real answer. */
  readonly status?: number;
  readonly body?: string;
  /** Such as `{ "Retry-After": "2" }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Hold the request until this aborts. */
  readonly until?: AbortSignal;
}

interface FaultReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The switches of the server's faults: statuses that a real one gives only in bad times, and answers that do not come. */
export class Faults {
  readonly #faults: { readonly fault: Fault; left: number }[] = [];

  /** From now on; the first one that fits a request counts. */
  add(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#faults.length = 0;
  }

  /** Carries out the fault for a path; answers what to send, or undefined for the real answer. */
  async apply(path: string): Promise<FaultReply | undefined> {
    const active = this.#faults.find(({ fault, left }) => left > 0 && (fault.path?.test(path) ?? true));
    if (active === undefined) return undefined;
    active.left--;
    const { until, status, headers = {} } = active.fault;
    const body = active.fault.body ?? JSON.stringify({ errors: [] });
    if (until !== undefined && !until.aborted) await once(until, "abort");
    return status === undefined ? undefined : { status, contentType: "application/json", body, headers };
  }
}
