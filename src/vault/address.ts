/** A configured address, taken apart for node:http. */
export interface Address {
  /** As the operator wrote it, for messages and events. */
  readonly text: string;
  /** What node-vault puts before `/v1/…`. For a unix socket the host is a placeholder that nobody resolves. */
  readonly endpoint: string;
  /** `https://host:port`, to compare a redirect with; undefined for a unix socket. */
  readonly origin: string | undefined;
  readonly secure: boolean;
  readonly target: { readonly socketPath: string } | { readonly hostname: string; readonly port: string };
}

/** Reads `https://host:8200`, `http://127.0.0.1:8200` or `unix:///run/vault.sock`; `config/` has checked the form. */
export function parseAddress(text: string): Address {
  const url = new URL(text);
  if (url.protocol === "unix:")
    return {
      text,
      endpoint: "http://localhost",
      origin: undefined,
      secure: false,
      target: { socketPath: decodeURIComponent(url.pathname) },
    };
  const secure = url.protocol === "https:";
  return {
    text,
    endpoint: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    origin: url.origin,
    secure,
    // URL keeps the brackets of an IPv6 literal; node:net does not want them.
    target: { hostname: url.hostname.replace(/^\[|\]$/g, ""), port: url.port || (secure ? "443" : "80") },
  };
}
