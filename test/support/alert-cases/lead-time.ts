import { type Millis, SECOND } from "../../../src/domain/units.ts";
import type { AlertRule } from "../alert-rules.ts";
import type { RulesTest } from "../promtool.ts";
import { inputSeries } from "./case.ts";

/*
 * When LeafdRenewalLate comes for a certificate of some lifetime that nobody renews. Days of certificates need not be
 * played for that: the rules see how far the share has come, so each world begins five minutes before it is too much.
 */

type Severity = AlertRule["labels"]["severity"];

/** The share of the window at which it fires. */
const SHARE: Readonly<Record<Severity, number>> = { warning: 0.2, critical: 0.4 };

/** The rules are evaluated this often. */
const EVALUATION = 15;
/** In a world, the second at which the share is reached: right after an evaluation and a scrape, which is the worst moment. */
const REACHED = 300.01;
const SCRAPES = 60;

const DUE = 'leafd_certificate_renewal_due_timestamp_seconds{service="payments"}';
const END = 'leafd_certificate_not_after_timestamp_seconds{service="payments"}';

/** The shortest time that a certificate has between due renewal and its end, in seconds: jitter makes it longer. */
const windowOf = (ttl: Millis): number => ttl / SECOND / 3;

/** How long the share must have been too much, in seconds: as long as two scrapes may be apart, in whole evaluations. */
function confirmation(ttl: Millis): number {
  const window = windowOf(ttl);
  if (window < 500) return 15;
  return window < 1_000 ? 30 : 75;
}

/** How long before its end it fires at the least. */
export function worstLead(ttl: Millis, severity: Severity): Millis {
  const left = (1 - SHARE[severity]) * windowOf(ttl);
  return Math.floor(left - EVALUATION - confirmation(ttl)) * SECOND;
}

/** It fires at the second that `worstLead` says, and not before. */
export function firedAt(ttl: Millis, scrape: Millis, severity: Severity): RulesTest {
  const end = REACHED + (1 - SHARE[severity]) * windowOf(ttl);
  const fired = 300 + EVALUATION + confirmation(ttl);
  const expr = `min_over_time(timestamp(ALERTS{alertname="LeafdRenewalLate",severity="${severity}",alertstate="firing"})[10m:1s])`;
  const labels =
    `{alertname="LeafdRenewalLate",alertstate="firing",instance="vm-1:9464",job="certificates",` +
    `service="payments",severity="${severity}"}`;
  return {
    ...world(ttl, scrape, `${severity} in time`),
    input_series: inputSeries({
      [DUE]: `${REACHED - SHARE[severity] * windowOf(ttl)}x${SCRAPES * 4}`,
      [END]: `${end}x${SCRAPES * 4}`,
    }),
    promql_expr_test: [{ expr, eval_time: "8m", exp_samples: [{ labels, value: fired }] }],
  };
}

/** Renewed two seconds after it came due. */
export function healthy(ttl: Millis, scrape: Millis): RulesTest {
  return { ...world(ttl, scrape, "renewed in time"), ...silent(ttl, scrape, 2 / windowOf(ttl)) };
}

/** Renewed at the last moment before the share is too much, which the scrapes show later. */
export function justInTime(ttl: Millis, scrape: Millis): RulesTest {
  return { ...world(ttl, scrape, "renewed just in time"), ...silent(ttl, scrape, SHARE.warning) };
}

/** The certificate is replaced when this share is reached; the scrape in that moment still shows the one before. */
function silent(ttl: Millis, scrape: Millis, share: number) {
  const window = windowOf(ttl);
  const due = REACHED - share * window;
  const before = Math.floor(REACHED / (scrape / SECOND));
  const values = (time: number) => `${time}x${before} ${time + 2 * window}x${SCRAPES * 4}`;
  const expr = 'count_over_time(ALERTS{alertname="LeafdRenewalLate"}[10m:1s])';
  return {
    input_series: inputSeries({ [DUE]: values(due), [END]: values(due + window) }),
    promql_expr_test: [{ expr, eval_time: "8m", exp_samples: [] }],
  };
}

function world(ttl: Millis, scrape: Millis, what: string): Pick<RulesTest, "name" | "interval"> {
  return { name: `${ttl / SECOND} s, ${what}`, interval: `${scrape / SECOND}s` };
}
