import assert from "node:assert/strict";
import { test } from "node:test";
import { issuingCaEnds, trustEnd } from "../../../src/domain/status/authority-ends.ts";
import { DAY, HOUR } from "../../../src/domain/units.ts";
import { LEAF } from "../../support/events.ts";
import { NOW } from "../../support/status.ts";

test("the CA of an issuer is that of its newest leaf, the reserve's included", () => {
  const old = { ...LEAF, receivedAt: NOW - HOUR, caNotAfter: NOW + DAY };
  const young = { ...LEAF, receivedAt: NOW, caNotAfter: NOW + 9 * DAY };
  const reserve = { ...LEAF, issuer: "reserve", caNotAfter: NOW + 5 * DAY };
  const unproved = { ...LEAF, issuer: "gone", receivedAt: NOW };
  const states = [{ current: young, reserve }, { current: old }, { current: unproved }, {}];
  for (const order of [states, states.toReversed()])
    assert.deepEqual(
      issuingCaEnds(order),
      new Map([
        ["main", { caNotAfter: NOW + 9 * DAY }],
        ["reserve", { caNotAfter: NOW + 5 * DAY }],
      ]),
    );
});

test("the trust ends with the first certificate of a published bundle", () => {
  const bundle = (trustNotAfter: number) => ({ current: { ...LEAF, trustNotAfter } });
  assert.deepEqual(trustEnd([bundle(NOW + 2 * DAY), {}, bundle(NOW + DAY), { current: LEAF }]), {
    trustNotAfter: NOW + DAY,
  });
  assert.deepEqual(trustEnd([{}]), {});
});
