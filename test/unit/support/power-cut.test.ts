import assert from "node:assert/strict";
import { test } from "node:test";
import { FragileDisk, type Tree } from "../../support/power-cut.ts";

/** All that may be left, as `name=content` of the files and `name>target` of the links at the top. */
function possible(disk: FragileDisk): string[] {
  const all = Array.from({ length: disk.states }, (_, index) => disk.state(index));
  return [...new Set(all.map(listing))].toSorted();
}

function listing(tree: Tree): string {
  if (tree.kind !== "directory") return "";
  const one = ([name, child]: [string, Tree]) =>
    child.kind === "file"
      ? `${name}=${child.bytes.toString()}`
      : child.kind === "link"
        ? `${name}>${child.target}`
        : name;
  return [...tree.children].map(one).toSorted().join(" ");
}

test("what was not synced may be there, in part, or not at all", () => {
  const disk = new FragileDisk("/d");
  disk.apply({ kind: "create", path: "/d/a" });
  disk.apply({ kind: "write", path: "/d/a", bytes: Buffer.from("four") });
  assert.deepEqual(possible(disk), ["", "a=", "a=fo", "a=four"]);
  disk.apply({ kind: "sync", path: "/d/a" });
  assert.deepEqual(possible(disk), ["", "a=four"], "the file is synced, its name is not");
  disk.apply({ kind: "sync", path: "/d" });
  assert.deepEqual(possible(disk), ["a=four"]);
});

test("names are lost in any order, and a rename is one step", () => {
  const disk = new FragileDisk("/d");
  disk.apply({ kind: "symlink", path: "/d/data", target: "old" });
  disk.settle();
  disk.apply({ kind: "symlink", path: "/d/tmp", target: "new" });
  assert.deepEqual(possible(disk), ["data>old", "data>old tmp>new"]);
  disk.apply({ kind: "rename", from: "/d/tmp", to: "/d/data" });
  assert.deepEqual(possible(disk), ["data>new", "data>old", "data>old tmp>new"]);
  disk.apply({ kind: "mkdir", path: "/d/other" });
  assert.equal(possible(disk).includes("data>old other"), true, "the later one without the earlier one");
  disk.apply({ kind: "sync", path: "/d" });
  assert.deepEqual(possible(disk), ["data>new other"]);
  disk.apply({ kind: "remove", path: "/d/other" });
  assert.deepEqual(possible(disk), ["data>new", "data>new other"]);
});
