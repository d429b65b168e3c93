import { longLived, reviewLifetime } from "../../domain/lifetime-review.ts";
import type { ReloadStep } from "../../domain/reload-spec.ts";
import type { Complaint, Remark } from "../../domain/remark.ts";
import type { Names, ServiceSpec, Settings } from "../../domain/spec.ts";
import type { EpochMillis } from "../../domain/units.ts";

/** What is unwise about a service as it is configured. Pure: the same on every machine. */
export function checkServices({ services, review }: Settings, now: EpochMillis): readonly Remark[] {
  return [
    ...services.flatMap((service) => [
      ...checkLifetime(service, review, now),
      ...checkReserve(service, review),
      ...checkReloads(service),
      ...checkProof(service),
    ]),
    ...checkTwins(services),
  ];
}

/** A lifetime that the service names; that of a role is looked at online. */
function checkLifetime(
  { name, request: { ttl, notAfter }, renewAt, outage: { survive } }: ServiceSpec,
  review: Settings["review"],
  now: EpochMillis,
): readonly Remark[] {
  const use = { renewAt, ...(survive === undefined ? {} : { survive }) };
  const key = notAfter === undefined ? "ttl" : "notAfter";
  const found =
    notAfter !== undefined
      ? longLived(notAfter - now, review)
      : ttl === undefined
        ? []
        : reviewLifetime({ lifetime: ttl, ...use }, review);
  return found.map((judgement) => ({ ...warning(name, key), ...judgement }));
}

function checkReserve({ name, outage: { reserve } }: ServiceSpec, review: Settings["review"]): readonly Remark[] {
  if (reserve === undefined) return [];
  return longLived(reserve.ttl, review).map((judgement) => ({
    ...warning(name, "outage", "reserve", "ttl"),
    ...judgement,
  }));
}

/** One pair for several programs: they are one identity, and share one key. */
function checkReloads({ name, reload }: ServiceSpec): readonly Remark[] {
  const told = [...new Set(reload.flatMap(programOf))];
  if (told.length < 2) return [];
  return [
    {
      ...warning(name, "reload"),
      code: "shared_certificate",
      message: `one certificate for ${told.join(" and ")}: whoever takes over one of them is the others, too`,
      hint: "Give each of them a service of its own, with its own names.",
    },
  ];
}

/** The program that a step tells for sure; what a command or a request tells is not known. */
function programOf(step: ReloadStep): readonly string[] {
  if (step.kind === "systemd") return [step.unit];
  return step.kind === "signal" && step.target.by === "process" ? [step.target.name] : [];
}

/** A reload that succeeded says that the dependent was told, not that it serves the new certificate. */
function checkProof({ name, request, reload, probes }: ServiceSpec): readonly Remark[] {
  if (reload.length === 0 || probes.length > 0 || !request.usages.includes("server")) return [];
  return [
    {
      ...warning(name, "reload"),
      code: "probe_missing",
      message: "nobody looks whether the new certificate is served: a reload that succeeded is taken for it",
      hint: 'Add probe: { tls: "HOST:PORT" }; a client that serves nothing says usages: [client].',
    },
  ];
}

/** Services that would be taken for each other. Two types of key for one name are one service that offers both. */
function checkTwins(services: readonly ServiceSpec[]): readonly Remark[] {
  const groups = Map.groupBy(services, ({ request: { names, key } }) => `${key} ${identityOf(names)}`);
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const twins = others.filter(({ request }) => request.usages.some((usage) => first.request.usages.includes(usage)));
    return twins.map(({ name }) => ({
      ...warning(name, "identity"),
      code: "shared_certificate" as const,
      message: `has the very names of ${first.name}: no peer can tell the two apart`,
      hint: "Give each service names of its own, or let one service write for both if they are one.",
    }));
  });
}

/** A common name is a DNS name as well: Vault adds it to them. */
function identityOf({ commonName, dns, ips, uris, emails }: Names): string {
  const hosts = new Set([...(commonName === undefined ? [] : [commonName.toLowerCase()]), ...dns]);
  return JSON.stringify([[...hosts], [...ips], [...uris], [...emails]].map((names) => names.toSorted()));
}

function warning(service: string, ...keys: readonly string[]): Pick<Complaint, "severity" | "subject" | "path"> {
  return { severity: "warning", subject: `service ${service}`, path: ["services", service, ...keys] };
}
