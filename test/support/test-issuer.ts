import { abortError } from "../../src/domain/abort.ts";
import { LeafdError } from "../../src/domain/errors.ts";
import type { SignedReply, SignOrder } from "../../src/domain/sign-order.ts";
import { type EpochMillis, HOUR } from "../../src/domain/units.ts";
import type { ClusterHealth, Issuer } from "../../src/rotation/ports.ts";
import type { LeafOptions, TestCa } from "./test-ca.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import { readRequest } from "./x509-library.ts";

/** An issuer whose next answers a test can choose; left alone, it signs what it is asked for, for an hour. */
export class TestIssuer implements Issuer {
  readonly name: string;
  readonly method = "sign";
  identity = "default//pki/svc";
  /** How many certificates it has signed. */
  signed = 0;
  /** How often it was asked for one. */
  asked = 0;
  /** Taken one by one: fields laid over the certificate that would be signed, or an error to answer. */
  readonly next: (Partial<LeafOptions> | LeafdError)[] = [];
  /** Set: the next request gets no answer, and its signal goes here. */
  unanswered: ((signal: AbortSignal) => void) | undefined;
  /** Set: it is away, and this is what everything that is asked of it answers. */
  away: LeafdError | undefined;
  /** Set: what the health of its cluster answers. */
  unhealthy: LeafdError | undefined;
  /** PEM. */
  readonly revoked: string[] = [];
  /** Serials that somebody else has revoked, and how often it was asked for one. */
  readonly takenBack = new Set<string>();
  revocationsAsked = 0;
  /** Taken one by one: why the next revocations fail. */
  readonly revocationFailures: LeafdError[] = [];
  /** Set: its certificates are leased, and this is the end of the token. */
  tokenEnds: EpochMillis | undefined;
  signer: TestCa;
  /** What the mount publishes. */
  published: readonly TestCa[];
  readonly #clock: VirtualClock;

  constructor(signer: TestCa, root: TestCa, clock: VirtualClock, name = "main") {
    this.name = name;
    this.signer = signer;
    this.published = [signer, root];
    this.#clock = clock;
  }

  async sign(order: SignOrder, signal: AbortSignal): Promise<SignedReply> {
    this.asked += 1;
    const unanswered = this.unanswered;
    this.unanswered = undefined;
    if (unanswered !== undefined) await silence(signal, unanswered);
    if (this.away !== undefined) throw this.away;
    const changes = this.next.shift() ?? {};
    if (changes instanceof LeafdError) throw changes;
    const now = this.#clock.now();
    const { publicKey } = await readRequest(order.csr ?? "");
    const lifetime = { notBefore: now - 30_000, notAfter: now + (order.ttl ?? HOUR) };
    const leaf = await this.signer.leaf({ ...order.names, publicKey, ...lifetime, ...changes });
    this.signed += 1;
    const chain = this.published.map((ca) => ca.certificate.pem);
    const reply = { leaf: leaf.certificate.pem, chain, warnings: [], receivedAt: now };
    return this.tokenEnds === undefined
      ? { ...reply, leased: false }
      : { ...reply, leased: true, tokenEnds: this.tokenEnds };
  }

  async health(): Promise<ClusterHealth> {
    const failure = this.away ?? this.unhealthy;
    if (failure !== undefined) throw failure;
    return { serverTime: this.#clock.now() };
  }

  async revoke(certificate: string): Promise<void> {
    const failure = this.revocationFailures.shift();
    if (failure !== undefined) throw failure;
    this.revoked.push(certificate);
  }

  async isRevoked(serial: string): Promise<boolean> {
    this.revocationsAsked += 1;
    return this.takenBack.has(serial);
  }

  async authorities(): Promise<readonly string[]> {
    if (this.away !== undefined) throw this.away;
    return this.published.map((ca) => ca.certificate.pem);
  }
}

function silence(signal: AbortSignal, tell: (signal: AbortSignal) => void): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(abortError(signal)), { once: true });
    tell(signal);
  });
}
