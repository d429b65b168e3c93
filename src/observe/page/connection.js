import { now } from "./clock.js";
import { byId, setAttribute, setText } from "./elements.js";
import { stamp } from "./times.js";

/** leafd says something every 10 s at least. */
const SILENCE = 25_000;
/** Until the next try when it has no place for another reader. */
const REFUSED = 15_000;

/** @typedef {import("./model.js").Json} Json */
/** @typedef {{ snapshot(event: Json): void, change(event: Json): void }} Listener */

/**
 * The stream of the status, which comes back by itself: after a break, after a silence, and when leafd has no place for
 * another reader; then the status is asked for once and now.
 */
export class Connection {
  #label = byId("connection");
  #listener;
  /** @type {EventSource | undefined} */
  #source;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watchdog;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** Begins, or begins anew. */
  open() {
    this.#source?.close();
    const source = new EventSource("/status/stream");
    this.#source = source;
    for (const kind of /** @type {const} */ (["snapshot", "change"]))
      source.addEventListener(kind, ({ data }) => {
        this.#heard();
        this.#listener[kind](JSON.parse(data));
      });
    source.addEventListener("error", () => {
      this.#lost();
      // The browser comes back by itself after a break, but not after a refusal.
      if (source.readyState === EventSource.CLOSED) void this.#askOnce();
    });
    this.#wait(SILENCE);
  }

  #heard() {
    this.#say("live", "live");
    this.#wait(SILENCE);
  }

  #lost() {
    if (this.#label.dataset["state"] !== "lost")
      this.#say(
        "lost",
        now() === 0 ? "leafd does not answer" : `no connection since ${stamp(now())}: what is shown is old`,
      );
  }

  async #askOnce() {
    this.#wait(REFUSED);
    try {
      const response = await fetch("/status.json");
      if (!response.ok) return;
      const { services, ...daemon } = await response.json();
      const date = Date.parse(response.headers.get("date") ?? "");
      this.#listener.snapshot({ now: new Date(date).toISOString(), daemon, services });
      this.#say("polling", "too many readers: looked at every 15 s");
    } catch {
      this.#lost();
    }
  }

  /** @param {number} milliseconds */
  #wait(milliseconds) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      if (this.#label.dataset["state"] !== "polling") this.#lost();
      this.open();
    }, milliseconds);
  }

  /**
   * @param {"live" | "lost" | "polling"} state
   * @param {string} text
   */
  #say(state, text) {
    setAttribute(this.#label, "data-state", state);
    setText(this.#label, text);
    document.body.classList.toggle("stale", state === "lost");
  }
}
