import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseManifest } from "../../../src/store/manifest-file.ts";

const fixture = readFileSync(new URL("../../fixtures/manifest/v1-from-a-later-version.json", import.meta.url), "utf8");
const changed = (changes: object): string => JSON.stringify({ ...JSON.parse(fixture), ...changes });

test("a manifest with fields and files of a later version is read, so that no upgrade issues anything", () => {
  const manifest = parseManifest(fixture);
  assert.equal(manifest?.serial, "4be1090c");
  assert.equal(manifest.requestHash, "v1:3f0e");
  assert.equal(manifest.firstDue, 1_795_557_600_123);
  assert.deepEqual(Object.keys(manifest.files), ["tls.crt", "tls.key", "ca.crt", "keystore.p12"]);
  assert.equal("quarantine" in manifest, false);
  assert.equal("access" in manifest, false);
});

test("a later version that has all fields of this one is read as this one", () => {
  assert.deepEqual(parseManifest(changed({ version: 7 })), parseManifest(fixture));
});

const refused: Readonly<Record<string, object>> = {
  "no version": { version: undefined },
  "a version that is none": { version: "2" },
  "another rung": { rung: "moon" },
  "no serial": { serial: undefined },
  "a serial that is no hex": { serial: "0A:1b" },
  "a time that is a text": { receivedAt: "2026-11-23" },
  "a service of a megabyte": { service: "x".repeat(1024 * 1024) },
  "files that are a list": { files: ["tls.crt"] },
  "files without a key": { files: { "tls.crt": "0".repeat(64), "ca.crt": "0".repeat(64) } },
  "a file name that leads out": { files: { ...JSON.parse(fixture).files, "../../etc/shadow": "0".repeat(64) } },
  "a file name that is the parent": { files: { ...JSON.parse(fixture).files, "..": "0".repeat(64) } },
};
for (const [what, changes] of Object.entries(refused))
  test(`a manifest with ${what} is not believed`, () => assert.equal(parseManifest(changed(changes)), undefined));

test("an access in a form that this version does not know is left out, and the pair stays good", () => {
  const manifest = parseManifest(changed({ access: { "tls.key": "rw-------" } }));
  assert.equal(manifest?.serial, "4be1090c");
  assert.equal(manifest.access, undefined);
});

test("whatever the file holds, reading it answers a manifest or undefined", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.object().map(changed)), (text) => {
      const manifest = parseManifest(text);
      assert.ok(manifest === undefined || manifest.version === 1);
    }),
  );
});

test("what a dependent's check said is read back, and anything else in its place is left out", () => {
  const said = (value: unknown) => parseManifest(changed({ dependentWasBroken: value }))?.dependentWasBroken;
  assert.deepEqual([said(true), said(false), said("no"), said(undefined)], [true, false, undefined, undefined]);
});
