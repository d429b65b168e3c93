import type { Explanation } from "../explain.ts";
import { readTimed, writeTimed } from "../timed-json.ts";

/** The explanation of a service as JSON: see timed-json.ts. */
export function explanationToJson(explanation: Explanation, indent?: number): string {
  return writeTimed(explanation, indent);
}

/** Reads what `explanationToJson` wrote; LeafdError `bad_response` when it is something else. */
export function explanationFromJson(text: string): Explanation {
  return readTimed(text, "explanation", isExplanation);
}

function isExplanation(value: unknown): value is Explanation {
  if (typeof value !== "object" || value === null) return false;
  const { service, outage, failing } = value as Partial<Record<keyof Explanation, unknown>>;
  return typeof service === "object" && Array.isArray(outage) && Array.isArray(failing);
}
