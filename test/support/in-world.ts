import { test } from "node:test";
import { RotationWorld } from "./rotation-world.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

/** A test in a world and a directory of its own. */
export function inWorld(name: string, run: (world: RotationWorld, dir: TempDir) => Promise<void>): void {
  test(name, async () => {
    await using dir = await tempDir();
    await run(await RotationWorld.create(dir), dir);
  });
}
