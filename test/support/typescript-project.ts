import { dirname } from "node:path";
import type { SourceFile } from "typescript/unstable/ast";
// The parser of TypeScript 7 is reached through this entry only; the version is pinned, and only this file uses it.
import { API } from "typescript/unstable/sync";

/** Parses every file of the TypeScript project with this tsconfig.json. The trees live as long as `use` runs. */
export function withSources<T>(config: string, use: (sources: readonly SourceFile[]) => T): T {
  const api = new API({ cwd: dirname(config) });
  try {
    const project = api.updateSnapshot({ openProjects: [config] }).getProjects()[0];
    if (project === undefined) throw new Error(`${config} is no TypeScript project`);
    const sources = project.rootFiles.map((file) => {
      const source = project.program.getSourceFile(file);
      if (source === undefined) throw new Error(`${file} does not parse`);
      return source;
    });
    return use(sources);
  } finally {
    api.close();
  }
}
