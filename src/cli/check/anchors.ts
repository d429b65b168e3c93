import { constants, readFileSync } from "node:fs";
import { type Certificate, parseCertificates } from "../../domain/certificate.ts";
import { toLeafdError } from "../../domain/errors.ts";
import type { Remark } from "../../domain/remark.ts";
import type { Settings } from "../../domain/spec.ts";
import { type EpochMillis, formatDuration, formatTime } from "../../domain/units.ts";
import { accessProblem } from "../access-problem.ts";

const ABOUT = { subject: "files", path: ["trust", "roots"] };

/** The trust anchors of the configuration: that there are some, roots, and alive. One that cannot be read is checkFiles' to say. */
export function checkAnchors({ trust: { roots }, services }: Settings, now: EpochMillis): readonly Remark[] {
  if (roots === undefined || accessProblem(roots, constants.R_OK) !== undefined) return [];
  const longest = Math.max(0, ...services.map(({ request }) => request.ttl ?? 0));
  try {
    const anchors = parseCertificates(readFileSync(roots, "utf8"));
    if (anchors.length === 0)
      return [{ severity: "error", code: "anchors_invalid", message: `${roots} holds no PEM certificate`, ...ABOUT }];
    return anchors.flatMap((anchor) => [
      ...(anchor.selfSigned ? [] : [notRoot(roots, anchor)]),
      ...(anchor.notAfter - now > longest ? [] : [endsFirst(roots, anchor, now)]),
    ]);
  } catch (thrown) {
    const message = `${roots}: ${toLeafdError(thrown).message}`;
    return [{ severity: "error", code: "anchors_invalid", message, ...ABOUT }];
  }
}

/** leafd takes an intermediate for an anchor, and not every peer does. */
function notRoot(file: string, { subject }: Certificate): Remark {
  const message = `${file} holds "${subject}", which is not self-signed`;
  const hint = "OpenSSL peers need partial_chain to trust it; put its root there instead if you can.";
  return { severity: "warning", code: "anchor_not_root", message, hint, ...ABOUT };
}

/** An old root beside its successor is no error: its time comes to an end, and that is all. */
function endsFirst(file: string, { subject, notAfter }: Certificate, now: EpochMillis): Remark {
  const ends = notAfter <= now ? `ended at ${formatTime(notAfter)}` : `ends in ${formatDuration(notAfter - now)}`;
  const message = `${file} holds "${subject}", which ${ends}: no certificate below it is of use any longer than that`;
  const hint = "Add its successor, and take it out once nothing is signed below it.";
  return { severity: "warning", code: "anchor_ends_first", message, hint, ...ABOUT };
}
