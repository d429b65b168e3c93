export type Severity = "error" | "warning";

interface Kind {
  readonly severity: Severity;
  /** What to do, one or two sentences in the imperative. */
  readonly remedy: string;
}

/**
 * Everything that `leafd inspect` can find wrong, as a closed set: the `code` of its JSON. Where verification knows the
 * same mistake it has the same word (`Reason`). An error is what a peer would refuse or what endangers the key; a
 * warning is what some peer may refuse, or what will be an error soon.
 */
export const FINDINGS = {
  // What was read.
  unreadable: { severity: "error", remedy: "Write the file anew from its source; look for a copy that was cut off." },
  no_certificate: { severity: "error", remedy: "Name a file with a PEM or DER certificate, or the directory of one." },
  // The key.
  key_mismatch: {
    severity: "error",
    remedy: "Put the key and the certificate of one issuance together; a server started with these two fails.",
  },
  key_exposed: { severity: "error", remedy: "Set its mode to 0600 (or 0640 and a group), and issue with a new key." },
  // The leaf.
  expired: { severity: "error", remedy: "Renew it (`leafd renew`, `leafd status`), then reload whoever serves it." },
  not_yet_valid: { severity: "error", remedy: "Compare the clocks of this machine and of the issuer." },
  ends_soon: { severity: "warning", remedy: "Look why it has not been renewed: `leafd status` names the reason." },
  clock_suspected: {
    severity: "warning",
    remedy: "Compare `date -u` with another machine, and see `timedatectl`: the dates here are judged by that clock.",
  },
  self_signed: {
    severity: "error",
    remedy: "Have a CA sign it. A placeholder such as a default certificate often looks like this.",
  },
  ca_as_leaf: { severity: "error", remedy: "Serve a leaf (basicConstraints CA:FALSE) that the CA signs." },
  usage_wrong: { severity: "error", remedy: "Issue it with the key usages of its role (server_flag, client_flag)." },
  weak_signature: { severity: "error", remedy: "Sign with SHA-256 or better, over RSA 2048, P-256 or better." },
  name_mismatch: {
    severity: "error",
    remedy: "Connect by a name that the certificate holds, add the name to it, or look whether SNI chose another one.",
  },
  name_missing: { severity: "error", remedy: "Compare `identity` of the service with what the role allows." },
  name_extra: { severity: "warning", remedy: "Find out which role or default of the issuer adds it, or ask for it." },
  no_san: {
    severity: "warning",
    remedy: "Issue it with subject alternative names: clients do not look at the common name.",
  },
  // The chain.
  chain_broken: {
    severity: "error",
    remedy:
      "Serve the leaf and then its intermediates in one file (nginx: ssl_certificate with the full chain). When the CA named there is a root, name it with --ca.",
  },
  chain_untrusted: {
    severity: "error",
    remedy: "When this root is right, name it with --ca and give it to the peers; when not, find out who signed.",
  },
  chain_disordered: {
    severity: "error",
    remedy: "Write the leaf first, then each certificate's signer after it.",
  },
  ca_invalid: { severity: "error", remedy: "Issue again, with a CA that is valid and may sign." },
  outlives_ca: {
    severity: "warning",
    remedy: "Renew the CA before it ends: from then on nobody accepts what it signed.",
  },
  root_sent: {
    severity: "warning",
    remedy: "Leave the root out: the peer must have it already, and ignores this one.",
  },
  certificate_unneeded: { severity: "warning", remedy: "Leave it out: it signed nothing here." },
  // The directory of a service.
  pair_damaged: {
    severity: "error",
    remedy: "A running leafd mends it within 30 s; else start leafd, or `leafd once`.",
  },
  reload_owed: {
    severity: "warning",
    remedy: "Look at the reason in `leafd status`; the dependents may serve the one before.",
  },
  // The server.
  unreachable: {
    severity: "error",
    remedy: "Does the name resolve here, is the server running, does it listen there, is a firewall between?",
  },
  handshake_failed: {
    severity: "error",
    remedy: "Look at the server's own log. Do --server-name, --alpn and --starttls fit it, and is it a TLS port?",
  },
  client_certificate_asked: {
    severity: "warning",
    remedy: "Give --cert and --key (or --service) to be seen as a client of this server would.",
  },
  client_certificate_refused: {
    severity: "error",
    remedy: "Present a pair that chains to a CA the server accepts; inspect that pair's file too.",
  },
  tls_version: { severity: "error", remedy: "Let the server speak TLS 1.2 and 1.3 only." },
  alpn_refused: { severity: "warning", remedy: "Offer a protocol of the server's, or let it speak the one offered." },
  not_live: { severity: "error", remedy: "Reload the dependent; see that it reads the files of this directory." },
  chain_differs: { severity: "warning", remedy: "Let the dependent serve the whole of tls.crt, and reload it." },
} as const satisfies Record<string, Kind>;

export type FindingCode = keyof typeof FINDINGS;

export interface Finding {
  readonly severity: Severity;
  readonly code: FindingCode;
  /** What is wrong and where, expected against got. */
  readonly message: string;
  readonly remedy: string;
}

/** A finding of this kind; the rare one that weighs less or has a remedy of its own says so. */
export function finding(
  code: FindingCode,
  message: string,
  changes: Partial<Pick<Finding, "severity" | "remedy">> = {},
): Finding {
  const { severity, remedy } = FINDINGS[code];
  return { severity, code, message, remedy, ...changes };
}

/** Whether a word, such as one that a user gives, is the code of a finding. */
export function isFindingCode(word: string): word is FindingCode {
  return Object.hasOwn(FINDINGS, word);
}
