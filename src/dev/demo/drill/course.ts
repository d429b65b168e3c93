import { LeafdError } from "../../../domain/errors.ts";
import type { EpochMillis, Millis } from "../../../domain/units.ts";
import type { Entry, Journal } from "./journal.ts";
import type { ActReport } from "./report.ts";

interface CourseOptions {
  readonly name: string;
  readonly moral: string;
  /** Whose certificates count. */
  readonly services: readonly string[];
  readonly journal: Journal;
  readonly now: () => EpochMillis;
  readonly say: (line: string) => void;
  /** The user's Ctrl-C, or the end of leafd. */
  readonly stop: AbortSignal;
}

/** What is waited for: an event, of a service when one is named, and what else must be true of it. */
export interface Sign {
  readonly event: string;
  readonly service?: string;
  readonly fits?: (entry: Entry) => boolean;
  /** What came before it; absent: what was done last. */
  readonly after?: Entry;
}

/** The course of one act: what was done and when, what leafd did about it, what was not as told. */
export class Course {
  readonly #options: CourseOptions;
  readonly #began: number;
  /** Number of the first entry after what was done last. */
  #mark: number;
  #injectedAt: EpochMillis | undefined;
  #mendedAt: EpochMillis | undefined;
  #noticedAt: EpochMillis | undefined;
  #recoveredAt: EpochMillis | undefined;
  readonly #wrong: string[] = [];

  constructor(options: CourseOptions) {
    this.#options = options;
    this.#mark = this.#began = options.journal.length;
  }

  get injectedAt(): EpochMillis | undefined {
    return this.#injectedAt;
  }

  /** Does something that breaks nothing. */
  async step(what: string, action: () => Promise<unknown>): Promise<void> {
    await this.#act("DONE    ", what, action);
  }

  /** Breaks something; `action` may answer what it has done. */
  async inject(what: string, action: () => Promise<unknown>): Promise<void> {
    this.#injectedAt = await this.#act("INJECTED", what, action);
  }

  /** Takes the cause away. */
  async mend(what: string, action: () => Promise<unknown>): Promise<void> {
    this.#mendedAt = await this.#act("MENDED  ", what, action);
  }

  /** Waits for what leafd says. LeafdError `timeout` when it does not. */
  async sign({ event, service, fits = () => true, after }: Sign): Promise<Entry> {
    const { journal, stop } = this.#options;
    const what = service === undefined ? event : `${event} of ${service}`;
    const isWanted = (entry: Entry): boolean =>
      entry.event === event && (service === undefined || entry.service === service) && fits(entry);
    const from = after === undefined ? this.#mark : journal.numberOf(after) + 1;
    return journal.next({ what, fits: isWanted, from }, stop);
  }

  /** Waits for it from each of the services of the act, and answers the last. */
  async signOfEach(sign: Omit<Sign, "service">): Promise<Entry> {
    const signs = await Promise.all(this.#options.services.map((service) => this.sign({ ...sign, service })));
    return signs.reduce((last, each) => (each.at > last.at ? each : last));
  }

  /** Tells something that nobody has done. */
  note(line: string): void {
    this.#options.say(`NOTE      ${line}`);
  }

  noticed({ at }: Entry): void {
    this.#noticedAt ??= at;
  }

  recovered({ at }: Entry): void {
    this.#recoveredAt = at;
  }

  /** Notes what is not as told. */
  expect(isSo: boolean, orElse: string): void {
    if (!isSo) this.#wrong.push(orElse);
  }

  /** Entries of this act so far, since what was done last when `fresh`. */
  seen(fits: (entry: Entry) => boolean, { fresh = false } = {}): readonly Entry[] {
    return this.#options.journal.since(fresh ? this.#mark : this.#began, fits);
  }

  /** Certificates for the services of the act; what is kept in reserve does not count. */
  certificates({ fresh = false } = {}): number {
    const { services } = this.#options;
    return this.seen(
      ({ event, service = "", issuer = "" }) =>
        event === "issued" && services.includes(service) && !issuer.endsWith("-reserve"),
      { fresh },
    ).length;
  }

  /** The act failed with this error. */
  failed(thrown: unknown): void {
    const { message } = thrown instanceof LeafdError || thrown instanceof Error ? thrown : { message: String(thrown) };
    this.#wrong.push(message);
  }

  report(): ActReport {
    const { name, moral } = this.#options;
    const from = this.#injectedAt;
    const after = (at: EpochMillis | undefined, since: EpochMillis | undefined): Millis | undefined =>
      at === undefined || since === undefined ? undefined : Math.max(0, at - since);
    const noticedAfter = after(this.#noticedAt, from);
    const recoveredAfter = after(this.#recoveredAt, this.#mendedAt ?? from);
    return {
      name,
      moral,
      certificates: this.certificates(),
      wrong: this.#wrong,
      ...(from !== undefined && { injectedAt: from }),
      ...(noticedAfter !== undefined && { noticedAfter }),
      ...(recoveredAfter !== undefined && { recoveredAfter }),
    };
  }

  async #act(verb: string, what: string, action: () => Promise<unknown>): Promise<EpochMillis> {
    const { journal, now, say } = this.#options;
    this.#mark = journal.length;
    const at = now();
    const done = await action();
    say(`${verb}  ${typeof done === "string" ? done : what}`);
    return at;
  }
}
