import type { Reason } from "../errors.ts";
import { formatDuration, formatTime } from "../units.ts";
import {
  brief,
  brokenChain,
  extraNames,
  invalidCa,
  missingNames,
  nowIs,
  subjectOf,
  weakness,
  wrongUsage,
} from "./check-rules.ts";
import type { Gathered } from "./evidence.ts";

/** One rule about a pair. */
export interface Check {
  /** What it demands. */
  readonly name: string;
  readonly reason: Reason;
  /** What to do when it fails. */
  readonly hint: string;
  /** What is wrong, expected against got; undefined when the rule holds. */
  readonly run: (gathered: Gathered) => string | undefined;
}

/**
 * Every rule that a pair must keep before it may be stored; the first one that fails is the reason. What makes a pair
 * unusable comes before what makes it another one than asked for, and that before its dates: a reason says that all
 * rules above it hold.
 */
export const CHECKS: readonly Check[] = [
  {
    name: "the leaf is of the key we hold",
    reason: "key_mismatch",
    hint: "Look for something between leafd and the issuer that answers with another certificate.",
    run: ({ leaf, privateKeyHash }) =>
      leaf.publicKeyHash === privateKeyHash
        ? undefined
        : `the leaf is of another key: expected the public key ${brief(privateKeyHash)}, got ${brief(leaf.publicKeyHash)}`,
  },
  {
    name: "every signature up to a root holds",
    reason: "chain_broken",
    hint: "Import the missing CA into the PKI mount, so that its ca_chain is complete, or add it to trust.roots.",
    run: brokenChain,
  },
  {
    name: "the chain ends at a root known before",
    reason: "chain_untrusted",
    hint: "When this root is right, add it to trust.roots; when it is not, find out who answered.",
    run: ({ walk }) =>
      walk.kind === "untrusted"
        ? `the chain ends at ${subjectOf(walk.root)} (SHA-256 ${brief(walk.root.fingerprint)}), which is not in the trust bundle`
        : undefined,
  },
  {
    name: "every CA may sign what it signed, and is valid",
    reason: "ca_invalid",
    hint: "Have the PKI mount sign with a CA that is valid.",
    run: invalidCa,
  },
  {
    name: "no signature or key is weak",
    reason: "weak_signature",
    hint: "Set the role's signature_bits to 256 or more, and sign with a CA of at least RSA 2048 or P-256.",
    run: weakness,
  },
  {
    name: "the leaf holds every name that was asked for",
    reason: "name_missing",
    hint: "Let the role take the names of the request: use_csr_common_name, use_csr_sans, allowed_uri_sans.",
    run: missingNames,
  },
  {
    name: "the leaf holds no name that was not asked for",
    reason: "name_extra",
    hint: "Find out which role or default of the issuer adds it, or ask for it in identity.",
    run: extraNames,
  },
  {
    name: "the leaf may be used as asked",
    reason: "usage_wrong",
    hint: "Set the role's server_flag, client_flag and key_usage to what the service's usages need.",
    run: wrongUsage,
  },
  {
    name: "the leaf is valid already",
    reason: "not_yet_valid",
    hint: "Compare the clocks of this host and of the issuer.",
    run: ({ leaf, now, skew }) =>
      leaf.notBefore > now + skew ? `the leaf is valid from ${formatTime(leaf.notBefore)}; ${nowIs(now)}` : undefined,
  },
  {
    name: "the leaf is still valid",
    reason: "expired",
    hint: "Compare the clocks, and look whether the issuing CA ends soon: a truncating issuer gives leaves that are over.",
    run: ({ leaf, now }) =>
      leaf.notAfter <= now ? `the leaf ended at ${formatTime(leaf.notAfter)}; ${nowIs(now)}` : undefined,
  },
  {
    name: "enough of its life is left",
    reason: "lifetime_short",
    hint: "Raise the role's ttl and max_ttl, and look whether the issuing CA ends soon.",
    run: ({ leaf, now, minimumLifetime }) => {
      const left = Math.max(0, leaf.notAfter - Math.max(leaf.notBefore, now));
      if (left >= minimumLifetime) return undefined;
      return `the leaf lives ${formatDuration(left)} from now; expected ${formatDuration(minimumLifetime)} or more`;
    },
  },
  {
    name: "the serial number is new",
    reason: "serial_reused",
    hint: "The issuer, or something before it, repeats an old answer: look for a cache.",
    run: ({ leaf, replaces }) =>
      leaf.serial === replaces?.current.serial
        ? `the leaf has the serial of the current one: ${leaf.serial}`
        : undefined,
  },
  {
    name: "the leaf is no worse than the one it replaces",
    reason: "no_gain",
    hint: "Look for a role or an issuing CA whose end keeps new certificates from living longer.",
    run: ({ leaf, replaces }) => {
      if (replaces === undefined || !replaces.mustGain) return undefined;
      const { notAfter } = replaces.current;
      if (leaf.notAfter > notAfter) return undefined;
      return `the leaf ends at ${formatTime(leaf.notAfter)}, the current one at ${formatTime(notAfter)}: nothing would be gained`;
    },
  },
];
