import type { Certificate } from "../../domain/certificate.ts";
import type { TrustAnchors } from "../../domain/inspect/chain.ts";
import type { Finding } from "../../domain/inspect/findings.ts";
import { inspectLeaf } from "../../domain/inspect/leaf.ts";
import type { CertificateRequest } from "../../domain/spec.ts";
import type { EpochMillis } from "../../domain/units.ts";
import type { InspectedChain } from "./report.ts";
import type { FoundKey } from "./sources.ts";

/** What is looked for, whatever is inspected. */
export interface Expectations {
  readonly now: EpochMillis;
  /** `now` is this machine's clock. */
  readonly byClock: boolean;
  readonly names: readonly string[];
  /** Anchors that the operator named. */
  readonly trust?: TrustAnchors;
  readonly request?: CertificateRequest;
  /** The configuration names somebody to be told of a new pair; absent: no configuration was asked. */
  readonly reloads?: boolean;
}

/** Certificates in their order, the key that lies with them, and what lies beside. */
export interface Shown {
  /** The file, or `sent`. */
  readonly where: string;
  readonly certificates: readonly Certificate[];
  readonly key?: FoundKey;
  readonly served: boolean;
  readonly nearby: readonly Certificate[];
  readonly trust: TrustAnchors;
}

export interface Judged {
  readonly chain: InspectedChain;
  readonly findings: readonly Finding[];
}

/** Has the domain judge what was shown, and puts its verdict into the report's form. */
export function judge(shown: Shown, expected: Expectations): Judged {
  const { where, key, trust } = shown;
  const { leaf, anchor, certificates, findings } = inspectLeaf({
    ...expected,
    ...shown,
    ...(key && { publicKeyHash: key.publicKeyHash }),
  });
  const ofLeaf = key && {
    key: {
      file: key.file,
      mode: key.mode,
      algorithm: key.algorithm,
      matches: leaf?.publicKeyHash === key.publicKeyHash,
    },
  };
  const chain = { where, certificates, trust: trust.source, ...(anchor && { anchor: anchor.subject }), ...ofLeaf };
  return { chain, findings };
}
