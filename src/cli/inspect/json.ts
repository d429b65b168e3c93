import type { Ranked } from "../../domain/inspect/chain.ts";
import { type EpochMillis, formatTime, SECOND } from "../../domain/units.ts";
import type { InspectedChain, InspectedOutput, InspectedTarget } from "./report.ts";
import { inspectExitCode } from "./report.ts";
import { octal } from "./sources.ts";

/**
 * The answer for programs: docs/operations.md describes it. Fields may be added; those that are there keep their names
 * and meanings while `version` is 1. Times are RFC 3339.
 */
export function inspectToJson(targets: readonly InspectedTarget[], now: EpochMillis): string {
  const answer = {
    version: 1,
    at: formatTime(now),
    ok: inspectExitCode(targets) === 0,
    inspected: targets.map(({ output, chains, findings, ...target }) => ({
      ...target,
      ...(output && { output: outputToJson(output) }),
      chains: chains.map((chain) => chainToJson(chain, now)),
      findings,
    })),
  };
  return `${JSON.stringify(answer, undefined, 2)}\n`;
}

function outputToJson({ receivedAt, renewalDue, deliveredAt, ...output }: InspectedOutput) {
  return {
    ...output,
    receivedAt: formatTime(receivedAt),
    renewalDue: formatTime(renewalDue),
    ...(deliveredAt !== undefined && { deliveredAt: formatTime(deliveredAt) }),
  };
}

function chainToJson({ key, certificates, ...chain }: InspectedChain, now: EpochMillis) {
  return {
    ...chain,
    ...(key && { key: { ...key, mode: octal(key.mode) } }),
    certificates: certificates.map((ranked) => certificateToJson(ranked, now)),
  };
}

function certificateToJson({ role, shown, certificate }: Ranked, now: EpochMillis) {
  const { subject, issuer, serial, fingerprint, names, notBefore, notAfter, isCa } = certificate;
  const { keyAlgorithm, signatureAlgorithm, keyUsages, extendedKeyUsages } = certificate;
  return {
    role,
    shown,
    subject,
    issuer,
    serial,
    fingerprint,
    names,
    notBefore: formatTime(notBefore),
    notAfter: formatTime(notAfter),
    secondsLeft: Math.floor((notAfter - now) / SECOND),
    keyAlgorithm,
    signatureAlgorithm,
    isCa,
    ...(keyUsages && { keyUsages: [...keyUsages] }),
    ...(extendedKeyUsages && { extendedKeyUsages: [...extendedKeyUsages] }),
  };
}
