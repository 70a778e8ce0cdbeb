// SPDX-License-Identifier: Apache-2.0
// A WebSocket client in sixty lines (RFC 6455), for any Node from 18 on. Text messages only; use a library in
// earnest. Node 22 and every browser bring their own: new WebSocket(url, "weft.v1.json").
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// A client's frames are masked; length in 1, 3 or 9 bytes.
function frame(opcode, payload) {
    const long = payload.length > 65535, medium = !long && payload.length > 125;
    const head = Buffer.alloc(2 + (long ? 8 : medium ? 2 : 0));
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (long ? 127 : medium ? 126 : payload.length);
    if (long) head.writeBigUInt64BE(BigInt(payload.length), 2);
    else if (medium) head.writeUInt16BE(payload.length, 2);
    const mask = randomBytes(4);
    return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i % 4])]);
}

// Cuts one frame off the front; null when it is not whole yet.
function cut(bytes) {
    if (bytes.length < 2) return null;
    const short = bytes[1] & 127, head = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < head) return null;
    const len = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (bytes.length < head + len) return null;
    const payload = bytes.subarray(head, head + len);
    return { isLast: bytes[0] >> 7 === 1, opcode: bytes[0] & 15, payload, rest: bytes.subarray(head + len) };
}

// on: { open(), message(text), close(code, reason) }. Answers pings by itself.
export function connect(url, subprotocol, on) {
    const key = randomBytes(16).toString("base64");
    let socket, bytes = Buffer.alloc(0), pieces = [], closed = { code: 1006, reason: "" };
    const send = (opcode, payload) => socket?.writable && socket.write(frame(opcode, payload));
    const request = http.get(url.replace(/^ws/, "http"), { headers: {
        Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key, "Sec-WebSocket-Protocol": subprotocol } });
    function take({ isLast, opcode, payload }) {
        if (opcode === 9) send(10, payload);
        else if (opcode === 8) {
            closed = { code: payload.length > 1 ? payload.readUInt16BE(0) : 1005, reason: payload.subarray(2).toString() };
            send(8, payload);
            socket.end();
        } else if (opcode < 3) {
            pieces.push(payload);
            if (!isLast) return;
            const text = Buffer.concat(pieces).toString();
            pieces = [];
            on.message(text);
        }
    }
    function onData(more) {
        bytes = Buffer.concat([bytes, more]);
        for (let one; (one = cut(bytes)) !== null;) {
            bytes = one.rest;
            take(one);
        }
    }
    request.on("response", (answer) => { answer.resume(); on.close(1006, `HTTP ${answer.statusCode}`); });
    request.on("error", (error) => on.close(1006, error.message));
    request.on("upgrade", (answer, upgraded, first) => {
        const accept = createHash("sha1").update(key + GUID).digest("base64");
        socket = upgraded;
        if (answer.headers["sec-websocket-accept"] !== accept) socket.destroy();
        socket.on("error", () => {});
        socket.on("close", () => on.close(closed.code, closed.reason));
        socket.on("data", onData);
        on.open();
        onData(first);
    });
    return {
        send: (text) => send(1, Buffer.from(text)),
        close: () => { send(8, Buffer.from([3, 232])); socket?.end(); },
        break: () => socket?.destroy(), // as if a cable had been pulled
    };
}
