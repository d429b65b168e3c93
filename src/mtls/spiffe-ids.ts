import { LeafdError } from "../domain/errors.ts";
import { spiffeProblem } from "../domain/spiffe.ts";

/**
 * A test for membership in a list of SPIFFE IDs, byte by byte. An entry may end in `/*`, which stands for every id
 * below it: `spiffe://corp/ns/*` takes `spiffe://corp/ns/a` and `spiffe://corp/ns/a/b`, and neither `spiffe://corp/ns`
 * nor `spiffe://corp/nsx`. Throws a LeafdError `config_invalid` for an entry that is none.
 */
export function spiffeIdMatcher(entries: readonly string[]): (id: string) => boolean {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const entry of entries) {
    const wildcard = entry.endsWith("/*");
    const id = wildcard ? entry.slice(0, -"/*".length) : entry;
    const problem = spiffeProblem(id);
    if (problem !== undefined)
      throw new LeafdError("config_invalid", `${JSON.stringify(entry)} ${problem}`, {
        hint: "Write it as spiffe://trust-domain/path, or spiffe://trust-domain/path/* for all below it.",
      });
    if (wildcard) prefixes.push(`${id}/`);
    else exact.add(id);
  }
  return (id) => exact.has(id) || prefixes.some((prefix) => id.startsWith(prefix));
}
