/** @import { ServiceStatus } from "../../domain/status.ts" */
import { now } from "./clock.js";
import { Details } from "./details.js";
import { element, setAttribute, setText } from "./elements.js";
import { LifeBar } from "./life-bar.js";
import { identities } from "./listing.js";
import { stateOf } from "./states.js";
import { relative, stamp } from "./times.js";
import { dependentsOf, nextOf } from "./words.js";

let rows = 0;

/** One service: a line, a second one with what went wrong, and its details when somebody wants them. */
export class Row {
  element = element("div", { role: "rowgroup", class: "service" });
  #id = `details-${++rows}`;
  #mark = element("span", { class: "mark", "aria-hidden": "true" });
  #state = element("span");
  #badge = element("span", { class: "badge" }, this.#mark, " ", this.#state);
  #button = element("button", { type: "button", class: "name", "aria-expanded": "false", "aria-controls": this.#id });
  #identity = element("span", { class: "sub" });
  #next = element("span");
  #count = element("span", { class: "sub" });
  #issuer = element("span");
  #rung = element("span", { class: "sub" });
  #serial = element("span", { class: "serial" });
  #dependents = element("span", { class: "dependents" });
  #reason = element("strong");
  #message = element("span", { class: "message" });
  #when = element("span", { class: "sub" });
  #trouble = element(
    "div",
    { role: "row", class: "trouble" },
    element("span", { role: "cell", "aria-colspan": "7" }, this.#reason, " ", this.#message, " ", this.#when),
  );
  /** @type {LifeBar} */
  #life;
  /** @type {Details | undefined} */
  #details;
  /** @type {ServiceStatus} */
  service;

  /**
   * @param {ServiceStatus} service
   * @param {() => void} toggled Called after the details were opened or closed.
   */
  constructor(service, toggled) {
    this.service = service;
    const cell = (/** @type {string} */ name, /** @type {Node[]} */ ...parts) =>
      element("span", { role: "cell", class: `cell ${name}` }, ...parts);
    const life = cell("life");
    this.#life = new LifeBar(life);
    this.element.append(
      element(
        "div",
        { role: "row", class: "row" },
        cell("state", this.#badge),
        cell("who", this.#button, this.#identity),
        life,
        cell("next", this.#next, this.#count),
        cell("issuer", this.#issuer, this.#rung),
        cell("serials", this.#serial),
        cell("told", this.#dependents),
      ),
    );
    this.#button.addEventListener("click", () => {
      this.toggle();
      toggled();
    });
    this.show(service);
  }

  get isOpen() {
    return this.#details !== undefined;
  }

  get hasFocus() {
    return this.#button === document.activeElement;
  }

  focus() {
    this.#button.focus({ preventScroll: true });
    this.#button.scrollIntoView({ block: "nearest" });
  }

  /** Opens the details, or closes them. */
  toggle() {
    if (this.#details === undefined) {
      this.#details = new Details(this.#id);
      this.element.append(this.#details.element);
      this.#details.show(this.service);
      this.#details.tick(this.service, now());
    } else {
      this.#details.element.remove();
      this.#details = undefined;
    }
    setAttribute(this.#button, "aria-expanded", String(this.isOpen));
  }

  /** Shows that it has changed just now, for a moment. */
  flash() {
    this.element.classList.remove("changed");
    // Reading a measure lets the animation begin anew.
    void this.element.offsetWidth;
    this.element.classList.add("changed");
  }

  /** @param {ServiceStatus} service */
  show(service) {
    this.service = service;
    const { name, names, issuer, rung, serial, failures, reason, message } = service;
    const { tone, mark, label, means } = stateOf(service.state);
    setAttribute(this.element, "data-tone", tone);
    setText(this.#mark, mark);
    setText(this.#state, label);
    setAttribute(this.#badge, "title", means);
    setText(this.#button, name);
    const [first = "", ...others] = identities(names).filter((identity) => identity !== name);
    setText(this.#identity, others.length > 0 ? `${first} +${others.length}` : first);
    setText(this.#issuer, issuer);
    setText(this.#rung, rung ?? "");
    this.#rung.classList.toggle("warn", rung === "failover" || rung === "reserve");
    setText(this.#serial, short(serial));
    setAttribute(this.#serial, "title", serial ?? "");
    const { text, tone: told, means: worth } = dependentsOf(service);
    setText(this.#dependents, text);
    setAttribute(this.#dependents, "data-tone", told);
    setAttribute(this.#dependents, "title", worth);
    setText(this.#count, failures === 0 ? "" : failures === 1 ? "1 failure" : `${failures} failures`);
    setText(this.#reason, reason ?? "");
    setText(this.#message, message ?? "");
    if (reason === undefined) this.#trouble.remove();
    else if (!this.#trouble.isConnected) this.element.firstElementChild?.after(this.#trouble);
    this.#details?.show(service);
    this.tick(now());
  }

  /** @param {number} at */
  tick(at) {
    const { service } = this;
    const { pausedUntil, nextAt, failedStage, failedAt } = service;
    if (failedStage !== undefined && failedAt !== undefined)
      setText(this.#when, `${failedStage}, ${relative(Math.min(failedAt, at), at)}`);
    this.#life.draw(service, at);
    const next = `${nextOf(service)} ${relative(Math.max(nextAt, at), at)}`;
    setText(this.#next, pausedUntil === undefined ? next : `paused until ${stamp(pausedUntil)}`);
    this.#details?.tick(service, at);
  }
}

/**
 * Both ends of a serial: enough to tell two apart.
 * @param {string | undefined} serial
 */
function short(serial) {
  if (serial === undefined) return "–";
  return serial.length <= 13 ? serial : `${serial.slice(0, 8)}…${serial.slice(-4)}`;
}
