import type { Reason } from "../../src/domain/errors.ts";
import { DAY, type EpochMillis, HOUR, MINUTE, type Millis, SECOND } from "../../src/domain/units.ts";
import type { DiskError } from "./disk/faults.ts";
import type { Cluster, IssuerTrouble } from "./issuer.ts";
import { LIES, NAME_LIES } from "./lies.ts";
import type { Random } from "./random.ts";

/** Something that happens to leafd from outside. */
export type Happening =
  | {
      readonly kind: "issuer";
      readonly clusters: readonly Cluster[];
      readonly trouble: IssuerTrouble;
      readonly lasts: Millis;
    }
  | {
      readonly kind: "disk";
      readonly code: DiskError;
      readonly chance: number;
      /** One output, all of them, or the state directory too. */
      readonly reach: "output" | "outputs" | "all";
      readonly lasts: Millis;
    }
  | { readonly kind: "dependent"; readonly trouble: "fails" | "hangs"; readonly lasts: Millis }
  | {
      readonly kind: "kill" | "power cut";
      /** At once, at one of the next calls to the disk, or at one of those of the next rotation. */
      readonly when: "now" | "call" | "rotation";
      readonly calls: number;
      readonly down: Millis;
    }
  | { readonly kind: "restart"; readonly down: Millis }
  | { readonly kind: "clock"; readonly error: Millis; readonly lasts: Millis }
  | { readonly kind: "suspend"; readonly lasts: Millis }
  | { readonly kind: "tamper"; readonly how: "delete file" | "edit" | "chmod" | "unlink" | "no data" | "wipe" }
  | { readonly kind: "renew" }
  | { readonly kind: "configuration"; readonly how: "add" | "remove" | "ttl" | "mode" | "renewAt" }
  | { readonly kind: "new root"; readonly cluster: Cluster };

const REFUSALS: readonly [Reason, ...Reason[]] = [
  "dns",
  "connect",
  "tls",
  "bad_response",
  "sealed",
  "overloaded",
  "standby",
  "uninitialised",
  "not_consistent",
  "quota",
  "server_error",
  "credential_missing",
  "login_denied",
  "token_invalid",
  "permission_denied",
  "mount_missing",
  "role_missing",
  "issuer_missing",
  "key_denied",
  "name_denied",
  "request_denied",
];

function refusal(random: Random): IssuerTrouble {
  const retryAfter = random.chance(0.2) ? random.whole(1, 60) * SECOND : 0;
  return { kind: "refuses", reason: random.pick(REFUSALS), retryAfter, healthy: random.chance(0.2) };
}

/** Mostly the one that all services prefer. */
function clusters(random: Random): readonly Cluster[] {
  return random.pick([["here"], ["here"], ["there"], ["here", "there"]]);
}

function ending(random: Random) {
  const when = random.pick(["now", "call", "rotation", "rotation"]);
  return { when, calls: random.whole(0, 120) };
}

interface Hazard {
  /** How often, on average. */
  readonly every: Millis;
  readonly make: (random: Random) => Happening;
}

const HAZARDS: Readonly<Record<string, Hazard>> = {
  refuses: {
    every: 4 * DAY,
    make: (random) => ({
      kind: "issuer",
      clusters: clusters(random),
      trouble: refusal(random),
      lasts: random.spread(5 * SECOND, 2 * HOUR),
    }),
  },
  "refuses for long": {
    every: 40 * DAY,
    make: (random) => ({
      kind: "issuer",
      clusters: ["here", "there"],
      trouble: refusal(random),
      // Mostly longer than a pair of half a day has left when it comes due: only a reserve helps.
      lasts: random.spread(3 * HOUR, 12 * HOUR),
    }),
  },
  hangs: {
    every: 8 * DAY,
    make: (random) => {
      const trouble = { kind: "hangs", signs: random.chance(0.3) } as const;
      return { kind: "issuer", clusters: clusters(random), trouble, lasts: random.spread(10 * SECOND, 2 * HOUR) };
    },
  },
  lies: {
    every: 6 * DAY,
    make: (random) => {
      const trouble = { kind: "lies", lie: random.pick(LIES) } as const;
      return { kind: "issuer", clusters: clusters(random), trouble, lasts: random.spread(10 * SECOND, 3 * HOUR) };
    },
  },
  "gives other names": {
    every: 7 * DAY,
    make: (random) => {
      const trouble = { kind: "lies", lie: random.pick(NAME_LIES) } as const;
      return { kind: "issuer", clusters: clusters(random), trouble, lasts: random.spread(5 * MINUTE, 2 * HOUR) };
    },
  },
  clips: {
    every: 10 * DAY,
    make: (random) => {
      const trouble = { kind: "clips", part: random.spread(50, 900) / 1000 } as const;
      return { kind: "issuer", clusters: clusters(random), trouble, lasts: random.spread(10 * MINUTE, 12 * HOUR) };
    },
  },
  disk: {
    every: 5 * DAY,
    make: (random) => ({
      kind: "disk",
      code: random.pick(["ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES"]),
      chance: random.pick([1, 0.3, 0.05]),
      reach: random.pick(["output", "outputs", "all"]),
      lasts: random.spread(SECOND, 2 * HOUR),
    }),
  },
  dependent: {
    every: 3 * DAY,
    make: (random) => {
      const trouble = random.pick(["fails", "hangs"]);
      return { kind: "dependent", trouble, lasts: random.spread(SECOND, 2 * HOUR) };
    },
  },
  kill: {
    every: 2 * DAY,
    make: (random) => ({ kind: "kill", ...ending(random), down: random.spread(SECOND, HOUR) }),
  },
  "power cut": {
    every: 6 * DAY,
    make: (random) => ({ kind: "power cut", ...ending(random), down: random.spread(10 * SECOND, 4 * HOUR) }),
  },
  restart: { every: 7 * DAY, make: (random) => ({ kind: "restart", down: random.spread(SECOND, 10 * MINUTE) }) },
  clock: {
    every: 15 * DAY,
    make: (random) => {
      const error = random.spread(SECOND, 3 * DAY) * (random.chance(0.5) ? 1 : -1);
      return { kind: "clock", error, lasts: random.spread(MINUTE, 12 * HOUR) };
    },
  },
  suspend: { every: 10 * DAY, make: (random) => ({ kind: "suspend", lasts: random.spread(MINUTE, 10 * HOUR) }) },
  tamper: {
    every: 4 * DAY,
    make: (random) => {
      const how = random.pick(["delete file", "edit", "chmod", "unlink", "no data", "wipe"]);
      return { kind: "tamper", how };
    },
  },
  renew: { every: 5 * DAY, make: () => ({ kind: "renew" }) },
  configuration: {
    every: 6 * DAY,
    make: (random) => ({ kind: "configuration", how: random.pick(["add", "remove", "ttl", "mode", "renewAt"]) }),
  },
  "new root": { every: 30 * DAY, make: (random) => ({ kind: "new root", cluster: random.pick(["here", "there"]) }) },
};

export interface Scheduled {
  readonly at: EpochMillis;
  readonly happening: Happening;
}

/** All that happens between two times, in order: each hazard by itself and at random moments. */
export function forecast(from: EpochMillis, to: EpochMillis, random: (label: string) => Random): readonly Scheduled[] {
  const all: Scheduled[] = [];
  for (const [name, { every, make }] of Object.entries(HAZARDS)) {
    const chance = random(name);
    const gap = (): Millis => Math.round(-Math.log(1 - chance.next()) * every);
    for (let at = from + gap(); at < to; at += Math.max(1, gap())) all.push({ at, happening: make(chance) });
  }
  return all.sort((a, b) => a.at - b.at);
}
