/** @import { ServiceStatus } from "../../domain/status.ts" */
import { STATES } from "./states.js";

/** @typedef {keyof typeof ORDERS} Sort */
/** @typedef {{ text: string, state: string, sort: Sort }} Wish What to show: every word of the text fits; "" is every state. */

/** @type {Readonly<Record<string, number>>} */
const RANK = Object.fromEntries(STATES.map(({ state }, place) => [state, place]));

const byName = new Intl.Collator("en", { numeric: true }).compare;

/**
 * The services that were asked for, in their order. Those without a certificate end first.
 * @param {Iterable<ServiceStatus>} services
 * @param {Wish} wish
 */
export function listed(services, { text, state, sort }) {
  const words = text.toLowerCase().split(/\s+/);
  return [...services]
    .filter((service) => state === "" || service.state === state)
    .filter((service) => words.every((word) => haystack(service).includes(word)))
    .sort((a, b) => ORDERS[sort](a, b) || byName(a.name, b.name));
}

/** @satisfies {Readonly<Record<string, (a: ServiceStatus, b: ServiceStatus) => number>>} */
const ORDERS = {
  state: (a, b) => rank(a) - rank(b) || (a.notAfter ?? 0) - (b.notAfter ?? 0),
  name: () => 0,
  expiry: (a, b) => (a.notAfter ?? 0) - (b.notAfter ?? 0),
  renewal: (a, b) => (a.due ?? 0) - (b.due ?? 0),
};

/**
 * @param {string} text
 * @returns {text is Sort}
 */
export function isSort(text) {
  return Object.hasOwn(ORDERS, text);
}

/** @param {ServiceStatus} service */
function rank({ state }) {
  return RANK[state] ?? 0;
}

/** @type {WeakMap<ServiceStatus, string>} */
const haystacks = new WeakMap();

/** @param {ServiceStatus} service */
function haystack(service) {
  const known = haystacks.get(service);
  if (known !== undefined) return known;
  const { name, names, issuer, serial, reason, rung, state } = service;
  const parts = [name, ...identities(names), issuer, serial, reason, rung, state];
  const text = parts
    .filter((part) => part !== undefined)
    .join("\n")
    .toLowerCase();
  haystacks.set(service, text);
  return text;
}

/**
 * All names of a certificate, each once, the common name first.
 * @param {ServiceStatus["names"]} names
 * @returns {string[]}
 */
export function identities({ commonName, dns, ips, uris, emails }) {
  return [...new Set([...(commonName === undefined ? [] : [commonName]), ...uris, ...dns, ...ips, ...emails])];
}

/**
 * How many services are in each state.
 * @param {Iterable<ServiceStatus>} services
 * @returns {Map<string, number>}
 */
export function countStates(services) {
  const counts = new Map();
  for (const { state } of services) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}
