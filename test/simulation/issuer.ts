import { LeafdError, type Reason } from "../../src/domain/errors.ts";
import type { SignedReply, SignOrder } from "../../src/domain/sign-order.ts";
import { type EpochMillis, MINUTE, type Millis, SECOND } from "../../src/domain/units.ts";
import type { Clock, Issuer } from "../../src/rotation/ports.ts";
import { Authority } from "./authority.ts";
import { type Lie, namesIn } from "./lies.ts";
import { hashOfRequest, keyOfRequest } from "./pooled-keys.ts";
import type { Random } from "./random.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** A certificate that the issuer has signed, whether or not anybody got it. */
export interface Issuance {
  /** The first name of the request, which is that of the service. */
  readonly service: string;
  /** By which of its names the issuer was asked. */
  readonly issuer: string;
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

/** The Vaults that there are. */
export type Cluster = "here" | "there";

/** What is wrong with the issuer. */
export type IssuerTrouble =
  | {
      readonly kind: "refuses";
      readonly reason: Reason;
      readonly retryAfter: Millis;
      /** Its health looks good all the same. */
      readonly healthy: boolean;
    }
  /** Does not answer in time, and may have signed all the same. */
  | { readonly kind: "hangs"; readonly signs: boolean }
  | { readonly kind: "lies"; readonly lie: Lie }
  /** Gives this part of the lifetime that was asked for. */
  | { readonly kind: "clips"; readonly part: number };

/** leafd's own deadline for a whole call. */
const DEADLINE: Millis = 15 * SECOND;

/** A root and the CA below it that signs. */
interface Authorities {
  readonly root: Authority;
  readonly issuing: Authority;
}

/** The roots that a mount has one after the other. */
function authoritiesOf(mount: string): readonly Authorities[] {
  return Array.from({ length: 4 }, (_, index) => {
    const root = Authority.root(`Root ${mount} ${index}`);
    return { root, issuing: root.intermediate(`Issuing ${mount} ${index}`) };
  });
}

const AUTHORITIES: Readonly<Record<Cluster, readonly Authorities[]>> = {
  here: authoritiesOf("here"),
  there: authoritiesOf("there"),
};
const STRANGER = Authority.root("Stranger");

interface Asked {
  /** Of the issuer. */
  readonly name: string;
  readonly order: SignOrder;
}

/** What all issuers have signed. */
export class Register {
  readonly byLeaf = new Map<string, Issuance>();
  /** Told of each signature, and whether the answer gets through. */
  onIssuance: (issuance: Issuance, arrives: boolean) => void = () => undefined;
  serial = 1;
}

/** Vault's PKI in one cluster, as far as leafd sees it: signs at once, or is in one trouble or another. */
export class SimulatedIssuer {
  readonly troubles = new Set<IssuerTrouble>();
  readonly #cluster: Cluster;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #register: Register;
  #authority = 0;
  readonly #last = new Map<string, string>();

  constructor(cluster: Cluster, around: { time: VirtualTime; random: Random; register: Register }) {
    this.#cluster = cluster;
    this.#time = around.time;
    this.#random = around.random;
    this.#register = around.register;
  }

  /** The mount gets a new root, and signs below it from now on. */
  rollOver(): void {
    this.#authority = Math.min(this.#authority + 1, AUTHORITIES[this.#cluster].length - 1);
  }

  /** The port of a process, for one of the issuer's roles. */
  port(name: string, clock: Clock): Issuer {
    const authorities = AUTHORITIES[this.#cluster];
    return {
      name,
      identity: `${this.#cluster}//pki/${name}`,
      method: "sign",
      sign: async (order, signal) => {
        await this.#answer(clock, { name, order }, signal);
        return this.#sign({ name, order }, clock.now());
      },
      authorities: async (signal) => {
        await this.#answer(clock, undefined, signal);
        return authorities.slice(0, this.#authority + 1).flatMap(({ root, issuing }) => [issuing.pem, root.pem]);
      },
      health: async (signal) => {
        for (const trouble of this.troubles) {
          if (trouble.kind === "hangs") await clock.sleep(DEADLINE, signal);
          if (trouble.kind === "hangs") throw new LeafdError("timeout", "no answer in time");
          if (trouble.kind === "refuses" && !trouble.healthy) throw new LeafdError(trouble.reason, "it is not well");
        }
        return { serverTime: this.#time.trueNow };
      },
      revoke: () => Promise.resolve(),
    };
  }

  /** Takes the time of an answer; rejects when there is none. */
  async #answer(clock: Clock, asked: Asked | undefined, signal: AbortSignal): Promise<void> {
    const delay = this.#random.whole(3, 200);
    for (const trouble of this.troubles) {
      if (trouble.kind === "refuses") {
        await clock.sleep(delay, signal);
        const { reason, retryAfter } = trouble;
        throw new LeafdError(reason, `the issuer says ${reason}`, retryAfter === 0 ? {} : { retryAfter });
      }
      if (trouble.kind === "hangs") {
        await clock.sleep(DEADLINE, signal);
        if (trouble.signs && asked !== undefined) this.#sign(asked, clock.now(), false);
        throw new LeafdError("timeout", "no answer in time");
      }
    }
    await clock.sleep(delay, signal);
  }

  #sign({ name, order }: Asked, receivedAt: EpochMillis, arrives = true): SignedReply {
    const now = this.#time.trueNow;
    const lie = this.#lie();
    const clip = [...this.troubles].find((trouble) => trouble.kind === "clips");
    const lifetime = Math.round((order.ttl ?? 60 * MINUTE) * (clip?.part ?? 1));
    const service = order.names.dns[0] ?? "";
    const { root, issuing } = AUTHORITIES[this.#cluster][this.#authority] ?? { root: STRANGER, issuing: STRANGER };
    const signer = lie === "chain" || lie === "stranger" ? STRANGER : issuing;
    const moved = lie === "expired" ? -lifetime - SECOND : lie === "future" ? 10 * MINUTE : 0;
    // X.509 knows whole seconds.
    const from = Math.floor((now + moved) / SECOND) * SECOND;
    const names = namesIn(lie, order.names);
    const csr = lie === "key" ? hashOfRequest(this.#random.whole(0, 1000)) : (order.csr ?? "");
    const body = {
      names,
      publicKey: keyOfRequest(csr),
      serial: ++this.#register.serial,
      notBefore: from - 30 * SECOND,
    };
    const leaf = signer.leaf({ ...body, notAfter: from + lifetime });
    // What is told as a lie may be sound by itself: an answer that is repeated, or lost.
    const good = lie === undefined || lie === "replay" || lie === "garbage" || (lie === "key" && csr === order.csr);
    const issuance = {
      service,
      issuer: name,
      serial: body.serial,
      publicKeyHash: csr,
      at: now,
      notAfter: from + lifetime,
      receivedAt,
    };
    const signed = { ...issuance, root: root.pem, good };
    this.#register.byLeaf.set(leaf, signed);
    this.#register.onIssuance(signed, arrives);
    const answer =
      lie === "replay" ? (this.#last.get(`${name} ${service}`) ?? leaf) : lie === "garbage" ? "<html>" : leaf;
    this.#last.set(`${name} ${service}`, leaf);
    const chain = lie === "chain" ? [] : lie === "stranger" ? [STRANGER.pem] : [issuing.pem, root.pem];
    return { leaf: answer, chain, warnings: [], leased: false, receivedAt };
  }

  #lie(): Lie | undefined {
    for (const trouble of this.troubles) if (trouble.kind === "lies") return trouble.lie;
    return undefined;
  }
}
