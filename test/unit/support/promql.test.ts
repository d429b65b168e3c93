import assert from "node:assert/strict";
import test from "node:test";
import { unknownNames } from "../../support/promql.ts";

test("a query is held to the metrics and labels that there are", () => {
  const fine =
    'max without (serial) (leafd_certificate_info{rung=~"failover|reserve",job="x"}) == bool 1 and on (job) up';
  assert.deepEqual(unknownNames(fine), []);
  assert.deepEqual(unknownNames("sum by (service) (leafd:burn > 0.2)", new Set(["leafd:burn"])), []);
  assert.deepEqual(unknownNames("1 - rate(leafd_gone_total[5m]) / leafd_issuer_up"), ["leafd_gone_total"]);
  assert.deepEqual(unknownNames('leafd_issuer_up{service="a"}'), ["leafd_issuer_up{service}"]);
  assert.deepEqual(unknownNames("sum by (reason) (leafd_issuer_up)"), ["reason"]);
  assert.deepEqual(unknownNames("leafd_issuer_up_bucket"), ["leafd_issuer_up_bucket"]);
});
