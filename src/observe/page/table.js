/** @import { ServiceStatus } from "../../domain/status.ts" */
/** @import { Wish } from "./listing.js" */
import { arrange, byId, setText } from "./elements.js";
import { listed } from "./listing.js";
import { Row } from "./row.js";
import { number } from "./words.js";

/** The rows of all services, and which of them are shown. */
export class Table {
  #body = byId("rows");
  #found = byId("found");
  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** @type {readonly Row[]} */
  #shown = [];
  #toggled;

  /** @param {() => void} toggled Called when details were opened or closed. */
  constructor(toggled) {
    this.#toggled = toggled;
    this.#body.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** The services whose details are open. */
  get open() {
    return [...this.#rows.values()].filter(({ isOpen }) => isOpen).map(({ service }) => service.name);
  }

  /**
   * Takes over what is different: `changed` are the names of these services, all when it is missing.
   * @param {ReadonlyMap<string, ServiceStatus>} services
   * @param {readonly string[]} [changed]
   */
  update(services, changed) {
    for (const name of changed ?? services.keys()) {
      const service = services.get(name);
      const row = this.#rows.get(name);
      if (service === undefined) continue;
      if (row === undefined) this.#rows.set(name, new Row(service, this.#toggled));
      else row.show(service);
      if (changed !== undefined) row?.flash();
    }
    for (const name of this.#rows.keys()) if (!services.has(name)) this.#rows.delete(name);
  }

  /**
   * Shows the services that are wished for.
   * @param {ReadonlyMap<string, ServiceStatus>} services
   * @param {Wish} wish
   */
  show(services, wish) {
    const list = listed(services.values(), wish);
    this.#shown = list.flatMap(({ name }) => this.#rows.get(name) ?? []);
    arrange(
      this.#body,
      this.#shown.map(({ element }) => element),
    );
    const isAll = list.length === services.size;
    setText(this.#found, isAll ? "" : `${number(list.length)} of ${number(services.size)} services`);
  }

  /**
   * Opens the details of these, as a link wants them.
   * @param {readonly string[]} names
   */
  unfold(names) {
    for (const name of names) {
      const row = this.#rows.get(name);
      if (row !== undefined && !row.isOpen) row.toggle();
    }
  }

  /** @param {number} now */
  tick(now) {
    for (const row of this.#shown) row.tick(now);
  }

  /**
   * The arrow keys, Home and End go from service to service.
   * @param {KeyboardEvent} event
   */
  #walk(event) {
    const at = this.#shown.findIndex((row) => row.hasFocus);
    if (at === -1 || event.altKey || event.ctrlKey || event.metaKey) return;
    const steps = new Map([
      ["ArrowDown", at + 1],
      ["ArrowUp", at - 1],
      ["Home", 0],
      ["End", this.#shown.length - 1],
    ]);
    const target = this.#shown[steps.get(event.key) ?? -1];
    if (target === undefined) return;
    event.preventDefault();
    target.focus();
  }
}
