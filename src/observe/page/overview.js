/** @import { ServiceStatus } from "../../domain/status.ts" */
/** @import { Daemon, Model } from "./model.js" */
import { arrange, byId, element, setAttribute, setText } from "./elements.js";
import { duration, relative, stamp } from "./times.js";
import { clockWords, clusterWords, headline, issuerWords, schedulerWords } from "./words.js";

/** What is above the table: how all of them stand, what is wrong with leafd itself, and who issues. */
export class Overview {
  #headline = byId("headline");
  #facts = byId("facts");
  #banners = byId("banners");
  #authorities = byId("authorities");

  /**
   * @param {Model} model
   * @param {ReadonlyMap<string, number>} counts
   * @param {number} now
   */
  show({ daemon, services }, counts, now) {
    if (daemon === undefined) return;
    const { text, tone } = headline(counts);
    setText(this.#headline, text);
    setAttribute(this.#headline, "data-tone", tone);
    document.title = tone === "good" ? "leafd" : `${tone === "bad" ? "✕" : "!"} ${text} · leafd`;
    setText(byId("version"), daemon.version);
    replaceTexts(this.#banners, bannersOf(daemon, now), (banner) => element("p", { role: "alert" }, banner));
    this.tick({ daemon, services }, now);
  }

  /**
   * @param {Pick<Model, "daemon" | "services">} model
   * @param {number} now
   */
  tick({ daemon, services }, now) {
    if (daemon === undefined) return;
    setText(this.#facts, factsOf(daemon, first(services.values()), now).join(" · "));
    const groups = daemon.clusters.map((cluster) => [
      { kind: "Vault", name: cluster.name, sub: cluster.address, ...clusterWords(cluster, now) },
      ...daemon.issuers
        .filter((issuer) => issuer.cluster === cluster.name)
        .map((issuer) => ({ kind: "issuer", name: issuer.name, sub: "", ...issuerWords(issuer, now) })),
    ]);
    const list = this.#authorities;
    const isSame = groups.every((lines, at) => list.children[at]?.children.length === lines.length);
    if (!isSame || list.children.length !== groups.length)
      arrange(
        list,
        groups.map((lines) => element("li", {}, ...lines.map(emptyLine))),
      );
    groups.forEach((lines, at) => lines.forEach((line, index) => fillLine(list.children[at]?.children[index], line)));
  }
}

const PARTS = /** @type {const} */ (["kind", "name", "sub", "words", "more"]);

function emptyLine() {
  return element("p", {}, ...PARTS.flatMap((name) => [element("span", { class: name }), " "]));
}

/**
 * @param {Element | undefined} target
 * @param {Readonly<Record<(typeof PARTS)[number] | "tone", string>>} line
 */
function fillLine(target, line) {
  if (target === undefined) return;
  setAttribute(target, "data-tone", line.tone);
  PARTS.forEach((name, at) => {
    const part = target.children[at];
    if (part) setText(part, line[name]);
  });
}

/**
 * @param {Daemon} daemon
 * @param {number} now
 */
function bannersOf({ configError, configLoadedAt, clock, lastTick }, now) {
  const refused =
    configError &&
    `The configuration was refused at ${stamp(configError.at)}; the one of ${stamp(configLoadedAt)} is in force.\n${configError.message}`;
  const stalled = schedulerWords(lastTick === undefined ? {} : { lastTick }, now);
  return [refused, clock && clockWords(clock), stalled].filter((text) => text !== undefined);
}

/**
 * @param {Daemon} daemon
 * @param {ServiceStatus | undefined} soonest
 * @param {number} now
 */
function factsOf({ startedAt, configHash, configLoadedAt, clock, trustNotAfter, schedulerLag = 0 }, soonest, now) {
  const skew = clock?.skew;
  return [
    ...(soonest?.notAfter === undefined ? [] : [`first to end: ${soonest.name}, ${relative(soonest.notAfter, now)}`]),
    ...(trustNotAfter === undefined ? [] : [`trust bundle ends ${relative(trustNotAfter, now)}`]),
    ...(schedulerLag < 1000 ? [] : [`scheduler late by ${duration(schedulerLag)}`]),
    `running for ${duration(Math.max(0, now - startedAt))}`,
    `configuration ${configHash.slice(0, 12)} of ${stamp(configLoadedAt)}`,
    ...(skew === undefined
      ? []
      : [
          `clock ${Math.abs(skew) < 1000 ? "in step" : `${duration(Math.abs(skew))} ${skew > 0 ? "behind" : "ahead"}`}`,
        ]),
  ];
}

/**
 * The certificate that ends first of those that have not ended.
 * @param {Iterable<ServiceStatus>} services
 */
function first(services) {
  /** @type {ServiceStatus | undefined} */
  let found;
  for (const service of services) {
    if (service.notAfter === undefined || service.state === "expired") continue;
    if (found?.notAfter === undefined || service.notAfter < found.notAfter) found = service;
  }
  return found;
}

/**
 * Renews the children when the texts are others, so that an alert is spoken once.
 * @param {Element} parent
 * @param {readonly string[]} texts
 * @param {(text: string) => Element} make
 */
function replaceTexts(parent, texts, make) {
  const there = [...parent.children].map(({ textContent }) => textContent);
  if (there.length !== texts.length || texts.some((text, index) => text !== there[index]))
    arrange(parent, texts.map(make));
}
