import { readFileSync } from "node:fs";
import { join } from "node:path";

/** In the units of Grafana's grid, which is 24 wide. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: Place;
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string };
    readonly overrides: readonly { readonly matcher: { readonly id: string; readonly options: string } }[];
  };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
  readonly transformations?: readonly {
    readonly options: { readonly renameByName?: Readonly<Record<string, string>> };
  }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
}

/** The text of the dashboard that users import. */
export const DASHBOARD_TEXT = readFileSync(join(import.meta.dirname, "../../deploy/grafana/leafd.json"), "utf8");
export const DASHBOARD: Dashboard = JSON.parse(DASHBOARD_TEXT);

/** Its panels, but for the headings of rows. */
export const PANELS = DASHBOARD.panels.filter(({ type }) => type !== "row");

/** What Grafana makes of a query before it sends it, with everything selected. */
export function filledIn(query: string): string {
  return query.replaceAll(/\$__(rate_interval|range)/g, "5m").replaceAll(/\$\w+/g, ".*");
}

/** The queries of all panels, filled in. */
export function panelQueries(): readonly string[] {
  return PANELS.flatMap(({ targets = [] }) => targets.map(({ expr }) => filledIn(expr)));
}
