import type { Certificate } from "../../domain/certificate.ts";
import type { Ranked } from "../../domain/inspect/chain.ts";
import type { Finding } from "../../domain/inspect/findings.ts";
import type { ServedFacts } from "../../domain/inspect/served.ts";
import { type EpochMillis, formatDuration, formatTime } from "../../domain/units.ts";
import { printable } from "../printable.ts";
import type { InspectedChain, InspectedKey, InspectedOutput, InspectedTarget } from "./report.ts";
import { octal } from "./sources.ts";

interface TextOptions {
  readonly now: EpochMillis;
  readonly colour: boolean;
}

/** A label and its text, in two columns. */
type Row = readonly [label: string, text: string];

/** The answer for people: each target with its facts, certificate by certificate, and then what is wrong. */
export function renderInspection(targets: readonly InspectedTarget[], options: TextOptions): string {
  return targets.map((target) => renderTarget(target, options)).join("\n");
}

function renderTarget(target: InspectedTarget, { now, colour }: TextOptions): string {
  const { served, output, chains, besides, findings } = target;
  const facts: readonly Row[] = [
    ...(served ? servedRows(served) : []),
    ...(output ? outputRows(output, now) : []),
    ...besides.map((what): Row => ["also", what]),
  ];
  const lines = [
    `${target.target} (${target.kind === "endpoint" ? "TLS server" : target.kind})`,
    ...facts.map((row) => columns(row, 2)),
    ...chains.flatMap((chain) => ["", ...heading(chain, target.target), ...chainLines(chain, now)]),
    "",
    ...verdict(findings, colour),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const LABEL = 15;

function columns([label, text]: Row, indent: number): string {
  return `${" ".repeat(indent)}${label.padEnd(LABEL - indent)}${printable(text)}`.trimEnd();
}

function servedRows({ serverName, protocol, cipher, offered, alpn, clientCertificate }: ServedFacts): Row[] {
  const { asked, presented, refusal } = clientCertificate;
  const outcome =
    refusal !== undefined ? "refused" : presented ? "presented, and taken" : "none presented, not refused";
  const protocols = alpn === undefined ? "" : `, ALPN ${alpn}`;
  return [
    ["handshake", `${protocol}, ${cipher}${offered.length > 0 && alpn === undefined ? ", no ALPN" : protocols}`],
    ["server name", serverName ?? "none sent"],
    ["client cert", asked ? `asked for; ${outcome}` : "not asked for"],
  ];
}

function outputRows(output: InspectedOutput, now: EpochMillis): Row[] {
  const { service, generation, issuer, rung, receivedAt, renewalDue, delivery, deliveredAt } = output;
  return [
    ["service", `${service}, from ${issuer} (${rung}), received ${when(receivedAt, now)}`],
    ["generation", generation],
    ["renewal", `due ${when(renewalDue, now)}`],
    ["delivery", deliveredAt === undefined ? DELIVERY[delivery] : `${DELIVERY[delivery]} ${when(deliveredAt, now)}`],
  ];
}

const DELIVERY: Readonly<Record<InspectedOutput["delivery"], string>> = {
  done: "the dependents were told",
  owed: "owed: the dependents have not been told",
  nobody: "nobody is to be told",
  unknown: "no record of it: nobody is to be told, or nobody has been yet",
};

/** `in 5h 12m (2026-11-24T03:12:00Z)`, `3m ago (…)`. */
function when(at: EpochMillis, now: EpochMillis): string {
  return `${at > now ? `in ${formatDuration(at - now)}` : `${formatDuration(now - at)} ago`} (${formatTime(at)})`;
}

/** Which file it is, where that is not said already. */
function heading({ where, certificates }: InspectedChain, target: string): string[] {
  if (where === "sent") return ["  Sent, in the order of its signatures:"];
  const bundle = isBundle(certificates) ? "CAs only" : "";
  if (where === target) return bundle === "" ? [] : [`  ${bundle}:`];
  return [`  ${printable(where)}${bundle === "" ? "" : `, ${bundle}`}:`];
}

function chainLines({ certificates, trust, anchor, key }: InspectedChain, now: EpochMillis): string[] {
  const known = anchor === undefined ? `nobody known, held against ${trust}` : `${anchor}, known from ${trust}`;
  return [
    ...certificates.flatMap((ranked) => rowsOf(ranked, now).map((row, i) => columns(row, i === 0 ? 2 : 4))),
    ...(key ? [columns(["private key", keyText(key)], 2)] : []),
    ...(isBundle(certificates) ? [] : [columns(["ends at", known], 2)]),
  ];
}

function isBundle(certificates: readonly Ranked[]): boolean {
  return certificates.every(({ role }) => role !== "leaf");
}

function keyText({ file, mode, algorithm, matches }: InspectedKey): string {
  return `${file}, mode ${octal(mode)}, ${algorithm}, ${matches ? "of the leaf" : "of another certificate"}`;
}

function rowsOf({ role, shown, certificate }: Ranked, now: EpochMillis): Row[] {
  const { subject, issuer, serial, fingerprint, selfSigned, keyAlgorithm, signatureAlgorithm, names } = certificate;
  const held = [
    ...names.dns.map((name) => `DNS ${name}`),
    ...names.ips.map((ip) => `IP ${ip}`),
    ...names.uris.map((uri) => `URI ${uri}`),
    ...names.emails.map((email) => `email ${email}`),
  ];
  const listed = held.length > MAX_NAMES ? [...held.slice(0, MAX_NAMES), `and ${held.length - MAX_NAMES} more`] : held;
  return [
    [role, `${subject === "" ? "(no subject)" : subject}${shown ? "" : " (not shown; a trust anchor)"}`],
    ...(listed.length > 0 ? [["names", listed.join(", ")] as const] : []),
    ["life", lifeText(certificate, now)],
    ["key", `${keyAlgorithm}, signed with ${signatureAlgorithm}`],
    ["signed by", selfSigned ? "itself" : issuer],
    ...(role === "leaf" ? [["serial", serial] as const, ["SHA-256", fingerprint] as const] : []),
  ];
}

const MAX_NAMES = 20;

/** In words, then both dates. */
function lifeText({ notBefore, notAfter }: Certificate, now: EpochMillis): string {
  const dates = `${formatTime(notBefore)} to ${formatTime(notAfter)}`;
  if (now < notBefore) return `begins in ${formatDuration(notBefore - now)}: ${dates}`;
  if (notAfter <= now) return `ended ${formatDuration(now - notAfter)} ago: ${dates}`;
  return `${formatDuration(notAfter - now)} left of ${formatDuration(notAfter - notBefore)}: ${dates}`;
}

const RED = 31;
const GREEN = 32;
const YELLOW = 33;

/** The findings, errors first, each with its remedy below. */
function verdict(findings: readonly Finding[], colour: boolean): string[] {
  const painted = (text: string, code: number) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  if (findings.length === 0) return [`  ${painted("nothing is wrong", GREEN)}`];
  const sorted = [...findings].sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
  return sorted.flatMap(({ severity, code, message, remedy }) => [
    `  ${painted(severity, severity === "error" ? RED : YELLOW).padEnd(8 + (colour ? 9 : 0))} ${code}: ${printable(message)}`,
    `  ${" ".repeat(8)} ${printable(remedy)}`,
  ]);
}
