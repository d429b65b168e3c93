import { parseCertificate } from "../../src/domain/certificate.ts";
import { LeafdError } from "../../src/domain/errors.ts";
import type { PairMaterial } from "../../src/domain/inspection.ts";
import type { ReloadStep } from "../../src/domain/reload-spec.ts";
import { DAY } from "../../src/domain/units.ts";
import type { Probe, ReloadContext, Reloader, ServedLeaf } from "../../src/rotation/ports.ts";
import { EventRecord } from "./event-record.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Dependents as a test wants them; left alone, they do as they are told and serve what is published. */
export class TestDependents extends EventRecord {
  readonly clock: VirtualClock;
  readonly reloads: ReloadContext[] = [];
  /** The steps that were carried out, checks included. */
  readonly steps: ReloadStep[] = [];
  /** Taken one by one: the outcomes of the next reloads, where not a success. */
  readonly reloadFailures: LeafdError[] = [];
  /** Taken one by one: the outcomes of the next checks of `preReload`; undefined is a success. */
  readonly checkFailures: (LeafdError | undefined)[] = [];
  /** A dependent that never answers. */
  reloadsHang = false;
  /** What they serve (PEM), or why nobody can see it; undefined: what is published. */
  serving: string | LeafdError | undefined;
  /** The same for one endpoint, by its port. */
  readonly servingAt = new Map<number, string | LeafdError>();
  /** How often an endpoint was looked at. */
  looks = 0;

  constructor(clock: VirtualClock) {
    super();
    this.clock = clock;
  }

  protected readonly reloader: Reloader = {
    targetKey: (_step, service) => service,
    run: async (step, context, signal) => {
      this.steps.push(step);
      if (context.cause === "check") return this.#check();
      this.reloads.push(context);
      if (this.reloadsHang) await this.clock.sleep(DAY, signal);
      const failure = this.reloadFailures.shift();
      if (failure !== undefined) throw failure;
      return "told";
    },
  };

  protected readonly probe: Probe = { served: ({ port }, own) => this.#served(port, own) };

  async #check(): Promise<string> {
    const failure = this.checkFailures.shift();
    if (failure !== undefined) throw failure;
    return "fine";
  }

  async #served(port: number, own: PairMaterial): Promise<ServedLeaf> {
    this.looks += 1;
    const serving = this.servingAt.get(port) ?? this.serving;
    if (serving instanceof LeafdError) throw serving;
    const { fingerprint, serial, notAfter } = parseCertificate(serving ?? own.certificate);
    return { fingerprint, serial, notAfter };
  }
}
