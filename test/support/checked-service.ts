import { readFile } from "node:fs/promises";
import { parseCertificate } from "../../src/domain/certificate.ts";
import { LeafdError } from "../../src/domain/errors.ts";
import type { ReloadStep } from "../../src/domain/reload-spec.ts";
import type { ServiceSpec } from "../../src/domain/spec.ts";
import type { ServiceRunner } from "../../src/rotation/runner.ts";
import type { RotationWorld } from "./rotation-world.ts";
import type { TempDir } from "./temp-dir.ts";

const CHECK: ReloadStep = { kind: "touch", path: "/check" };
const RELOAD: ReloadStep = { kind: "touch", path: "/reload" };

interface CheckedService {
  readonly spec: ServiceSpec;
  readonly runner: ServiceRunner;
  /** The serial of its first pair. */
  readonly first: string;
}

/** A service whose dependent checks its pairs, with the first pair, which was not refused. */
export async function checkedService(
  world: RotationWorld,
  dir: TempDir,
  changes: Partial<ServiceSpec> = {},
): Promise<CheckedService> {
  const spec = world.spec({ preReload: [CHECK], reload: [RELOAD], ...changes });
  const runner = world.start(spec);
  await world.settle(runner);
  return { spec, runner, first: await liveSerial(dir) };
}

/** What a check that refuses says. */
export function refusal(): LeafdError {
  return new LeafdError("reload_failed", "nginx -t: exit code 1");
}

/** The serial of the pair that is published. */
export async function liveSerial(dir: TempDir): Promise<string> {
  return parseCertificate(await readFile(dir.join("live/tls.crt"), "utf8")).serial;
}
