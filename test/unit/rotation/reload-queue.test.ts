import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { LeafdError } from "../../../src/domain/errors.ts";
import type { RotationEvent } from "../../../src/domain/events.ts";
import type { ReloadStep } from "../../../src/domain/reload-spec.ts";
import type { ReloadContext } from "../../../src/rotation/ports.ts";
import { createReloadQueue, type ReloadOrder, ReloadStepError } from "../../../src/rotation/reload-queue.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const NEVER = new AbortController().signal;

interface Run {
  readonly path: string;
  readonly context: ReloadContext;
  readonly signal: AbortSignal;
}

/** A queue over a reloader whose runs take a second, or what `run` says. */
function queueOf(run: (this: void, run: Run) => Promise<string>) {
  const clock = new VirtualClock();
  const runs: Run[] = [];
  const events: RotationEvent[] = [];
  const reloader = {
    targetKey: (step: ReloadStep) => pathOf(step),
    run(step: ReloadStep, context: ReloadContext, signal: AbortSignal) {
      const begun = { path: pathOf(step), context, signal };
      runs.push(begun);
      return run(begun);
    },
  };
  const queue = createReloadQueue({ reloader, clock, emit: (event) => events.push(event) });
  return { clock, runs, events, queue };
}

/** Every run takes a second. */
function slowQueue() {
  const made = queueOf(async ({ signal }) => {
    await made.clock.sleep(1000, signal);
    return "done";
  });
  return made;
}

function touch(path: string): ReloadStep {
  return { kind: "touch", path };
}

function pathOf(step: ReloadStep): string {
  return step.kind === "touch" ? step.path : step.kind;
}

function order(service: string, ...paths: string[]): ReloadOrder {
  return { service, directory: `/certs/${service}`, cause: "renewal_due", steps: paths.map(touch) };
}

/** A delivery and how it stands: `pending`, `delivered` or the reason of its failure. */
function watch(delivery: Promise<void>) {
  const seen = { state: "pending", error: undefined as unknown };
  delivery.then(
    () => {
      seen.state = "delivered";
    },
    (error: unknown) => {
      seen.state = error instanceof LeafdError ? error.reason : "not a LeafdError";
      seen.error = error;
    },
  );
  return seen;
}

suite("reload queue: one run for many", () => {
  test("200 services behind one dependent are one run, which names them all", async () => {
    const { clock, runs, events, queue } = slowQueue();
    const names = Array.from({ length: 200 }, (_, i) => `s${String(i).padStart(3, "0")}`);
    const all = names.toReversed().map((name) => watch(queue.deliver(order(name, "nginx"), NEVER)));
    await clock.advance(1300);
    assert.ok(all.every(({ state }) => state === "delivered"));
    assert.equal(runs.length, 1);
    assert.deepEqual(runs[0]?.context.services, names);
    assert.deepEqual(
      runs[0]?.context.directories,
      names.map((name) => `/certs/${name}`),
    );
    assert.equal(runs[0]?.context.cause, "renewal_due");
    assert.equal(events.filter(({ kind }) => kind === "reload_started").length, 200);
    const reloaded = { kind: "reloaded", method: "touch", target: "nginx", took: 1000, detail: "done" };
    const expected = { ...reloaded, service: "s000", at: clock.now() };
    assert.deepEqual(
      events.find((event) => event.kind === "reloaded"),
      expected,
    );
  });

  test("services with different reasons name each reason once", async () => {
    const { clock, runs, queue } = slowQueue();
    queue.deliver({ ...order("api", "nginx"), cause: "forced" }, NEVER);
    queue.deliver(order("web", "nginx"), NEVER);
    queue.deliver(order("zoo", "nginx"), NEVER);
    await clock.advance(2000);
    assert.equal(runs[0]?.context.cause, "forced renewal_due");
  });

  test("a run begins when nobody has joined for 300 ms, and after 2 s at the latest", async () => {
    const { clock, runs, queue } = slowQueue();
    for (let i = 0; i < 8; i++) {
      queue.deliver(order(`s${i}`, "nginx"), NEVER);
      await clock.advance(250);
      assert.equal(runs.length, i < 7 ? 0 : 1, `after ${(i + 1) * 250} ms`);
    }
    const quiet = slowQueue();
    quiet.queue.deliver(order("web", "nginx"), NEVER);
    await quiet.clock.advance(299);
    assert.equal(quiet.runs.length, 0);
    await quiet.clock.advance(1);
    assert.equal(quiet.runs.length, 1);
  });

  test("who comes while a run is under way gets a further run, and never two at a time", async () => {
    const { clock, runs, queue } = slowQueue();
    const early = watch(queue.deliver(order("api", "nginx"), NEVER));
    await clock.advance(500);
    const late = ["web", "zoo"].map((name) => watch(queue.deliver(order(name, "nginx"), NEVER)));
    await clock.advance(799);
    assert.deepEqual([runs.length, early.state], [1, "pending"]);
    await clock.advance(1);
    assert.deepEqual([runs.length, early.state, late[0]?.state], [2, "delivered", "pending"]);
    await clock.advance(1000);
    assert.deepEqual([runs.length, late[0]?.state, late[1]?.state], [2, "delivered", "delivered"]);
    assert.deepEqual(runs[1]?.context.services, ["web", "zoo"]);
  });

  test("different targets run side by side", async () => {
    const { clock, runs, queue } = slowQueue();
    queue.deliver(order("api", "nginx"), NEVER);
    queue.deliver(order("web", "haproxy"), NEVER);
    await clock.advance(300);
    assert.deepEqual(runs.map(({ path }) => path).sort(), ["haproxy", "nginx"]);
  });
});

suite("reload queue: steps", () => {
  test("the steps of a service run in their order, one after the other", async () => {
    const { clock, runs, queue } = slowQueue();
    const delivery = watch(queue.deliver(order("web", "copy", "nginx", "notify"), NEVER));
    await clock.advance(1300);
    assert.deepEqual(
      runs.map(({ path }) => path),
      ["copy"],
    );
    await clock.advance(2600);
    assert.deepEqual(
      runs.map(({ path }) => path),
      ["copy", "nginx", "notify"],
    );
    assert.equal(delivery.state, "delivered");
  });

  test("a failed run fails all who waited for it, with the step and the target", async () => {
    const { clock, events, queue } = queueOf(async () => {
      throw new LeafdError("reload_failed", "exit code 1", { hint: "Look at its log." });
    });
    const all = ["api", "web"].map((name) => watch(queue.deliver(order(name, "nginx"), NEVER)));
    await clock.advance(300);
    for (const { state, error } of all) {
      assert.equal(state, "reload_failed");
      assert.ok(error instanceof ReloadStepError);
      const { message, hint, method, target } = error;
      assert.deepEqual(
        { message, hint, method, target },
        {
          message: "exit code 1",
          hint: "Look at its log.",
          method: "touch",
          target: "nginx",
        },
      );
    }
    assert.ok(events.every(({ kind }) => kind !== "reloaded"));
  });

  test("a failed step does not keep the later ones from their dependents", async () => {
    const { clock, runs, queue } = queueOf(async ({ path }) => {
      if (path === "nginx") throw new Error("broken");
      return "done";
    });
    const delivery = watch(queue.deliver(order("web", "nginx", "haproxy"), NEVER));
    await clock.advance(1000);
    assert.deepEqual(
      runs.map(({ path }) => path),
      ["nginx", "haproxy"],
    );
    assert.equal(delivery.state, "internal");
  });

  test("the next order for the same generation repeats only what failed; another generation repeats all", async () => {
    let broken = true;
    const { clock, runs, queue } = queueOf(async ({ path }) => {
      if (path === "haproxy" && broken) throw new LeafdError("reload_failed", "no");
      return "done";
    });
    const deliver = async (generation: string): Promise<string> => {
      const delivery = watch(queue.deliver({ ...order("web", "nginx", "haproxy"), generation }, NEVER));
      await clock.advance(1000);
      const paths = runs.splice(0).map(({ path }) => path);
      return `${delivery.state}: ${paths.join(", ")}`;
    };
    assert.equal(await deliver("g1"), "reload_failed: nginx, haproxy");
    assert.equal(await deliver("g1"), "reload_failed: haproxy");
    assert.equal(await deliver("g2"), "reload_failed: nginx, haproxy");
    broken = false;
    assert.equal(await deliver("g2"), "delivered: haproxy");
    assert.equal(await deliver("g2"), "delivered: nginx, haproxy");
  });
});

suite("reload queue: aborts", () => {
  test("one who leaves does not stop the run of the others", async () => {
    const { clock, runs, events, queue } = slowQueue();
    const leaver = new AbortController();
    const left = watch(queue.deliver(order("api", "nginx", "later"), leaver.signal));
    const stayed = watch(queue.deliver(order("web", "nginx"), NEVER));
    await clock.advance(500);
    leaver.abort();
    await clock.settle();
    assert.deepEqual([left.state, stayed.state, runs[0]?.signal.aborted], ["cancelled", "pending", false]);
    await clock.advance(800);
    assert.equal(stayed.state, "delivered");
    assert.deepEqual(
      events.filter(({ kind }) => kind === "reloaded").map((event) => "service" in event && event.service),
      ["web"],
    );
    await clock.advance(5000);
    assert.equal(runs.length, 1);
  });

  test("who leaves last stops the run, and is told when it has stopped", async () => {
    const stopped = Promise.withResolvers<string>();
    const { clock, runs, queue } = queueOf(() => stopped.promise);
    const leaver = new AbortController();
    const left = watch(queue.deliver(order("api", "nginx"), leaver.signal));
    await clock.advance(300);
    leaver.abort();
    await clock.settle();
    assert.deepEqual([runs[0]?.signal.aborted, left.state], [true, "pending"]);
    stopped.reject(new LeafdError("cancelled", "stopped"));
    await clock.settle();
    assert.equal(left.state, "cancelled");
  });

  test("who leaves while requests gather starts no run, and who comes then gets one", async () => {
    const { clock, runs, queue } = slowQueue();
    const leaver = new AbortController();
    const left = watch(queue.deliver(order("api", "nginx"), leaver.signal));
    await clock.advance(100);
    leaver.abort();
    const next = watch(queue.deliver(order("web", "nginx"), NEVER));
    await clock.advance(1300);
    assert.deepEqual([left.state, next.state], ["cancelled", "delivered"]);
    assert.deepEqual(
      runs.map(({ context }) => context.services),
      [["web"]],
    );
  });

  test("an order that was aborted before runs nothing", async () => {
    const { clock, runs, queue } = slowQueue();
    const delivery = watch(queue.deliver(order("api", "nginx"), AbortSignal.abort()));
    await clock.advance(5000);
    assert.deepEqual([delivery.state, runs.length], ["cancelled", 0]);
  });

  test("thousands of runs leave no timers and no listeners behind", async () => {
    const { clock, runs, queue } = queueOf(async () => "done");
    const signal = new AbortController().signal;
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    for (let i = 0; i < 20; i++) {
      const all = Array.from({ length: 100 }, (_, n) => queue.deliver(order(`s${n}`, `target-${i}-${n}`), signal));
      await clock.advance(300);
      await Promise.all(all);
    }
    assert.deepEqual([runs.length, clock.sleeping, listeners], [2000, 0, 0]);
  });
});
