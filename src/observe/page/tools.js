/** @import { Wish } from "./listing.js" */
import { arrange, byId, element, ofKind, setAttribute, setText } from "./elements.js";
import { isSort } from "./listing.js";
import { STATES } from "./states.js";
import { number } from "./words.js";

/** The filter, the states and the order. What is chosen is in the address, so that a link shows another the same. */
export class Tools {
  #filter = ofKind("filter", HTMLInputElement);
  #sort = ofKind("sort", HTMLSelectElement);
  #group = byId("states");
  #state = "";
  /** @type {Map<string, { button: HTMLButtonElement, count: HTMLElement }>} */
  #buttons = new Map();

  /** @param {() => void} changed Called when somebody has chosen. */
  constructor(changed) {
    byId("tools").addEventListener("submit", (event) => event.preventDefault());
    this.#filter.addEventListener("input", changed);
    this.#sort.addEventListener("change", changed);
    for (const { state, tone, label, mark, means } of [
      { state: "", tone: "", label: "all", mark: "", means: "every service" },
      ...STATES,
    ]) {
      const count = element("span", { class: "count" });
      const button = element(
        "button",
        { type: "button", "data-tone": tone, title: means, "aria-pressed": "false" },
        element("span", { class: "mark", "aria-hidden": "true" }, mark),
        ` ${label} `,
        count,
      );
      button.addEventListener("click", () => {
        this.#state = this.#state === state ? "" : state;
        changed();
      });
      this.#buttons.set(state, { button, count });
    }
    document.addEventListener("keydown", (event) => this.#key(event, changed));
  }

  /** @returns {Wish} */
  get wish() {
    const sort = this.#sort.value;
    return { text: this.#filter.value.trim(), state: this.#state, sort: isSort(sort) ? sort : "state" };
  }

  /**
   * The states that there are, with their counts; the chosen one stays when nothing is left of it.
   * @param {ReadonlyMap<string, number>} counts
   * @param {number} all
   */
  show(counts, all) {
    const shown = [...this.#buttons].filter(([state]) => state === "" || state === this.#state || counts.has(state));
    arrange(
      this.#group,
      shown.map(([, { button }]) => button),
    );
    for (const [state, { button, count }] of shown) {
      setText(count, number(state === "" ? all : (counts.get(state) ?? 0)));
      setAttribute(button, "aria-pressed", String(state === this.#state));
    }
  }

  /**
   * Takes what the address says; answers the services whose details it wants open.
   * @param {string} hash
   * @returns {string[]}
   */
  read(hash) {
    const wanted = new URLSearchParams(hash.replace(/^#/, ""));
    const sort = wanted.get("sort") ?? "state";
    const state = wanted.get("state") ?? "";
    this.#filter.value = wanted.get("q") ?? "";
    this.#sort.value = isSort(sort) ? sort : "state";
    this.#state = this.#buttons.has(state) ? state : "";
    return wanted.getAll("open");
  }

  /**
   * The address that shows the same again.
   * @param {readonly string[]} open
   */
  hash(open) {
    const { text, state, sort } = this.wish;
    const pairs = [
      ...(text === "" ? [] : [["q", text]]),
      ...(state === "" ? [] : [["state", state]]),
      ...(sort === "state" ? [] : [["sort", sort]]),
      ...open.map((name) => ["open", name]),
    ];
    return new URLSearchParams(pairs).toString();
  }

  /**
   * `/` goes to the filter; Escape empties it.
   * @param {KeyboardEvent} event
   * @param {() => void} changed
   */
  #key(event, changed) {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.#filter.focus();
      this.#filter.select();
    } else if (event.key === "Escape" && event.target === this.#filter && this.#filter.value !== "") {
      event.preventDefault();
      this.#filter.value = "";
      changed();
    }
  }
}
