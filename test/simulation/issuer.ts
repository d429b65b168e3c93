import { LeafdError, type Reason } from "../../src/domain/errors.ts";
import { type EpochMillis, MINUTE, type Millis, SECOND } from "../../src/domain/units.ts";
import type { Issuer, SignedReply, SignOrder } from "../../src/rotation/ports.ts";
import { Authority } from "./authority.ts";
import { hashOfRequest, keyOfRequest } from "./pooled-keys.ts";
import type { Random } from "./random.ts";
import type { ProcessClock, VirtualTime } from "./virtual-time.ts";

/** A certificate that the issuer has signed, whether or not anybody got it. */
export interface Issuance {
  /** The first name of the request, which is that of the service. */
  readonly service: string;
  readonly serial: number;
  readonly publicKeyHash: string;
  readonly at: EpochMillis;
  readonly notAfter: EpochMillis;
  /** When it arrived, by the wall clock. */
  readonly receivedAt: EpochMillis;
  /** The root that it chains to. */
  readonly root: string;
  /** What was asked for; false: a lie, that must never be seen on a disk. */
  readonly good: boolean;
}

export const LIES = ["key", "name", "expired", "future", "chain", "stranger", "replay", "garbage"] as const;
type Lie = (typeof LIES)[number];

/** What is wrong with the issuer. */
export type IssuerTrouble =
  | { readonly kind: "refuses"; readonly reason: Reason; readonly retryAfter: Millis }
  /** Does not answer in time, and may have signed all the same. */
  | { readonly kind: "hangs"; readonly signs: boolean }
  | { readonly kind: "lies"; readonly lie: Lie }
  /** Gives this part of the lifetime that was asked for. */
  | { readonly kind: "clips"; readonly part: number };

/** leafd's own deadline for a whole call. */
const DEADLINE: Millis = 15 * SECOND;

const AUTHORITIES = Array.from({ length: 4 }, (_, index) => {
  const root = Authority.root(`Root ${index}`);
  return { root, issuing: root.intermediate(`Issuing ${index}`) };
});
const STRANGER = Authority.root("Stranger");

/** Vault's PKI, as far as leafd sees it: signs at once, or is in one trouble or another. */
export class SimulatedIssuer {
  readonly troubles = new Set<IssuerTrouble>();
  readonly byLeaf = new Map<string, Issuance>();
  /** Told of each signature, and whether the answer gets through. */
  onIssuance: (issuance: Issuance, arrives: boolean) => void = () => undefined;
  readonly #time: VirtualTime;
  readonly #random: Random;
  #authority = 0;
  #serial = 1;
  readonly #last = new Map<string, string>();

  constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
  }

  /** The mount gets a new root, and signs below it from now on. */
  rollOver(): void {
    this.#authority = Math.min(this.#authority + 1, AUTHORITIES.length - 1);
  }

  /** The port of a process. */
  port(clock: ProcessClock): Issuer {
    return {
      name: "main",
      identity: "default//pki/svc",
      sign: async (order, signal) => {
        await this.#answer(clock, order, signal);
        return this.#sign(order, clock.now());
      },
      authorities: async (signal) => {
        await this.#answer(clock, undefined, signal);
        return AUTHORITIES.slice(0, this.#authority + 1).flatMap(({ root, issuing }) => [issuing.pem, root.pem]);
      },
    };
  }

  /** Takes the time of an answer; rejects when there is none. */
  async #answer(clock: ProcessClock, order: SignOrder | undefined, signal: AbortSignal): Promise<void> {
    const delay = this.#random.whole(3, 200);
    for (const trouble of this.troubles) {
      if (trouble.kind === "refuses") {
        await clock.sleep(delay, signal);
        const { reason, retryAfter } = trouble;
        throw new LeafdError(reason, `the issuer says ${reason}`, retryAfter === 0 ? {} : { retryAfter });
      }
      if (trouble.kind === "hangs") {
        await clock.sleep(DEADLINE, signal);
        if (trouble.signs && order !== undefined) this.#sign(order, clock.now(), false);
        throw new LeafdError("timeout", "no answer in time");
      }
    }
    await clock.sleep(delay, signal);
  }

  #sign(order: SignOrder, receivedAt: EpochMillis, arrives = true): SignedReply {
    const now = this.#time.trueNow;
    const lie = this.#lie();
    const clip = [...this.troubles].find((trouble) => trouble.kind === "clips");
    const lifetime = Math.round((order.ttl ?? 60 * MINUTE) * (clip?.part ?? 1));
    const service = order.names.dns[0] ?? "";
    const { root, issuing } = AUTHORITIES[this.#authority] ?? { root: STRANGER, issuing: STRANGER };
    const signer = lie === "chain" || lie === "stranger" ? STRANGER : issuing;
    const moved = lie === "expired" ? -lifetime - SECOND : lie === "future" ? 10 * MINUTE : 0;
    // X.509 knows whole seconds.
    const from = Math.floor((now + moved) / SECOND) * SECOND;
    const names = lie === "name" ? { ...order.names, dns: ["other.svc"], uris: [] } : order.names;
    const csr = lie === "key" ? hashOfRequest(this.#random.whole(0, 1000)) : (order.csr ?? "");
    const body = { names, publicKey: keyOfRequest(csr), serial: ++this.#serial, notBefore: from - 30 * SECOND };
    const leaf = signer.leaf({ ...body, notAfter: from + lifetime });
    // What is told as a lie may be sound by itself: an answer that is repeated, or lost.
    const good = lie === undefined || lie === "replay" || lie === "garbage" || (lie === "key" && csr === order.csr);
    const issuance = {
      service,
      serial: body.serial,
      publicKeyHash: csr,
      at: now,
      notAfter: from + lifetime,
      receivedAt,
    };
    this.byLeaf.set(leaf, { ...issuance, root: root.pem, good });
    this.onIssuance({ ...issuance, root: root.pem, good }, arrives);
    const answer = lie === "replay" ? (this.#last.get(service) ?? leaf) : lie === "garbage" ? "<html>" : leaf;
    this.#last.set(service, leaf);
    const chain = lie === "chain" ? [] : lie === "stranger" ? [STRANGER.pem] : [issuing.pem, root.pem];
    return { leaf: answer, chain, warnings: [], leased: false, receivedAt };
  }

  #lie(): Lie | undefined {
    for (const trouble of this.troubles) if (trouble.kind === "lies") return trouble.lie;
    return undefined;
  }
}
