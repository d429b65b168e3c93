import { readFile } from "node:fs/promises";
import { build, type Metafile, type Plugin } from "esbuild";
import { pageFiles } from "./page-files.ts";

/**
 * node-vault loads axios even when it is given another transport, as here (src/vault/client.ts). That costs some 70 ms
 * of each start, and axios must not be reachable by accident: it knows nothing of our deadlines and our TLS rules.
 */
const withoutAxios: Plugin = {
  name: "without-axios",
  setup(builder) {
    builder.onResolve({ filter: /^axios$/ }, () => ({ path: "axios", namespace: "absent" }));
    builder.onLoad({ filter: /.*/, namespace: "absent" }, () => ({
      contents: "exports.create = () => { throw new Error('leafd speaks to Vault through its own transport'); };",
    }));
  },
};

/**
 * Before anything of the program is loaded: the sentence for an old Node. It can only come first because the bundle
 * requires what Node brings instead of importing it, and imports run before the first line.
 */
async function head(): Promise<string> {
  return `#!/usr/bin/env node
import { createRequire } from "node:module";
${await readFile("src/runtime/node-guard.mjs", "utf8")}
const require = createRequire(import.meta.url);
`;
}

interface Bundle {
  readonly contents: Uint8Array;
  /** What went into it. */
  readonly metafile: Metafile;
}

/** The whole program in one file that any supported Node runs. The working directory is the checkout. */
export async function bundleProgram(): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: { "leafd.bundle": "src/main.ts" },
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    plugins: [withoutAxios, pageFiles],
    write: false,
    metafile: true,
    banner: { js: await head() },
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild wrote nothing");
  refuseWideText(file.text);
  return { contents: file.contents, metafile };
}

/** esbuild writes ASCII; one other character, in the head, and V8 keeps the whole text with two bytes a character. */
function refuseWideText(text: string): void {
  const [wide] = /[^\0-\x7f]/.exec(text) ?? [];
  if (wide !== undefined) throw new Error(`the bundle holds "${wide}", which doubles what it takes in memory`);
}
