import { isIP } from "node:net";

/**
 * True when a Host header (RFC 9110, section 7.2) names this machine in a way that DNS rebinding cannot: an IP literal,
 * `localhost`, or a name of `observe.hosts`. The port does not matter.
 */
export function isOwnHost(header: string | undefined, hosts: readonly string[]): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header ?? "") ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6;
  const name = (plain ?? "").toLowerCase().replace(/\.$/, "");
  return isIP(name) === 4 || name === "localhost" || hosts.some((host) => host.toLowerCase() === name);
}

/**
 * False when a browser says (Sec-Fetch-Site, W3C Fetch Metadata) that the page of another site asks: it could read
 * nothing of the answer, but take a place that is somebody's. Programs send no such header.
 */
export function isOwnPage(site: string | string[] | undefined): boolean {
  return site === undefined || site === "same-origin" || site === "none";
}

/** True for the addresses that only this machine reaches. */
export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}
