import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { bitString, DerError, DerReader, der, oid, readOid, sequence, TAG } from "../../../src/domain/x509/der.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

describe("the DER writer", () => {
  // X.690 §8.1.3 and its examples.
  for (const [length, header] of [
    [0, "04 00"],
    [127, "04 7f"],
    [128, "04 81 80"],
    [255, "04 81 ff"],
    [256, "04 82 0100"],
    [65_535, "04 82 ffff"],
    [65_536, "04 83 010000"],
  ] as const) {
    it(`writes a length of ${length} in the fewest bytes`, () => {
      const element = der(TAG.octetString, Buffer.alloc(length));
      assert.deepEqual(element.subarray(0, element.length - length), bytes(header));
    });
  }

  it("puts parts one after the other, and a bit string on a byte boundary", () => {
    assert.deepEqual(sequence(bytes("0500"), bitString(bytes("cafe"))), bytes("30 07 0500 03 03 00 cafe"));
  });

  for (const [dotted, hex] of [
    ["2.5.4.3", "06 03 550403"],
    ["1.2.840.113549.1.1.11", "06 09 2a864886f70d01010b"],
    ["2.999.3", "06 03 883703"],
  ] as const) {
    it(`writes and reads the object identifier ${dotted}`, () => {
      assert.deepEqual(oid(dotted), bytes(hex));
      assert.equal(readOid(bytes(hex).subarray(2)), dotted);
    });
  }
});

describe("the DER reader", () => {
  it("reads back what was written, whatever its size", () => {
    const size = fc.oneof(fc.nat(300), fc.constantFrom(127, 128, 255, 256, 65_535, 65_536));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 0x1e }), size), { maxLength: 4 }), (elements) => {
        const reader = new DerReader(Buffer.concat(elements.map(([tag, length]) => der(tag, Buffer.alloc(length, 7)))));
        for (const [tag, length] of elements) assert.equal(reader.next(tag).content.length, length);
        reader.end();
      }),
    );
  });

  it("leaves an optional element of another tag for the next call", () => {
    const reader = new DerReader(bytes("0500"));
    assert.equal(reader.optional(TAG.boolean), undefined);
    assert.equal(reader.next(0x05).content.length, 0);
    assert.equal(reader.optional(TAG.boolean), undefined);
  });

  for (const [what, hex] of [
    ["nothing", ""],
    ["a tag without a length", "30"],
    ["a length without its bytes", "30 82 01"],
    ["content that is cut off", "30 03 0500"],
    ["an indefinite length", "30 80 0500 0000"],
    ["a length of five bytes", "30 85 0100000000"],
    ["a length that is not minimal", "30 81 02 0500"],
    ["a long form with a leading zero", "30 82 0080"],
    ["another tag than the one that belongs there", "31 00"],
    ["a tag of several bytes", "1f 81 01 00"],
  ] as const) {
    it(`refuses ${what}`, () => {
      const expected = what.startsWith("a tag of several") ? undefined : TAG.sequence;
      assert.throws(() => new DerReader(bytes(hex)).next(expected), DerError);
    });
  }

  it("refuses what follows the last element", () => {
    const reader = new DerReader(bytes("0500 05"));
    reader.next();
    assert.throws(() => reader.end(), DerError);
  });

  it("refuses object identifiers that are empty, cut off or absurd", () => {
    for (const hex of ["", "55 84", "ff".repeat(20)]) assert.throws(() => readOid(bytes(hex)), DerError);
  });

  it("throws a DerError and nothing else on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        const reader = new DerReader(Buffer.from(noise));
        try {
          while (reader.more) reader.next();
        } catch (error) {
          assert.ok(error instanceof DerError);
        }
      }),
    );
  });
});
