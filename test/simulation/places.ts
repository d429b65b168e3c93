/* Where things lie on the disk in memory. */

/** The output directories lie here, by the names of their services. */
export const OUTPUTS = "/live";
/** What a restart must not forget lies here. */
export const STATE = "/state";

/** Where pairs are kept back. */
export const HELD = `${STATE}/held`;

export function outputOf(service: string): string {
  return `${OUTPUTS}/${service}`;
}

/** Where its reserve is kept. */
export function reserveOf(service: string): string {
  return `${HELD}/reserve/${service}`;
}

/** The services whose outputs a change at this path may touch; undefined: all. */
export function touchedBy(path: string): readonly string[] | undefined {
  if (path === "/") return undefined;
  const [, top, service] = path.split("/", 3);
  return `/${top}` === OUTPUTS && service !== undefined ? [service] : [];
}
