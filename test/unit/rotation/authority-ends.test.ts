import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { inWorld } from "../../support/in-world.ts";

inWorld(
  "when the chain and the bundle of a pair end is known from its issuance, from the disk and after a repair",
  async (world, dir) => {
    const ends = { caNotAfter: world.issuing.certificate.notAfter, trustNotAfter: world.root.certificate.notAfter };
    const known = ({ state }: ReturnType<typeof world.start>) => {
      const { caNotAfter, trustNotAfter } = state.current ?? {};
      return { caNotAfter, trustNotAfter };
    };
    const first = world.start();
    await world.settle(first);
    assert.deepEqual(known(first), ends);
    const second = world.start();
    await world.settle(second);
    assert.deepEqual(known(second), ends);
    const before = second.state.current?.generation;
    await chmod(dir.join("live/tls.crt"), 0o666);
    await second.audit(new AbortController().signal);
    assert.notEqual(second.state.current?.generation, before);
    assert.deepEqual(known(second), ends);
  },
);
