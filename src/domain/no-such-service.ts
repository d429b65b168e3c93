import { closest } from "./closest.ts";
import { LeafdError } from "./errors.ts";

/** Names in a hint: a screen takes no thousand. */
const MOST_NAMES = 12;
/** What is no name is quoted for the one who typed it, and no further. */
const LONGEST_NAME = 80;

/** Somebody asks for a service that is not configured: says so, and which one was meant or which there are. */
export function noSuchService(name: string, services: readonly { readonly name: string }[]): LeafdError {
  const names = services.map((service) => service.name);
  const quoted = name.slice(0, LONGEST_NAME).replaceAll(/[^ -~]/g, "?");
  return new LeafdError("request_denied", `there is no service "${quoted}"`, { hint: hintFor(name, names) });
}

function hintFor(name: string, names: readonly string[]): string {
  const meant = closest(name.slice(0, LONGEST_NAME), names);
  if (meant !== undefined) return `Did you mean "${meant}"?`;
  if (names.length === 0) return "No service is configured.";
  const others = names.length - MOST_NAMES;
  return `The services are: ${names.slice(0, MOST_NAMES).join(", ")}${others > 0 ? `, and ${others} others` : ""}.`;
}
