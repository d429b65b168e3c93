import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { serverSaid } from "../../../src/reload/server-messages.ts";
import { readFlight } from "../../../src/reload/tls-flight.ts";

/* Real handshakes are in test/integration/inspect; here are the bytes that no server should send. */

const sized = (size: number, ...parts: readonly Buffer[]) => {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(size);
  length.writeUIntBE(body.length, 0, size);
  return Buffer.concat([length, body]);
};
const message = (type: number, body: Buffer) => Buffer.concat([Buffer.from([type]), sized(3, body)]);
const record = (type: number, body: Buffer) => Buffer.concat([Buffer.from([type, 3, 3]), sized(2, body)]);

const certificates = [Buffer.from("leaf"), Buffer.from("issuer")];
const names = [Buffer.from("CN=a"), Buffer.from("CN=b")];
const chain = message(11, sized(3, ...certificates.map((each) => sized(3, each))));
const request = message(
  13,
  Buffer.concat([
    sized(1, Buffer.from([1])),
    sized(2, Buffer.alloc(2)),
    sized(2, ...names.map((each) => sized(2, each))),
  ]),
);
const flight = Buffer.concat([message(2, Buffer.alloc(40)), chain, request]);
const said = (bytes: Buffer, secret?: Buffer) => serverSaid(readFlight(bytes, secret));

test("messages of TLS 1.2 are read across records, up to the first sealed one", () => {
  const whole = { chain: certificates, asked: { authorities: names } };
  assert.deepEqual(said(record(22, flight)), whole);
  const pieces = Array.from(flight, (_, at) => record(22, flight.subarray(at, at + 1)));
  assert.deepEqual(said(Buffer.concat(pieces)), whole);
  const sealed = Buffer.concat([record(20, Buffer.from([1])), record(22, flight)]);
  assert.deepEqual(said(sealed), { chain: [], asked: undefined });
});

test("a flight that is cut off anywhere is read as far as it goes", () => {
  for (let length = 0; length < flight.length; length += 1) {
    const { chain: got } = said(record(22, flight.subarray(0, length)));
    assert.ok(got.length === 0 || got.length === 2, `${length} bytes`);
  }
});

test("no bytes make it throw, nor read more than there is", () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
  const hostile = fc.oneof(
    bytes,
    bytes.map((body) => record(22, body)),
    bytes.map((body) => record(22, message(11, body))),
    bytes.map((body) => Buffer.concat([record(22, message(2, Buffer.alloc(40))), record(23, body)])),
  );
  fc.assert(
    fc.property(hostile, fc.option(bytes, { nil: undefined }), (input, secret) => {
      const total = said(input, secret).chain.reduce((sum, each) => sum + each.length, 0);
      assert.ok(total <= input.length);
    }),
  );
});
