import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";

const FOLDER = join(import.meta.dirname, "page");

/** What a browser is given; the rest of the folder is for those who write it. */
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

export interface PageFile {
  readonly contentType: string;
  readonly text: string;
}

/**
 * The files of the status page by their names: `index.html`, `page.css`, `main.js` and what that imports. Of the folder
 * beside this file; the bundle has them in itself, the scripts as one (deploy/page-files.ts).
 */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const names = await readdir(FOLDER);
  const texts = await Promise.all(
    names.filter((name) => extname(name) in TYPES).map(async (name) => [name, await read(name)] as const),
  );
  return new Map(texts.map(([name, text]) => [name, { contentType: TYPES[extname(name)] ?? "", text }]));
}

function read(name: string): Promise<string> {
  return readFile(join(FOLDER, name), "utf8");
}
