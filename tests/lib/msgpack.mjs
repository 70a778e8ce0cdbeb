// SPDX-License-Identifier: Apache-2.0
// MessagePack, as much as frames need: objects, lists, texts, whole numbers, booleans.

export function pack(value) {
    if (typeof value === "boolean") return Buffer.from([value ? 0xc3 : 0xc2]);
    if (typeof value === "number") {
        const bytes = Buffer.alloc(9);
        bytes[0] = 0xcf;
        bytes.writeBigUInt64BE(BigInt(value), 1);
        return bytes;
    }
    if (typeof value === "string") return Buffer.concat([head(0xda, Buffer.byteLength(value)), Buffer.from(value)]);
    if (Array.isArray(value)) return Buffer.concat([head(0xdc, value.length), ...value.map(pack)]);
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Buffer.concat([head(0xde, members.length), ...members.flatMap(([name, member]) => [pack(name), pack(member)])]);
}

function head(kind, count) {
    const bytes = Buffer.alloc(3);
    bytes[0] = kind;
    bytes.writeUInt16BE(count, 1);
    return bytes;
}

export function unpack(bytes) {
    let at = 0;
    const take = (count) => bytes.subarray(at, (at += count));
    const number = (size) => size === 8 ? Number(take(8).readBigUInt64BE()) : take(size).readUIntBE(0, size);
    const text = (size) => take(size).toString();
    const list = (size) => Array.from({ length: size }, value);
    const object = (size) => Object.fromEntries(Array.from({ length: size }, () => [value(), value()]));
    function value() {
        const first = number(1);
        if (first < 0x80) return first;
        if (first < 0x90) return object(first & 15);
        if (first < 0xa0) return list(first & 15);
        if (first < 0xc0) return text(first & 31);
        const long = { 0xd9: [text, 1], 0xda: [text, 2], 0xdb: [text, 4], 0xdc: [list, 2], 0xdd: [list, 4], 0xde: [object, 2],
            0xdf: [object, 4], 0xcc: [Number, 1], 0xcd: [Number, 2], 0xce: [Number, 4], 0xcf: [Number, 8] }[first];
        if (first === 0xc2 || first === 0xc3) return first === 0xc3;
        if (!long) throw new Error(`an unknown byte ${first}`);
        return long[0](number(long[1]));
    }
    return value();
}
