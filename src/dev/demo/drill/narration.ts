import { shortSerial } from "../table.ts";
import type { Entry } from "./journal.ts";

/** What leafd did, in words; undefined for what is not worth a line, or is told by another event. */
export function narrate(entry: Entry): string | undefined {
  const { event, service = "", reason = "", issuer = "", level, msg } = entry;
  switch (event) {
    case "issued":
      return `${issuer} has issued ${serialOf(entry)} for ${service}`;
    case "published":
      return `published ${serialOf(entry)} for ${service} (${entry.cause})`;
    case "rotation_failed":
      return failure(entry);
    case "cluster_down":
      return `the cluster "${entry.cluster}" does not serve (${reason})`;
    case "cluster_up":
      return `the cluster "${entry.cluster}" serves`;
    case "issuer_circuit":
      return `the issuer "${issuer}" ${CIRCUIT[entry.state ?? ""] ?? ""}${reason === "" ? "" : ` (${reason})`}`;
    case "rung_changed":
      return `${service} now lives on: ${entry.to} (${issuer}); before: ${entry.from}`;
    case "recovered":
      return `found a good certificate for ${service}${entry.reloadOwed === true ? ", and that its reload is owed" : ""}`;
    case "reloaded":
      return `told the dependent of ${service}`;
    case "confirmed":
      return `has seen ${service} serve ${serialOf(entry)}`;
    case "proof_failed":
      return `${service} serves another certificate than the published one (${reason}), look ${entry.failures}`;
    case "escalated":
      return `escalated: ${service} is restarted`;
    case "rolled_back":
      return `the dependent of ${service} refuses the new pair (${reason}): the one before is published again`;
    case "reserve_failed":
      return undefined;
    case "started":
      return msg;
    default:
      return level === "error" ? msg : undefined;
  }
}

const CIRCUIT: Readonly<Record<string, string>> = {
  open: "is away: its circuit is open, only its health is asked for",
  half_open: "looks well again: one service may try it",
  closed: "is back: its circuit is closed",
};

/** The first failure of a kind: the retries after it are many, and what matters is that the certificate holds. */
function failure({ service, reason, stage, failures, issuer }: Entry): string | undefined {
  if (failures !== 1 || stage === "reload") return undefined;
  const where = stage === "preflight" ? "before it asked anybody" : `by ${issuer}`;
  return `${service} cannot be renewed (${reason}), found ${where}: keeps what it has, tries again`;
}

function serialOf({ serial = "" }: Entry): string {
  return shortSerial(serial);
}
