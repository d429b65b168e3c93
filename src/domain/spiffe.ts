const MAX_ID = 2048;
const MAX_TRUST_DOMAIN = 255;

/**
 * What keeps a text from being a SPIFFE ID, as the end of a sentence; undefined when it is one. The rules are those of
 * the SPIFFE-ID specification §2: a trust domain in lower case, a path of plain segments, nothing else.
 */
export function spiffeProblem(id: string): string | undefined {
  const [, trustDomain, path] = /^spiffe:\/\/([^/?#]*)([^?#]*)$/.exec(id) ?? [];
  if (trustDomain === undefined || path === undefined)
    return "is no SPIFFE ID: it must begin with spiffe:// in lower case and hold no query or fragment";
  if (id.length > MAX_ID) return `is ${id.length} characters long; the limit of a SPIFFE ID is ${MAX_ID}`;
  if (!/^[a-z0-9._-]+$/.test(trustDomain))
    return "has a trust domain that is not made of a-z, 0-9, dots, dashes and underscores (no user, no port)";
  if (trustDomain.length > MAX_TRUST_DOMAIN) return `has a trust domain of more than ${MAX_TRUST_DOMAIN} characters`;
  const segments = path.split("/").slice(1);
  if (segments.includes("")) return "has an empty path segment or a slash at its end";
  if (segments.some((segment) => segment === "." || segment === "..")) return "has a path segment . or ..";
  if (!segments.every((segment) => /^[A-Za-z0-9._-]+$/.test(segment)))
    return "has a path that is not made of letters, digits, dots, dashes and underscores";
  return undefined;
}
