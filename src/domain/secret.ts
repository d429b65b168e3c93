const REDACTED = "[redacted]";

/**
 * A value that must not reach a log, a metric, an error or a page: a token, a password, a private key.
 * Printed, serialised or inspected it says `[redacted]`; only `reveal()` gives it out, so a search for that word
 * lists every place where a secret leaves its box.
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}
