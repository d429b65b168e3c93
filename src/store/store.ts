import { LeafdError } from "../domain/errors.ts";
import type { OutputSpec } from "../domain/spec.ts";
import type { Clock, Store } from "../rotation/ports.ts";
import { Accounts, type Ownership } from "./accounts.ts";
import { Claims, type Warn } from "./claim.ts";
import { commitGeneration } from "./commit.ts";
import { readDelivery, writeDelivery } from "./delivery.ts";
import { createOutput, type HeldDirectory, openOutput } from "./directory.ts";
import { diskError } from "./disk-error.ts";
import { publishedFiles } from "./generation-files.ts";
import { inspectOutput } from "./inspect.ts";
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
  const { clock } = options;
  const accounts = options.accounts ?? new Accounts();
  const claims = new Claims(options);

  /** Makes the directory if need be, claims it, and works in it. */
  async function publish<T>(output: OutputSpec, service: string, work: (place: Place) => T): Promise<Awaited<T>> {
    const ownership = await accounts.resolve(output);
    using directory = createOutput(output, ownership);
    claims.claim(directory, output, service);
    return await work({ directory, ownership });
  }

  return {
    preflight: async (output, service) =>
      await said(`prepare ${output.directory}`, async () => {
        await publish(output, service, ({ directory, ownership }) => {
          refuseImmovable(directory, output);
          proveRoom(directory);
          proveWritable(directory, output, ownership);
        });
      }),

    inspect: async (output) => await said(`read ${output.directory}`, () => inspectOutput(output.directory)),

    commit: async (output, material, facts) =>
      await said(`publish in ${output.directory}`, async () =>
        publish(output, facts.service, async ({ directory, ownership }) => {
          const generation = generationName(clock.now(), visibleGeneration(directory));
          const files = publishedFiles(output, material);
          return await commitGeneration({ directory, output, ownership, generation, files, facts });
        }),
      ),

    delivery: async (output) =>
      await said(`read ${output.directory}`, () => {
        using directory = openOutput(output.directory);
        return directory === undefined ? undefined : readDelivery(directory);
      }),

    recordDelivery: async (output, delivery) =>
      await said(`record the delivery in ${output.directory}`, () => {
        using directory = existing(output);
        claims.claim(directory, output);
        writeDelivery(directory, delivery);
      }),

    sweep: async (output) =>
      await said(`sweep ${output.directory}`, () => {
        using directory = openOutput(output.directory);
        if (directory === undefined) return 0;
        claims.claim(directory, output);
        return sweepDirectory(directory, clock.now());
      }),

    release: async (output) =>
      await said(`release ${output.directory}`, () => {
        using directory = openOutput(output.directory);
        if (directory !== undefined) claims.release(directory);
      }),
  };
}

interface Place {
  readonly directory: HeldDirectory;
  readonly ownership: Ownership;
}

function existing(output: OutputSpec): HeldDirectory {
  const directory = openOutput(output.directory);
  if (directory !== undefined) return directory;
  throw new LeafdError("target_missing", `${output.directory} does not exist`);
}

/** Runs `work`; whatever it throws leaves as a LeafdError that says what leafd was `doing`. */
async function said<T>(doing: string, work: () => T): Promise<Awaited<T>> {
  try {
    return await work();
  } catch (thrown) {
    throw diskError(thrown, doing);
  }
}
