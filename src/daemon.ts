import { isDeepStrictEqual } from "node:util";
import type { LoadedConfig } from "./config/load.ts";
import { createPorts } from "./daemon-ports.ts";
import { LeafdError } from "./domain/errors.ts";
import type { Settings, TrustSpec } from "./domain/spec.ts";
import { trustEnd } from "./domain/status/authority-ends.ts";
import { serviceStatus } from "./domain/status/service-status.ts";
import type { DaemonStatus } from "./domain/status.ts";
import type { EpochMillis } from "./domain/units.ts";
import type { GuardedClock } from "./rotation/guarded-clock.ts";
import { Operator } from "./rotation/operator.ts";
import type { Clock, Emit, SharedTrust, Store, Windows } from "./rotation/ports.ts";
import type { ServiceRunner } from "./rotation/runner.ts";
import { Supervisor } from "./rotation/supervisor.ts";
import { TrustKeeper } from "./rotation/trust.ts";
import { acquireStateLock, rootInPlaceOfOwner, type StateLock } from "./store/lock.ts";
import { openPauses } from "./store/pauses.ts";
import { createStore } from "./store/store.ts";
import { createTrustMemory } from "./store/trust-memory.ts";
import { Clusters } from "./vault/clusters.ts";
import { VERSION } from "./version.ts";

interface DaemonOptions {
  readonly clock: Clock;
  /** The same clock, where it doubts what the machine says. */
  readonly guard?: Pick<GuardedClock, "status" | "suspect" | "heard">;
  readonly emit: Emit;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** The operator said `--takeover`. */
  readonly takeover: boolean;
  /** True for a program that stays: logs in at once and keeps its tokens alive. */
  readonly upkeep: boolean;
}

const ALWAYS_OPEN: Windows = { opensAt: (_windows, now) => now };

/** What a running leafd keeps as it was when it started. */
const FIXED = ["stateDir", "observe", "control", "log"] as const;

/**
 * The composition root: configuration → adapters → rotation. Holds the state directory's lock from its construction
 * until it is disposed.
 */
export class Daemon implements AsyncDisposable {
  readonly supervisor: Supervisor;
  /** What may be asked of it over the admin socket. */
  readonly operator: Operator;
  readonly #options: DaemonOptions;
  readonly #lock: StateLock;
  readonly #atStart: Settings;
  readonly #store: Store;
  readonly #clusters: Clusters;
  readonly #newTrust: (spec: TrustSpec) => SharedTrust;
  readonly #trust: { spec: TrustSpec; current: SharedTrust };
  readonly #startedAt: EpochMillis;
  #windows = ALWAYS_OPEN;
  #config: LoadedConfig;
  #configLoadedAt: EpochMillis;
  #configError: DaemonStatus["configError"];

  /** Takes the lock, or throws the LeafdError `state_locked`; nothing runs before `apply`. */
  constructor(config: LoadedConfig, options: DaemonOptions) {
    const { clock, guard, emit, environment, pid, takeover, upkeep } = options;
    const { stateDir, trust } = config.settings;
    const warn = (error: LeafdError) => this.warn("state", error);
    this.#options = options;
    this.#config = config;
    this.#startedAt = this.#configLoadedAt = clock.now();
    this.#atStart = config.settings;
    this.#lock = acquireStateLock(stateDir);
    const { instance } = this.#lock;
    const misplaced = rootInPlaceOfOwner(stateDir);
    if (misplaced !== undefined) warn(misplaced);
    this.#store = createStore({ clock, instance, takeover, warn: (_path, error) => warn(error) });
    this.#clusters = new Clusters({ clock, emit, stateDir, upkeep, heard: (time) => guard?.heard(time) });
    const memory = createTrustMemory(stateDir, warn);
    this.#newTrust = (spec) => new TrustKeeper({ spec, memory, clock, emit });
    this.#trust = { spec: trust, current: this.#newTrust(trust) };
    const ports = createPorts({
      clock,
      stateDir,
      environment,
      pid,
      instance,
      warn,
      store: this.#store,
      trust: () => this.#trust.current,
      windows: () => this.#windows,
      skew: () => guard?.status().skew,
    });
    const pauses = openPauses(stateDir, { clock, warn: (_path, error) => warn(error) });
    this.supervisor = new Supervisor({
      ports,
      emit,
      pauses,
      issuerFor: (spec) => this.#clusters.issuer(spec),
      suspect: (plausible) => guard?.suspect(plausible),
      included: () => this.settings.trust.include,
      placesFor: (cluster) => this.settings.clusters.find(({ name }) => name === cluster)?.concurrency ?? 1,
    });
    this.operator = new Operator({ supervisor: this.supervisor, pauses, clock });
  }

  get settings(): Settings {
    return this.#config.settings;
  }

  /** Makes this configuration the one in force: clusters, trust, then the services that it adds, changes or removes. */
  async apply(config: LoadedConfig): Promise<void> {
    const { clock, emit } = this.#options;
    const { settings } = config;
    await this.#loadWindows(settings);
    const { replaced, retire } = this.#clusters.apply(settings.clusters);
    if (!isDeepStrictEqual(this.#trust.spec, settings.trust)) {
      this.#trust.spec = settings.trust;
      this.#trust.current = this.#newTrust(settings.trust);
      for (const { name } of settings.clusters) replaced.add(name);
    }
    this.#config = config;
    this.#configLoadedAt = clock.now();
    this.#configError = undefined;
    const changes = await this.supervisor.apply(settings.services, replaced);
    await retire();
    emit({ kind: "config_loaded", at: clock.now(), hash: config.hash, ...changes });
    const fixed = FIXED.filter((key) => !isDeepStrictEqual(settings[key], this.#atStart[key]));
    if (fixed.length === 0) return;
    const message = `${fixed.join(", ")} changed, which takes effect at the next start`;
    this.warn(
      "config",
      new LeafdError("config_invalid", message, { hint: "Restart leafd; that costs no certificate." }),
    );
  }

  /** A configuration was refused: the one before it stays in force, and the status says so. */
  refuse(message: string): void {
    const at = this.#options.clock.now();
    this.#configError = { at, message };
    this.#options.emit({ kind: "config_rejected", at, message });
  }

  /** The services with their clusters, each to be worked on by the caller: what `once` needs instead of `run`. */
  async prepare(): Promise<readonly ServiceRunner[]> {
    const { clusters, services } = this.settings;
    await this.#loadWindows(this.settings);
    this.#clusters.apply(clusters);
    return this.supervisor.prepare(services);
  }

  /** Gives the output directories back, so that the sidecar after this init container takes them at once. */
  async release(): Promise<void> {
    await Promise.all(this.settings.services.map(({ output }) => this.#store.release(output)));
  }

  /** Asks the clusters for the time. */
  serverTime(signal: AbortSignal): Promise<EpochMillis | undefined> {
    return this.#clusters.serverTime(signal);
  }

  status(): DaemonStatus {
    const { guard, upkeep } = this.#options;
    const services = this.supervisor.services();
    return {
      version: VERSION,
      pid: this.#options.pid,
      startedAt: this.#startedAt,
      configHash: this.#config.hash,
      configLoadedAt: this.#configLoadedAt,
      ...(guard === undefined ? {} : { clock: guard.status() }),
      ...(this.#configError === undefined ? {} : { configError: this.#configError }),
      clusters: this.#clusters.status(),
      issuers: this.supervisor.issuers(),
      ...trustEnd(services.map(({ state }) => state)),
      ...(upkeep ? this.supervisor.agenda.status() : {}),
      services: services.map(({ state, circumstances }) => serviceStatus(state, circumstances)),
    };
  }

  /** Ends what still runs and gives the lock back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.supervisor.close();
    await this.#clusters.stop();
    await this.#lock[Symbol.asyncDispose]();
  }

  /** What reads calendars is loaded when a service has windows, which few have. */
  async #loadWindows({ services }: Settings): Promise<void> {
    if (this.#windows !== ALWAYS_OPEN || services.every(({ windows }) => windows.length === 0)) return;
    const { createWindows } = await import("./runtime/windows.ts");
    this.#windows = createWindows();
  }

  /** Says that something is not as it should be, and that leafd copes. */
  warn(subject: "config" | "state", { reason, message, hint }: LeafdError): void {
    const at = this.#options.clock.now();
    this.#options.emit({ kind: "warning", at, subject, reason, message, ...(hint === undefined ? {} : { hint }) });
  }
}
