import { readFile } from "node:fs/promises";
import { build, type Plugin } from "esbuild";

const FOLDER = "src/observe/page";

/** The files of the status page in the program itself, as `readPageFiles` answers them: scripts and styles as one each. */
export const pageFiles: Plugin = {
  name: "page-files",
  setup(builder) {
    builder.onLoad({ filter: /[/\\]observe[/\\]page-files\.ts$/ }, async () => {
      const types = { html: "text/html", css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
      const texts = [
        ["index.html", types.html, await readFile(`${FOLDER}/index.html`, "utf8")],
        ["icon.svg", types.svg, await readFile(`${FOLDER}/icon.svg`, "utf8")],
        ["main.js", types.js, await bundled("main.js")],
        ["page.css", types.css, await bundled("page.css")],
      ].map(([name, type, text]) => [name, { contentType: `${type}; charset=utf-8`, text }]);
      return { contents: `export const readPageFiles = () => Promise.resolve(new Map(${JSON.stringify(texts)}));` };
    });
  },
};

async function bundled(name: string): Promise<string> {
  const entry = `${FOLDER}/${name}`;
  const result = await build({ entryPoints: [entry], bundle: true, minify: true, format: "esm", write: false });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return file.text;
}
