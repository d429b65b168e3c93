import type { Millis } from "../../src/domain/units.ts";
import type { Scene } from "./scene.ts";
import type { Happening } from "./weather.ts";

type End = Happening & { kind: "kill" | "power cut" };

/** How leafd's process ends, and that it begins again. */
export class ProcessLife {
  readonly #world: Scene;
  /** What ends it in the middle of a call. */
  #end: End | undefined;

  constructor(world: Scene) {
    this.#world = world;
  }

  endSoon(end: End): void {
    if (this.#world.leafd === undefined) return;
    if (end.when === "rotation") this.#world.onRotation = () => this.#arm(end);
    else this.#arm(end);
  }

  #arm(end: End): void {
    const { disk } = this.#world;
    this.#world.onRotation = undefined;
    this.#end = end;
    // Kernels write back within half a minute what nobody syncs: only what comes from here on may be lost.
    if (end.kind === "power cut") disk.writeBack();
    if (end.when === "now") this.died();
    else disk.faults.killAfter = end.calls;
  }

  /** Where the process is dead, perhaps in the middle of a call. */
  died(): void {
    const { leafd, disk, invariants } = this.#world;
    const end = this.#end;
    if (leafd === undefined || end === undefined) return;
    this.#world.log("world", `${end.kind}: now`);
    leafd.kill();
    this.#world.leafd = undefined;
    // Until the next start: whatever the old process still tries has no effect.
    disk.faults.dead = true;
    if (end.kind === "power cut") {
      disk.cutPower();
      invariants.forgiveBudgets();
    }
    this.#startAgain(end.down);
  }

  restart(down: Millis): void {
    const { leafd } = this.#world;
    if (leafd === undefined) return;
    this.#world.leafd = undefined;
    void leafd.stop();
    this.#startAgain(down);
  }

  #startAgain(down: Millis): void {
    const { excuses, time } = this.#world;
    excuses.begin("process");
    this.#world.later(down, () => {
      this.#world.start();
      excuses.end("process", time.trueNow);
    });
  }
}
