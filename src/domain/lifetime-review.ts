import type { Complaint } from "./remark.ts";
import { firstDue } from "./schedule.ts";
import type { ReviewSpec } from "./spec.ts";
import { durationAtLeast, formatDuration, type Millis, SECOND } from "./units.ts";

/**
 * What the rules of deploy/prometheus/leafd.rules.yaml are made for: how long the renewal window has to be at least for
 * scrapes of this pace. With the default point of renewal these are lifetimes of 10, 30 and 60 minutes.
 */
const SUPPORTED_PACES: readonly { readonly scrape: Millis; readonly window: Millis }[] = [
  { scrape: 15 * SECOND, window: 200 * SECOND },
  { scrape: 30 * SECOND, window: 600 * SECOND },
  { scrape: 60 * SECOND, window: 1200 * SECOND },
];

/** The part of the renewal window after which those rules warn, and call somebody. */
export const ALERT_BURN = { warning: 0.2, critical: 0.4 } as const;

/** Until it fires, at worst: up to the next scrape, the second one that has to see it, one that fails, and the rule. */
const SCRAPES_UNTIL_FIRED = 4;

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
 * Scrapes that are too rare for the alerts of this lifetime. The window is the shortest one, without jitter: what the
 * formula of the rules divides by.
 */
function alertLate(use: LifetimeUse, { scrapeInterval: scrape }: ReviewSpec): readonly Judgement[] {
  if (scrape === undefined) return [];
  const { lifetime, ...plan } = use;
  const window = lifetime - firstDue({ notBefore: 0, receivedAt: 0, notAfter: lifetime }, { ...plan, jitter: 0 }).due;
  const needed = SUPPORTED_PACES.find((pace) => scrape <= pace.scrape);
  if (needed !== undefined && needed.window <= window) return [];
  const lead = window * (1 - ALERT_BURN.critical) - SCRAPES_UNTIL_FIRED * scrape;
  const when = lead <= 0 ? "only after the end" : `as late as ${formatDuration(lead)} before the end`;
  const rarest = SUPPORTED_PACES.findLast((pace) => pace.window <= window);
  const longer = needed && `ask for ${durationAtLeast(Math.round(needed.window / (1 - use.renewAt)))} or longer`;
  const faster = rarest && `scrape every ${formatDuration(rarest.scrape)} and say so in observe.scrapeInterval`;
  const ways = [longer, faster, "or let renewal come due earlier (renewAt)"].filter((way) => way !== undefined);
  return [
    {
      code: "alert_late",
      message: `scraped every ${formatDuration(scrape)}, the critical alert may come ${when} of a certificate of ${formatDuration(lifetime)}`,
      hint: sentence(needed === undefined ? ways.slice(0, 1) : ways),
    },
  ];
}

function sentence(ways: readonly string[]): string {
  const text = ways.join(", ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
