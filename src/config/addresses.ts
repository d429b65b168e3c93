/** An address, normalised, or what is wrong with it. */
type Checked = { readonly address: string } | { readonly message: string; readonly hint?: string };

/** Checks one address of Vault: `https://host[:port]`, `unix:///socket`, or `http://` on loopback. */
export function checkVaultAddress(given: string): Checked {
  const url = URL.parse(given);
  if (url === null) return { message: "is not an address" };
  if (url.username !== "" || url.password !== "") return { message: "an address holds no user name and no password" };
  if (url.protocol === "unix:") {
    if (url.host === "" && url.pathname.length > 1) return { address: `unix://${decodeURIComponent(url.pathname)}` };
    return { message: "the path of a socket is absolute", hint: "write unix:///run/vault.sock, with three slashes" };
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return { message: "an address ends after its host and port", hint: "leave out the path: leafd adds /v1/…" };
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    return {
      message: "http:// would send the token and the certificates in clear text",
      hint: "use https://; http:// is for 127.0.0.1, [::1] and localhost only",
    };
  return { address: url.origin };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Reads `host:port`, with brackets around an IPv6 host, which the answer is without; undefined when it is none. */
export function parseEndpoint(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, host, port] = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
