import { SECOND } from "../../domain/units.ts";
import type { Clock } from "../../rotation/ports.ts";

/** How often the table is printed again where it cannot be drawn over. */
const PLAIN_EVERY = 10 * SECOND;

interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Narration above, the live table below; without a terminal, plain lines and the table now and then. */
export class Screen {
  readonly #output: Output;
  readonly #clock: Clock;
  #table: readonly string[] = [];
  #printedAt = Number.NEGATIVE_INFINITY;

  constructor(output: Output, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
  }

  /** Columns of the terminal; infinite where nothing is cut, or the terminal does not know (it says 0). */
  get columns(): number {
    return (this.#output.isTTY === true && this.#output.columns) || Number.POSITIVE_INFINITY;
  }

  /** One line of narration, with the time of day. */
  say(line: string): void {
    const time = new Date(this.#clock.now()).toTimeString().slice(0, 8);
    this.#draw([`${time}  ${line}`], this.#table);
  }

  /** Puts these lines in the place of the last table. */
  show(table: readonly string[]): void {
    if (this.#output.isTTY === true) return this.#draw([], ["", ...table]);
    if (this.#clock.monotonic() - this.#printedAt < PLAIN_EVERY) return;
    this.#printedAt = this.#clock.monotonic();
    this.#output.write(`${table.join("\n")}\n`);
  }

  /** Leaves the table where it is and writes these lines below it. */
  end(lines: readonly string[]): void {
    this.#table = [];
    this.#draw(["", ...lines], []);
  }

  #draw(lines: readonly string[], table: readonly string[]): void {
    const erase = this.#table.length === 0 ? "" : `\u001B[${this.#table.length}A\u001B[J`;
    this.#output.write(`${erase}${[...lines, ...table].map((line) => `${line}\n`).join("")}`);
    this.#table = table;
  }
}
