/** @import { DaemonStatus, ServiceStatus } from "../../domain/status.ts" */

/*
 * What leafd has said so far. In JSON its times are RFC 3339 (src/domain/timed-json.ts); here they are numbers again,
 * as in the program, so that its types hold.
 */

/** @typedef {Omit<DaemonStatus, "services">} Daemon */
/** @typedef {Readonly<Record<string, unknown>>} Json */

export class Model {
  /** @type {Daemon | undefined} */
  daemon;
  /** @type {Map<string, ServiceStatus>} By their names. */
  services = new Map();

  /**
   * Everything, in place of what was there.
   * @param {Json} event
   */
  replace(event) {
    this.services.clear();
    this.change(event);
  }

  /**
   * What is different; answers the names of these services.
   * @param {Json} event
   * @returns {string[]}
   */
  change(event) {
    if (event["daemon"] !== undefined) this.daemon = readDaemon(event["daemon"]);
    const changed = list(event["services"]).flatMap(readService);
    for (const service of changed) this.services.set(service.name, service);
    return changed.map(({ name }) => name);
  }
}

/**
 * @param {unknown} json
 * @returns {ServiceStatus[]} None when it is no service.
 */
function readService(json) {
  const raw = withTimes(json, SERVICE_TIMES);
  const ladder = list(raw["ladder"]).map((rung) => withTimes(rung, ["from"]));
  const lastSuccess = withTimes(raw["lastSuccess"], ["issue", "store", "reload", "confirm"]);
  const service = { ...raw, ladder, lastSuccess };
  return isService(service) ? [service] : [];
}

/**
 * @param {unknown} json
 * @returns {Daemon | undefined}
 */
function readDaemon(json) {
  const raw = withTimes(json, DAEMON_TIMES);
  const error = raw["configError"];
  const daemon = {
    ...raw,
    ...(error === undefined ? {} : { configError: withTimes(error, ["at"]) }),
    clusters: list(raw["clusters"]).map((cluster) => withTimes(cluster, ["tokenExpires"])),
    issuers: list(raw["issuers"]).map((issuer) => withTimes(issuer, ["since", "probeAt", "caNotAfter"])),
  };
  return isDaemon(daemon) ? daemon : undefined;
}

// What leafd sends is of the types of src/domain/status.ts; one member tells that it is that.

/**
 * @param {Json} value
 * @returns {value is Json & ServiceStatus}
 */
function isService(value) {
  return typeof value["name"] === "string";
}

/**
 * @param {Json} value
 * @returns {value is Json & Daemon}
 */
function isDaemon(value) {
  return typeof value["version"] === "string";
}

const SERVICE_TIMES = ["nextAt", "notBefore", "notAfter", "due", "pausedUntil", "failedAt", "reserveNotAfter"];
const DAEMON_TIMES = ["startedAt", "configLoadedAt", "trustNotAfter", "lastTick"];

/**
 * A copy in which these members are points in time where they are there.
 * @param {unknown} json
 * @param {readonly string[]} times
 * @returns {Json}
 */
function withTimes(json, times) {
  /** @type {Json} */
  const raw = { ...(typeof json === "object" ? json : {}) };
  const read = times.filter((key) => typeof raw[key] === "string").map((key) => [key, Date.parse(String(raw[key]))]);
  return { ...raw, ...Object.fromEntries(read) };
}

/**
 * @param {unknown} value
 * @returns {readonly unknown[]}
 */
function list(value) {
  return Array.isArray(value) ? value : [];
}
