import type { Complaint } from "./remark.ts";
import { firstDue } from "./schedule.ts";
import type { ReviewSpec } from "./spec.ts";
import { durationAtLeast, formatDuration, type Millis, SECOND } from "./units.ts";

/**
 * The part of the renewal window after which the critical alert of deploy/prometheus/leafd.rules.yaml fires, once two
 * scrapes have seen it so.
 */
export const CRITICAL_BURN = 0.4;

/** The second scrape, the evaluation after it, where between two scrapes the alert came due, and a scrape that failed. */
const SCRAPES_UNTIL_FIRED = 4;

/** Of the time between the alert's due moment and the end, what must be left for the person who is paged. */
const LEFT_TO_ACT = 1 / 2;

/** What a service makes of a lifetime. */
export interface LifetimeUse {
  readonly lifetime: Millis;
  readonly renewAt: number;
  readonly survive?: Millis;
}

type Judgement = Pick<Complaint, "code" | "message" | "hint">;

/** What is unwise about the lifetime of a certificate, whoever asks for it. */
export function reviewLifetime(use: LifetimeUse, review: ReviewSpec): readonly Judgement[] {
  return [...longLived(use.lifetime, review), ...alertLate(use, review)];
}

/** Longer than the operator's maximum. */
export function longLived(lifetime: Millis, { maxTtl }: ReviewSpec): readonly Judgement[] {
  if (lifetime <= maxTtl) return [];
  const [life, most] = [formatDuration(lifetime), formatDuration(maxTtl)];
  return [
    {
      code: "long_lived",
      message: `certificates of ${life} are long-lived: a stolen key is of use for as long, and renewal is hardly ever exercised`,
      hint: `Ask for ${most} or less, or raise policy.maxTtl.`,
    },
  ];
}

/**
 * A critical alert that may come when there is hardly time left to act, at this pace of scrapes. The window is the
 * shortest one, without jitter: what the formula of the rules divides by.
 */
function alertLate(use: LifetimeUse, { scrapeInterval: scrape }: ReviewSpec): readonly Judgement[] {
  if (scrape === undefined) return [];
  const { lifetime, ...plan } = use;
  const { due } = firstDue({ notBefore: 0, receivedAt: 0, notAfter: lifetime }, { ...plan, jitter: 0 });
  const afterAlert = (lifetime - due) * (1 - CRITICAL_BURN);
  const lead = afterAlert - SCRAPES_UNTIL_FIRED * scrape;
  if (lead >= afterAlert * LEFT_TO_ACT) return [];
  const when = lead <= 0 ? "only after the end" : `only ${formatDuration(lead)} before the end`;
  const enough = durationAtLeast(Math.round(SCRAPES_UNTIL_FIRED * scrape * stretch(use.renewAt)));
  const pace = Math.floor((afterAlert * (1 - LEFT_TO_ACT)) / SCRAPES_UNTIL_FIRED / SECOND);
  const faster = pace < 1 ? "" : ` scrape every ${pace}s and say so in observe.scrapeInterval,`;
  return [
    {
      code: "alert_late",
      message: `scraped every ${formatDuration(scrape)}, the critical alert may come ${when} of a certificate of ${formatDuration(lifetime)}`,
      hint: `Ask for ${enough} or longer,${faster} or let renewal come due earlier (renewAt).`,
    },
  ];
}

/** The lifetime that is enough, in delays of the alert. */
function stretch(renewAt: number): number {
  return 1 / ((1 - renewAt) * (1 - CRITICAL_BURN) * (1 - LEFT_TO_ACT));
}
