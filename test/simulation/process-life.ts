import { MINUTE, type Millis } from "../../src/domain/units.ts";
import type { Scene } from "./scene.ts";
import type { Happening } from "./weather.ts";

/** How leafd's process ends, and that it begins again. */
export class ProcessLife {
  readonly #world: Scene;
  /** How long it stays down when it is killed in a call. */
  #down: Millis = MINUTE;

  constructor(world: Scene) {
    this.#world = world;
  }

  /** The process was killed in the middle of a call. */
  died(): void {
    this.#world.log("world", "killed in a call");
    this.kill(this.#down);
  }

  killSoon({ when, calls, down }: Happening & { kind: "kill" }): void {
    const { faults } = this.#world.disk;
    this.#down = down;
    if (when === "now") return this.kill(down);
    if (when === "call") faults.killAfter = calls;
    else
      this.#world.onRotation = () => {
        this.#world.onRotation = undefined;
        faults.killAfter = calls;
      };
  }

  kill(down: Millis): void {
    const { leafd } = this.#world;
    if (leafd === undefined) return;
    leafd.kill();
    this.#world.leafd = undefined;
    // What it still tries while it unwinds has no effect.
    this.#world.disk.faults.dead = false;
    this.#world.disk.endProcess();
    this.#startAgain(down);
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
