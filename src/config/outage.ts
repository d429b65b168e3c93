import type { IssuerSpec } from "../domain/cluster-spec.ts";
import type { OutageSpec, ReserveSpec } from "../domain/outage-spec.ts";
import { ttlToSurvive } from "../domain/schedule.ts";
import { durationAtLeast, type Millis } from "../domain/units.ts";
import { atExpirySpec, type Reloads } from "./at-expiry.ts";
import { given } from "./given.ts";
import { issuerNamed } from "./issuers.ts";
import type { FileService } from "./schema-service.ts";
import { origin, type Surroundings, sourcesOf } from "./surroundings.ts";

/** A service of the file, and what was made of it before its outage policy. */
interface Parts {
  readonly name: string;
  readonly service: FileService;
  /** Empty when they are wrong. */
  readonly issuers: readonly IssuerSpec[];
  /** The lifetime that is asked for; absent: only the role knows, or it ends at a fixed time. */
  readonly ttl: Millis | undefined;
  readonly reload: Reloads;
}

/** The outage policy of a service: its own keys, else those of `defaults`. */
export function outageSpec(parts: Parts, around: Surroundings): OutageSpec {
  const { outage: own = {} } = parts.service;
  const { outage: common = {} } = around.defaults;
  if (own.failoverAfter !== undefined && parts.issuers.length === 1) {
    const path = ["services", parts.name, "outage", "failoverAfter"];
    const hint = "name a second one in issuers, or leave failoverAfter out";
    const lacks = sourcesOf(parts.name, "issuers");
    around.report({ path, at: "key", message: "the service has no second issuer to go to", hint, lacks });
  }
  return {
    ...given("survive", surviveOf(parts, around)),
    ...given("failoverAfter", own.failoverAfter ?? common.failoverAfter),
    ...given("reserve", reserveSpec(parts, around)),
    atExpiry: atExpirySpec(parts, around),
  };
}

/** The outage to outlive; reported when no point of renewal could hold it with this TTL. */
function surviveOf({ name, service, ttl }: Parts, { defaults, report }: Surroundings): Millis | undefined {
  const own = service.outage?.survive;
  const survive = own ?? defaults.outage?.survive;
  if (survive === undefined || ttl === undefined || ttl >= ttlToSurvive(survive)) return survive;
  const surviveAt = [...origin(name, own), "outage", "survive"];
  const ttlAt = [...origin(name, service.ttl), "ttl"];
  const enough = durationAtLeast(ttlToSurvive(survive));
  const about =
    service.ttl !== undefined
      ? { path: ttlAt, message: `too short for outage.survive, which takes a ttl of ${enough}` }
      : { path: surviveAt, message: `the ttl is too short for this, which takes one of ${enough}` };
  const hint = `set ttl: ${enough} or longer, or survive less`;
  report({ ...about, at: "value", hint, lacks: [ttlAt, surviveAt] });
  return survive;
}

/** The reserve, whose keys may come from `defaults` one by one. */
function reserveSpec({ name, service, issuers, ttl }: Parts, around: Surroundings): ReserveSpec | undefined {
  const { report } = around;
  const own = service.outage?.reserve;
  const common = around.defaults.outage?.reserve;
  if (own === undefined && common === undefined) return undefined;
  const reserve = { ...common, ...own };
  const place = [...origin(name, own), "outage", "reserve"];
  for (const key of ["ttl", "role"] as const)
    if (reserve[key] === undefined) {
      const lacks = sourcesOf(name, "outage", "reserve", key);
      report({ path: [...place, key], at: "key", message: "is missing", lacks });
    }
  const from =
    reserve.issuer === undefined
      ? issuers[0]
      : issuerNamed(
          { name: reserve.issuer, path: [...origin(name, own?.issuer), "outage", "reserve", "issuer"] },
          around.issuers,
          report,
        );
  if (reserve.ttl !== undefined && ttl !== undefined && reserve.ttl <= ttl) {
    const message = "a reserve must live longer than the certificate that it stands in for";
    const path = [...origin(name, own?.ttl), "outage", "reserve", "ttl"];
    const ttlAt = [...origin(name, service.ttl), "ttl"];
    report({ path, at: "value", message, hint: "set it to several times the ttl of the service", lacks: [ttlAt] });
  }
  if (from === undefined || reserve.ttl === undefined || reserve.role === undefined) return undefined;
  const { issuerRef, ...base } = from;
  const { mount = from.mount, role } = reserve;
  // A named issuer is one of its mount.
  const ref = mount === from.mount ? issuerRef : undefined;
  const issuer = { ...base, name: `${from.name}-reserve`, mount, role, ...given("issuerRef", ref) };
  if (around.issuers.has(issuer.name)) {
    const message = `the reserve is called "${issuer.name}", as an issuer is`;
    report({ path: place, at: "key", message, hint: "give that issuer another name" });
  }
  return { issuer, ttl: reserve.ttl };
}
