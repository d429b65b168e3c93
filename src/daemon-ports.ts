import { join } from "node:path";
import type { LeafdError } from "./domain/errors.ts";
import type { Settings } from "./domain/spec.ts";
import { type Millis, SECOND } from "./domain/units.ts";
import { keys } from "./keys/keys.ts";
import { createProbe } from "./reload/probe.ts";
import { createReloader } from "./reload/reloader.ts";
import type { SharedPorts } from "./rotation/job.ts";
import type { Clock, SharedTrust, Store, Windows } from "./rotation/ports.ts";
import { serviceTrust } from "./rotation/service-trust.ts";
import { TrustKeeper } from "./rotation/trust.ts";
import { openLedger } from "./store/ledger.ts";
import { openPauses } from "./store/pauses.ts";
import { createStore } from "./store/store.ts";
import { createTrustMemory } from "./store/trust-memory.ts";
import { sharedLookup } from "./vault/lookup.ts";

interface PortOptions {
  readonly clock: Clock;
  readonly stateDir: string;
  /** Of this process: what hooks inherit, and whom a signal must not reach. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** The id kept in the state directory. */
  readonly instance: string;
  readonly warn: (error: LeafdError) => void;
  readonly store: Store;
  /** As configured now. */
  readonly trust: () => SharedTrust;
  readonly windows: () => Windows;
  /** How far the servers' clocks are ahead of ours; undefined while none has said its time. */
  readonly skew: () => Millis | undefined;
}

/** The real world, as rotations see it. */
export function createPorts(options: PortOptions): SharedPorts {
  const { clock, stateDir, environment, pid, instance, warn, store, trust, windows, skew } = options;
  return {
    clock,
    keys,
    store,
    ledger: openLedger(stateDir, { clock, warn: (_path, error) => warn(error) }),
    trust: {
      known: (issuers) => trust().known(issuers),
      anchored: (issuer, anchor, until) => trust().anchored(issuer, anchor, until),
      bundle: (issuers, signer, signal) => trust().bundle(issuers, signer, signal),
      outdated: (issuer) => trust().outdated(issuer),
      lacks: (issuers) => trust().lacks(issuers),
    },
    reloader: createReloader({ clock, environment, ownPid: pid }),
    probe: createProbe({ clock, lookup: sharedLookup }),
    windows: { opensAt: (wanted, now) => windows().opensAt(wanted, now) },
    skew: () => serious(skew()),
    heldDirectory: heldIn(stateDir),
    seed: instance,
  };
}

export type ReadingPorts = ReturnType<typeof readingPorts>;

/** The part of it that is seen without being a daemon: no lock is taken, nothing claimed or written, nobody asked. */
export function readingPorts({ stateDir, trust }: Settings, clock: Clock) {
  const ignore = () => undefined;
  const memory = createTrustMemory(stateDir, ignore);
  return {
    clock,
    keys,
    store: createStore({ clock, instance: "", takeover: false, warn: ignore }),
    ledger: openLedger(stateDir, { clock, warn: ignore }),
    trust: serviceTrust(new TrustKeeper({ spec: trust, memory, clock, emit: ignore })),
    pauses: openPauses(stateDir, { clock, warn: ignore }),
    heldDirectory: heldIn(stateDir),
    seed: "",
  };
}

function heldIn(stateDir: string): string {
  return join(stateDir, "held");
}

/** Servers say whole seconds, and an answer takes its time: less is no skew. */
function serious(skew: Millis = 0): Millis {
  return Math.abs(skew) < 2 * SECOND ? 0 : skew;
}
