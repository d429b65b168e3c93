import { type DaemonStatus, STANDINGS } from "../status.ts";

/** How many of the services that need somebody are named. */
const NAMED = 3;

/** All services in one line, worst first: `12 services: 1 expired, 11 ok (payments: sealed)`. */
export function statusLine({ services }: Pick<DaemonStatus, "services">): string {
  const many = `${services.length} ${services.length === 1 ? "service" : "services"}`;
  const counts = STANDINGS.map(
    (state) => [state, services.filter((service) => service.state === state).length] as const,
  );
  const states = counts.filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
  const troubled = STANDINGS.flatMap((state) => services.filter((service) => service.state === state)).flatMap(
    ({ name, reason }) => (reason === undefined ? [] : [`${name}: ${reason}`]),
  );
  const more = troubled.length > NAMED ? [`${troubled.length - NAMED} more`] : [];
  const notes = [...troubled.slice(0, NAMED), ...more].join(", ");
  return `${[many, states.join(", ")].filter((part) => part !== "").join(": ")}${notes === "" ? "" : ` (${notes})`}`;
}
