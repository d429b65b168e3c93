import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { renameSync, symlinkSync } from "node:fs";
import { appendFile, chmod, mkdir, rm, symlink, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Inspection } from "../../../src/domain/inspection.ts";
import { exampleFacts, exampleMaterial, exampleOutput, exampleStore } from "../../support/example-output.ts";
import { tempDir } from "../../support/temp-dir.ts";

interface Place {
  readonly live: string;
  /** The visible generation, `two`; the one before it is `one`. */
  readonly inside: string;
}

interface Damage {
  readonly what: string;
  readonly done: (place: Place) => unknown;
  readonly says: RegExp;
  /** The tag of the generation that can be published again. */
  readonly rescue: "one" | "two" | undefined;
  readonly reason?: "target_unsafe";
}

const flip = (name: string) => (place: Place) => appendFile(join(place.inside, name), " ");
const relink = (name: string, target: string) => async (place: Place) => {
  await rm(join(place.live, name));
  await symlink(target, join(place.live, name));
};

const damages: readonly Damage[] = [
  { what: "an edited certificate", done: flip("tls.crt"), says: /tls\.crt does not have the content/, rescue: "one" },
  { what: "an edited key", done: flip("tls.key"), says: /tls\.key does not have the content/, rescue: "one" },
  {
    what: "a bundle cut short",
    done: ({ inside }) => truncate(join(inside, "ca.crt"), 9),
    says: /ca\.crt/,
    rescue: "one",
  },
  {
    what: "an empty manifest",
    done: ({ inside }) => truncate(join(inside, "manifest.json")),
    says: /cannot be understood/,
    rescue: "one",
  },
  {
    what: "a deleted key",
    done: ({ inside }) => unlink(join(inside, "tls.key")),
    says: /is incomplete/,
    rescue: "one",
  },
  {
    what: "a deleted generation",
    done: ({ inside }) => rm(inside, { recursive: true }),
    says: /is incomplete/,
    rescue: "one",
  },
  {
    what: "a key that others may read",
    done: ({ inside }) => chmod(join(inside, "tls.key"), 0o644),
    says: /tls\.key has mode and owner 0644 .*written with 0600/,
    rescue: "two",
  },
  {
    what: "a generation that nobody may enter",
    done: ({ inside }) => chmod(inside, 0o700),
    says: /has mode and owner 0700/,
    rescue: "two",
  },
  {
    what: "a deleted visible name",
    done: ({ live }) => unlink(join(live, "tls.crt")),
    says: /tls\.crt is not the link/,
    rescue: "two",
  },
  {
    what: "a visible name that leads elsewhere",
    done: relink("tls.key", "/etc/hostname"),
    says: /tls\.key is not the link/,
    rescue: "two",
  },
  { what: "no ..data", done: ({ live }) => unlink(join(live, "..data")), says: /\.\.data is missing/, rescue: "two" },
  {
    what: "a dangling ..data",
    done: relink("..data", "..gen-20200101T000000000Z-00000000"),
    says: /is incomplete/,
    rescue: "two",
  },
  {
    what: "a ..data that leads elsewhere",
    done: relink("..data", "/etc"),
    says: /not a link to a generation \(\/etc\)/,
    rescue: "two",
    reason: "target_unsafe",
  },
  {
    what: "a generation of another name",
    done: async ({ live, inside }) => {
      execFileSync("cp", ["-a", inside, join(live, "..gen-29990101T000000000Z-00000000")]);
      await relink("..data", "..gen-29990101T000000000Z-00000000")({ live, inside });
    },
    says: /belongs to \.\.gen-/,
    rescue: "two",
  },
  {
    what: "a link in place of the key, to the same bytes",
    done: ({ live, inside }) => {
      renameSync(join(inside, "tls.key"), join(live, "elsewhere"));
      symlinkSync("../elsewhere", join(inside, "tls.key"));
    },
    says: /is incomplete \(ELOOP\)/,
    rescue: "one",
  },
  {
    what: "a pipe in place of the key",
    done: ({ inside }) => {
      execFileSync("rm", [join(inside, "tls.key")]);
      execFileSync("mkfifo", [join(inside, "tls.key")]);
    },
    says: /not a regular file/,
    rescue: "one",
  },
  {
    what: "a huge manifest",
    done: ({ inside }) => truncate(join(inside, "manifest.json"), 2 ** 31),
    says: /2147483648 bytes/,
    rescue: "one",
  },
];

for (const { what, done, says, rescue, reason = "pair_damaged" } of damages)
  test(`${what} is noticed, and answers what can be published again`, async () => {
    await using dir = await tempDir();
    const output = exampleOutput(dir.join("live"));
    const store = exampleStore();
    await store.commit(output, exampleMaterial("one"), exampleFacts());
    const { generation } = await store.commit(output, exampleMaterial("two"), exampleFacts());
    await done({ live: dir.join("live"), inside: dir.join("live", generation) });
    const found = await store.inspect(output);
    assert.ok(found.kind === "damaged", found.kind);
    assert.equal(found.reason, reason);
    assert.match(found.message, says);
    assert.equal(tagOf(found), rescue);

    if (found.rescue === undefined) return;
    await store.commit(output, found.rescue.material, exampleFacts());
    assert.equal((await store.inspect(output)).kind, "pair", "the repair is a new generation");
  });

function tagOf(found: Inspection & { kind: "damaged" }): string | undefined {
  return found.rescue?.material.certificate.split("\n")[1];
}

test("a first publication that was cut off before its swap is not lost", async () => {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  await exampleStore().commit(output, exampleMaterial("one"), exampleFacts());
  await unlink(dir.join("live", "..data"));
  const found = await exampleStore().inspect(output);
  assert.ok(found.kind === "damaged");
  assert.equal(tagOf(found), "one");
});

test("an output that is a link or a file is unsafe, one that is not there or empty is nothing", async () => {
  await using dir = await tempDir();
  const store = exampleStore();
  await mkdir(dir.join("real"));
  await symlink("real", dir.join("link"));
  await writeFile(dir.join("file"), "");
  for (const name of ["link", "file"]) {
    const found = await store.inspect(exampleOutput(dir.join(name)));
    assert.ok(found.kind === "damaged" && found.reason === "target_unsafe", name);
  }
  assert.equal((await store.inspect(exampleOutput(dir.join("real")))).kind, "none");
  assert.equal((await store.inspect(exampleOutput(dir.join("no", "where")))).kind, "none");
});
