import assert from "node:assert/strict";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { TestCa, type TestLeaf } from "../support/test-ca.ts";
import { INVARIANTS, type InvariantReport, watchInvariants } from "./invariants.ts";

/* The reader of the scorecard finds what it is there to find: each invariant, violated once. */

const ca = await TestCa.root();
const HOUR = 3_600_000;
let dir: TempDir;
let count = 0;

beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir[Symbol.asyncDispose]());

interface Shown {
  readonly key?: string;
  readonly trust?: string;
  readonly request?: string;
}

/** Makes a generation visible, with parts of it replaced. */
async function show({ certificate, privateKey }: TestLeaf, changes: Shown = {}): Promise<string> {
  count += 1;
  const generation = `..gen-${count}`;
  await mkdir(dir.join(generation));
  const manifest = { requestHash: changes.request ?? "v1:same", issuer: "main", rung: "primary" };
  const files = {
    "tls.crt": certificate.pem,
    "tls.key": changes.key ?? privateKey.reveal(),
    "ca.crt": changes.trust ?? ca.certificate.pem,
    "manifest.json": JSON.stringify(manifest),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(dir.join(generation, name), text);
  await symlink(generation, dir.join("..next"));
  await rename(dir.join("..next"), dir.join("..data"));
  return generation;
}

const leaf = (hours = 1) => ca.leaf({ notAfter: Date.now() + hours * HOUR });

interface Play {
  readonly act: () => Promise<unknown>;
  readonly told?: readonly string[];
  readonly issued?: number;
  readonly forced?: ReadonlySet<string>;
}

/** Reads during `act`, from a good pair on. */
async function readDuring({ act, told = [], issued = 0, forced = new Set() }: Play): Promise<InvariantReport> {
  await using watch = await watchInvariants({ directories: [dir.path], canaries: ["hunter2"] });
  await act();
  return await watch.end({ told, issued, budget: 1, forced });
}

/** The invariants that were violated. */
const violated = ({ counts }: InvariantReport) => INVARIANTS.filter((each) => counts[each] > 0);

describe("the reader of the scorecard", () => {
  test("finds nothing where nothing is wrong, and has read", async () => {
    await show(await leaf());
    const report = await readDuring({ act: async () => show(await leaf(2)), told: ["all is well"], issued: 1 });
    assert.deepEqual([violated(report), report.problems], [[], []]);
    assert.ok((report.seen[0]?.reads ?? 0) > 1);
    assert.equal(report.seen[0]?.generations.length, 2);
  });

  test("I1, I2: finds a key of another leaf", async () => {
    await show(await leaf());
    const other = await leaf();
    const act = async () => show(await leaf(2), { key: other.privateKey.reveal() });
    assert.deepEqual(violated(await readDuring({ act })), ["I1", "I2"]);
  });

  test("I1: finds an empty file, and a directory that is gone", async () => {
    await show(await leaf());
    assert.deepEqual(violated(await readDuring({ act: async () => show(await leaf(2), { trust: "" }) })), ["I1"]);
    await show(await leaf());
    await show(await leaf(3));
    const act = () => rename(dir.join("..data"), dir.join("elsewhere"));
    assert.deepEqual(violated(await readDuring({ act })), ["I1"]);
  });

  test("I2: finds what does not parse", async () => {
    await show(await leaf());
    const report = await readDuring({ act: async () => show(await leaf(2), { trust: "no certificate" }) });
    assert.deepEqual(violated(report), ["I2"]);
  });

  test("I3: finds canaries, tokens and lines of the key in what was told", async () => {
    const pair = await leaf();
    const [, line = ""] = pair.privateKey.reveal().split("\n");
    for (const told of [
      "the password is hunter2",
      `key ${line}`,
      "token hvs.CAESIabcdefgh",
      "-----BEGIN PRIVATE KEY-----",
    ]) {
      const report = await readDuring({ act: () => show(pair), told: [told] });
      assert.deepEqual(violated(report), ["I3"], told);
    }
  });

  test("I4: counts certificates", async () => {
    const report = await readDuring({ act: async () => show(await leaf()), issued: 2 });
    assert.deepEqual(violated(report), ["I4"]);
  });

  test("I5: finds a pair that ends sooner or at the same time; by force the same time will do", async () => {
    const notAfter = Math.floor(Date.now() / 1000) * 1000 + HOUR;
    const same = () => ca.leaf({ notAfter });
    await show(await same());
    assert.deepEqual(violated(await readDuring({ act: async () => show(await same()) })), ["I5"]);
    const forced = new Set([`..gen-${count + 1}`]);
    assert.deepEqual(violated(await readDuring({ act: async () => show(await same()), forced })), []);
    const sooner = { act: async () => show(await ca.leaf({ notAfter: notAfter - HOUR / 2 })) };
    assert.deepEqual(violated(await readDuring(sooner)), ["I5"]);
    const another = async () =>
      show(await ca.leaf({ notAfter: notAfter - HOUR / 2 - 60_000 }), { request: "v1:other" });
    assert.deepEqual(violated(await readDuring({ act: another })), [], "another request may end sooner");
  });
});
