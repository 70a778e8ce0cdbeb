// SPDX-License-Identifier: Apache-2.0
// A WebSocket by hand, for what a well-behaved client never does: any header, any opcode, any bytes.
//
//   const socket = await RawSocket.open(url, { Origin: "…", "Sec-WebSocket-Protocol": "weft.v1.json" });
//   socket.status                                  of the handshake: 101, or why not
//   socket.text('{"type":"ping"}')  .binary(bytes)  .frame(opcode, bytes)
//   await socket.next((message) => …)              the first text message, parsed, that fits; fails when the socket ends
//   await socket.ended                             the close code; 1006: the connection just broke
import { randomBytes } from "node:crypto";
import net from "node:net";

const PATIENCE_MS = 120_000;

export class RawSocket {
    messages = []; // whole payloads, text ones parsed when they are JSON
    #bytes = Buffer.alloc(0);
    #hopes = new Set();
    #pieces = [];
    #code = 1006;

    static async open(url, headers = {}, { path = "/v1/socket" } = {}) {
        const { hostname, port } = new URL(url);
        const all = { Host: `${hostname}:${port}`, Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": randomBytes(16).toString("base64"), "Sec-WebSocket-Protocol": "weft.v1.json", ...headers };
        const lines = Object.entries(all).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${value}`);
        const socket = new RawSocket();
        await socket.#connect(hostname, Number(port), `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
        return socket;
    }

    #connect(host, port, request) {
        this.wire = net.connect({ host, port, noDelay: true });
        this.ended = new Promise((done) => this.wire.once("close", () => {
            for (const hope of this.#hopes) hope(null);
            done(this.#code);
        }));
        this.wire.on("error", () => {});
        this.wire.write(request);
        return new Promise((done) => {
            let head = Buffer.alloc(0);
            const look = (more) => {
                head = Buffer.concat([head, more]);
                const end = head.indexOf("\r\n\r\n");
                if (end < 0) return;
                this.wire.off("data", look);
                this.head = head.subarray(0, end).toString();
                this.status = Number(this.head.split(" ")[1]);
                this.wire.on("data", (bytes) => this.#take(bytes));
                this.#take(head.subarray(end + 4));
                done();
            };
            this.wire.on("data", look);
            this.wire.once("close", () => { this.status ??= 0; done(); });
        });
    }

    #take(more) {
        this.#bytes = Buffer.concat([this.#bytes, more]);
        while (this.status === 101) {
            const bytes = this.#bytes;
            if (bytes.length < 2) return;
            const short = bytes[1] & 127, head = short === 127 ? 10 : short === 126 ? 4 : 2;
            if (bytes.length < head) return;
            const len = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
            if (bytes.length < head + len) return;
            this.#bytes = bytes.subarray(head + len);
            this.#frame(bytes[0], bytes.subarray(head, head + len));
        }
    }

    #frame(first, payload) {
        const opcode = first & 15;
        if (opcode === 9) return void this.frame(10, payload);
        if (opcode === 8) {
            this.#code = payload.length > 1 ? payload.readUInt16BE(0) : 1005;
            this.frame(8, payload.subarray(0, 2));
            return void this.wire.end();
        }
        if (opcode > 2) return;
        this.#pieces.push(payload);
        if (!(first & 0x80)) return;
        const whole = Buffer.concat(this.#pieces);
        this.#pieces = [];
        let message = whole;
        try {
            message = JSON.parse(whole.toString());
        } catch { /* MessagePack */ }
        this.messages.push(message);
        for (const hope of this.#hopes) hope(message);
    }

    /** One frame, masked as a client must; fin: false begins or goes on with a fragmented message. */
    frame(opcode, payload, { fin = true } = {}) {
        const long = payload.length > 65535, medium = !long && payload.length > 125;
        const head = Buffer.alloc(2 + (long ? 8 : medium ? 2 : 0));
        head[0] = (fin ? 0x80 : 0) | opcode;
        head[1] = 0x80 | (long ? 127 : medium ? 126 : payload.length);
        if (long) head.writeBigUInt64BE(BigInt(payload.length), 2);
        else if (medium) head.writeUInt16BE(payload.length, 2);
        const mask = randomBytes(4), masked = Buffer.from(payload);
        for (let i = 0; i < masked.length; i++) masked[i] ^= mask[i % 4];
        this.wire.write(Buffer.concat([head, mask, masked]));
    }

    text(text) {
        this.frame(1, Buffer.from(text));
    }

    binary(bytes) {
        this.frame(2, bytes);
    }

    send(message) {
        this.text(JSON.stringify(message));
    }

    /** The first message that fits, also one that came already. */
    next(fits) {
        const found = this.messages.find(fits);
        if (found) return Promise.resolve(found);
        return new Promise((done, fail) => {
            const end = (settle, value) => {
                clearTimeout(timer);
                this.#hopes.delete(hope);
                settle(value);
            };
            const hope = (message) => {
                if (message === null) end(fail, new Error(`the socket ended (${this.#code}) after ${JSON.stringify(this.messages)}`));
                else if (fits(message)) end(done, message);
            };
            const timer = setTimeout(() => end(fail, new Error(`not in time; came: ${JSON.stringify(this.messages)}`)), PATIENCE_MS);
            this.#hopes.add(hope);
        });
    }

    async hello(credential) {
        this.send({ type: "hello", id: "hello", ...credential });
        return this.next((message) => message.type === "welcome" || message.type === "error");
    }

    destroy() {
        this.wire.destroy();
    }
}
