import type { PageFile } from "./page-files.ts";
import type { Reply } from "./reply.ts";

/** Below which path the files of the page lie. */
export const PAGE_FOLDER = "/page/";

/**
 * What the page may do: run the scripts that came with it, and read from the listener that it came from. It cannot be
 * framed, has no inline code, and Trusted Types keep texts from becoming markup.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

let files: Promise<ReadonlyMap<string, PageFile>> | undefined;

/** The page or one of its files, `index.html` being the page; read when somebody looks for the first time. */
export async function pageReply(name: string): Promise<Reply> {
  files ??= import("./page-files.ts").then(({ readPageFiles }) => readPageFiles());
  const file = (await files).get(name);
  if (file === undefined) return { status: 404, body: "not found\n" };
  const policy = name === "index.html" ? { "content-security-policy": PAGE_POLICY } : {};
  return { status: 200, body: file.text, headers: { "content-type": file.contentType, ...policy } };
}
