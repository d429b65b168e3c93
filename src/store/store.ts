import { LeafdError } from "../domain/errors.ts";
import type { Inspection, ManifestFacts, PairMaterial } from "../domain/inspection.ts";
import type { Delivery, Manifest } from "../domain/manifest.ts";
import type { OutputSpec } from "../domain/spec.ts";
import type { Clock, Store } from "../rotation/ports.ts";
import { Accounts, type Ownership } from "./accounts.ts";
import { Claims, type Warn } from "./claim.ts";
import { commitGeneration } from "./commit.ts";
import { readDelivery, writeDelivery } from "./delivery.ts";
import { createOutput, type HeldDirectory, openOutput } from "./directory.ts";
import { diskError } from "./disk-error.ts";
import { publishedFiles } from "./generation-files.ts";
import { inspectOutput, previousGeneration } from "./inspect.ts";
import { refuseImmovable, visibleGeneration } from "./links.ts";
import { generationName } from "./names.ts";
import { proveRoom, proveWritable } from "./preflight.ts";
import { sweepDirectory } from "./sweep.ts";

export interface StoreOptions {
  readonly clock: Clock;
  /** The id kept in the state directory (`StateLock.instance`). */
  readonly instance: string;
  /** The operator said `--takeover`: a directory of another leafd is taken, once. */
  readonly takeover: boolean;
  readonly warn: Warn;
  readonly accounts?: Accounts;
}

/** The output directories on the local file system. */
export function createStore(options: StoreOptions): Store {
  return new FileStore(options);
}

class FileStore implements Store {
  readonly #clock: Clock;
  readonly #accounts: Accounts;
  readonly #claims: Claims;

  constructor(options: StoreOptions) {
    this.#clock = options.clock;
    this.#accounts = options.accounts ?? new Accounts();
    this.#claims = new Claims(options);
  }

  preflight(output: OutputSpec, service: string): Promise<void> {
    return said(`prepare ${output.directory}`, () =>
      this.#inOutput(output, service, ({ directory, ownership }) => {
        refuseImmovable(directory, output);
        proveRoom(directory);
        proveWritable(directory, output, ownership);
      }),
    );
  }

  inspect(output: OutputSpec): Promise<Inspection> {
    return said(`read ${output.directory}`, () => inspectOutput(output.directory));
  }

  commit(output: OutputSpec, material: PairMaterial, facts: ManifestFacts): Promise<Manifest> {
    return said(`publish in ${output.directory}`, () =>
      this.#inOutput(output, facts.service, ({ directory, ownership }) => {
        const generation = generationName(this.#clock.now(), visibleGeneration(directory));
        const files = publishedFiles(output, material);
        return commitGeneration({ directory, output, ownership, generation, files, facts });
      }),
    );
  }

  delivery(output: OutputSpec): Promise<Delivery | undefined> {
    return said(`read ${output.directory}`, () => {
      using directory = openOutput(output.directory);
      return directory === undefined ? undefined : readDelivery(directory);
    });
  }

  recordDelivery(output: OutputSpec, delivery: Omit<Delivery, "version">): Promise<void> {
    return said(`record the delivery in ${output.directory}`, () => {
      using directory = openOutput(output.directory);
      if (directory === undefined) throw new LeafdError("target_missing", `${output.directory} does not exist`);
      this.#claims.claim(directory, output);
      writeDelivery(directory, delivery);
    });
  }

  previous(output: OutputSpec): ReturnType<Store["previous"]> {
    return said(`read ${output.directory}`, () => previousGeneration(output.directory));
  }

  sweep(output: OutputSpec): Promise<number> {
    return said(`sweep ${output.directory}`, () => {
      using directory = openOutput(output.directory);
      if (directory === undefined) return 0;
      this.#claims.claim(directory, output);
      return sweepDirectory(directory, this.#clock.now());
    });
  }

  release(output: OutputSpec): Promise<void> {
    return said(`release ${output.directory}`, () => {
      using directory = openOutput(output.directory);
      if (directory !== undefined) this.#claims.release(directory);
    });
  }

  /** Makes the directory if need be, claims it, and works in it. */
  async #inOutput<T>(output: OutputSpec, service: string, work: (place: Place) => T): Promise<Awaited<T>> {
    const ownership = await this.#accounts.resolve(output);
    using directory = createOutput(output, ownership);
    this.#claims.claim(directory, output, service);
    return await work({ directory, ownership });
  }
}

interface Place {
  readonly directory: HeldDirectory;
  readonly ownership: Ownership;
}

/** Runs `work`; whatever it throws leaves as a LeafdError that says what leafd was `doing`. */
async function said<T>(doing: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw diskError(thrown, doing);
  }
}
