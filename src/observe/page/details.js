/** @import { ServiceStatus } from "../../domain/status.ts" */
import { arrange, element, setText } from "./elements.js";
import { identities } from "./listing.js";
import { stateOf } from "./states.js";
import { relative, stamp } from "./times.js";
import { dependentsOf, nextOf, rungWords } from "./words.js";

/** @typedef {readonly [term: string, text: string]} Fact */

/** All that is known of one service. Rebuilt when the service changes; only its texts change with the time. */
export class Details {
  #facts = element("dl");
  #ladder = element("ol");
  #warnings = element("ul", { class: "warnings" });
  /** @type {HTMLElement} */
  element;

  /** @param {string} id */
  constructor(id) {
    const part = (/** @type {string} */ title, /** @type {Node} */ body) =>
      element("section", {}, element("h3", {}, title), body);
    const cell = element("div", { role: "cell", "aria-colspan": "7" });
    cell.append(
      this.#warnings,
      part("Certificate and delivery", this.#facts),
      part("Who helps, in turn", this.#ladder),
    );
    this.element = element("div", { role: "row", class: "details", id }, cell);
  }

  /** @param {ServiceStatus} service */
  show(service) {
    arrange(
      this.#warnings,
      warnings(service).map((text) => element("li", {}, text)),
    );
    arrange(
      this.#ladder,
      service.ladder.map(() => element("li", {}, element("b"), " ", element("span"))),
    );
  }

  /**
   * @param {ServiceStatus} service
   * @param {number} now
   */
  tick(service, now) {
    const facts = factsOf(service, now);
    if (this.#facts.children.length !== facts.length)
      arrange(
        this.#facts,
        facts.map(() => element("div", {}, element("dt"), element("dd"))),
      );
    facts.forEach(([term, text], index) => {
      const [dt, dd] = this.#facts.children[index]?.children ?? [];
      if (dt) setText(dt, term);
      if (dd) setText(dd, text);
    });
    service.ladder.forEach((rung, index) => {
      const [title, state] = this.#ladder.children[index]?.children ?? [];
      const words = rungWords(rung, now);
      if (title) setText(title, words.title);
      if (state) setText(state, words.text);
    });
  }
}

/** @param {ServiceStatus} service */
function warnings({ required, surviveUnmet, budgetSpent, reason }) {
  return [
    ...(reason === undefined ? [] : [`What to do about it: docs/operations.md, “${reason}”.`]),
    ...(surviveUnmet ? ["outage.survive is longer than this certificate can hold: raise its ttl."] : []),
    ...(budgetSpent
      ? ["Its budget of certificates within an hour is spent: no issuer is asked before there is room."]
      : []),
    ...(required ? [] : ["Not required: readiness does not wait for it."]),
  ];
}

/**
 * @param {ServiceStatus} service
 * @param {number} now
 * @returns {Fact[]}
 */
function factsOf(service, now) {
  const {
    lastSuccess,
    reserveNotAfter,
    generation = "–",
    serial = "–",
    fingerprint = "–",
    issuer,
    rung,
    notBefore,
    notAfter,
    due,
  } = service;
  const when = (/** @type {number | undefined} */ at) =>
    at === undefined ? "–" : `${stamp(at)}, ${relative(at, now)}`;
  return [
    ["state", `${stateOf(service.state).label}: ${stateOf(service.state).means}`],
    ["next", `${nextOf(service)}, ${when(service.nextAt)}`],
    ["names", identities(service.names).join(" · ")],
    ["serial", serial],
    ["SHA-256", fingerprint],
    ["from", rung === undefined ? `asks ${issuer}` : `${issuer} (${rung})`],
    ["valid from", when(notBefore)],
    ["renewal due", when(due)],
    ["valid until", when(notAfter)],
    ["reserve until", when(reserveNotAfter)],
    ["dependents", dependentsOf(service).means],
    ["last issued", when(lastSuccess.issue)],
    ["last stored", when(lastSuccess.store)],
    ["last reloaded", when(lastSuccess.reload)],
    ["last seen served", when(lastSuccess.confirm)],
    ["generation", generation],
  ];
}
