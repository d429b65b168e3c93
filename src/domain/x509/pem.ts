/** The most text that is read as certificates: more than any system trust bundle, far less than a flood. */
export const MAX_PEM_LENGTH = 1024 * 1024;

/** The base64 of each block with this label (RFC 7468), text around the blocks skipped; undefined for one without an end. */
export function* pemBlocks(text: string, label: string): Generator<string | undefined> {
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  let at = text.indexOf(begin);
  while (at !== -1) {
    const from = at + begin.length;
    const to = text.indexOf(end, from);
    yield to === -1 ? undefined : text.slice(from, to);
    at = to === -1 ? -1 : text.indexOf(begin, to + end.length);
  }
}

/** The bytes of a block's base64 (white space allowed), or undefined when it is none. */
export function decodeBase64(block: string): Buffer | undefined {
  const base64 = block.replace(/\s+/g, "");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, "base64") : undefined;
}

/** One PEM block: lines of 64 characters, LF line ends, a final newline. */
export function toPem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
