// SPDX-License-Identifier: Apache-2.0
// The shared vectors of proto/vectors, judged by readers that share nothing with ours: JSON.parse,
// TextDecoder, and a MessagePack decoder written down from its specification.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const load = (name) =>
  JSON.parse(readFileSync(new URL(`../../../proto/vectors/${name}.json`, import.meta.url), "utf8"));

const join = (text) =>
  typeof text === "string"
    ? text
    : text.map((piece) => (typeof piece === "string" ? piece : piece.repeat.repeat(piece.times))).join("");

const decodeUtf8 = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

/** Decodes one MessagePack value; numbers beyond 2^53 come out as BigInt. */
function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (len) => {
    if (at + len > bytes.length) throw new RangeError("cut off");
    at += len;
    return at - len;
  };
  const number = (width, kind) => {
    const value = view[`get${kind}${width * 8}`](take(width));
    return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  };
  const length = (width) => number(width, "Uint");
  const text = (len) => decodeUtf8(bytes.subarray(take(len), at));
  const list = (count) => Array.from({ length: count }, value);
  const map = (count) => {
    const entries = list(count * 2);
    const keys = entries.filter((_, index) => index % 2 === 0);
    assert.ok(keys.every((key) => typeof key === "string"), "keys are text");
    assert.equal(new Set(keys).size, keys.length, "keys are unique");
    return Object.fromEntries(keys.map((key, index) => [key, entries[2 * index + 1]]));
  };
  const raw = (len) => ({ raw: Buffer.from(bytes.subarray(take(len), at)).toString("hex") });
  function value() {
    const head = bytes[take(1)];
    if (head < 0x80) return head;
    if (head < 0x90) return map(head & 15);
    if (head < 0xa0) return list(head & 15);
    if (head < 0xc0) return text(head & 31);
    if (head >= 0xe0) return head - 256;
    if (head === 0xc1) throw new RangeError("never used");
    if (head <= 0xc3) return [null, , false, true][head - 0xc0];
    if (head <= 0xc6) return raw(length(1 << (head - 0xc4)));
    if (head <= 0xc9) return raw(length(1 << (head - 0xc7)) + 1);
    if (head <= 0xcb) return number(head === 0xca ? 4 : 8, "Float");
    if (head <= 0xcf) return number(1 << (head - 0xcc), head === 0xcf ? "BigUint" : "Uint");
    if (head <= 0xd3) return number(1 << (head - 0xd0), head === 0xd3 ? "BigInt" : "Int");
    if (head <= 0xd8) return raw((1 << (head - 0xd4)) + 1);
    if (head <= 0xdb) return text(length(1 << (head - 0xd9)));
    return head <= 0xdd ? list(length(head === 0xdc ? 2 : 4)) : map(length(head === 0xde ? 2 : 4));
  }
  const result = value();
  assert.equal(at, bytes.length, "nothing behind the end");
  return result;
}

const bytesOf = (hex) => new Uint8Array(Buffer.from(join(hex), "hex"));

test("the examples mean the same in both codecs", () => {
  const rows = load("examples");
  assert.ok(rows.length > 40);
  for (const row of rows) assert.deepEqual(unpack(bytesOf(row.msgpack)), JSON.parse(row.json));
});

/** What is left of a value when members that the other does not have are dropped. */
function known(value, wanted) {
  if (Array.isArray(wanted)) return value.map((item, index) => known(item, wanted[index]));
  if (wanted === null || typeof wanted !== "object") return value;
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, known(value[key], wanted[key])]));
}

test("the accepted inputs mean what they are rewritten to", () => {
  for (const row of load("accepted")) {
    const wanted = JSON.parse(join(row.same_as));
    if (row.json !== undefined) assert.deepEqual(known(JSON.parse(join(row.json)), wanted), wanted, row.what);
    if (row.msgpack !== undefined) assert.deepEqual(known(unpack(bytesOf(row.msgpack)), wanted), wanted, row.what);
  }
});

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function parseJson(row) {
  const text = row.json_hex !== undefined ? decodeUtf8(bytesOf(row.json_hex)) : join(row.json);
  return JSON.parse(text);
}

test("what is refused as malformed is malformed for JavaScript too, and the rest is not", () => {
  for (const row of load("refused")) {
    const malformed = row.code === "bad_frame" || row.code === "bad_utf8";
    const readers = [];
    // `lenient`: JavaScript lets escapes of lone surrogates pass.
    if ((row.json ?? row.json_hex) !== undefined && !row.lenient) readers.push(() => parseJson(row));
    if (row.msgpack !== undefined && row.code !== "duplicate_key") readers.push(() => unpack(bytesOf(row.msgpack)));
    for (const read of readers) {
      const readable = () => assert.ok(isObject(read()), "not an object");
      if (malformed) assert.throws(readable, row.what);
      else assert.doesNotThrow(readable, row.what);
    }
  }
});
