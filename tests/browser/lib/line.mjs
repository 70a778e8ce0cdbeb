// SPDX-License-Identifier: Apache-2.0
// A line between a device and a server that can die as lines do: without a word. While it is `dead`, what either
// side sends is swallowed and nobody is told; whoever was connected stays so, as after a laptop's sleep, and must
// find out. `revive` lets new connections through.
import { connect, createServer } from "node:net";

export class Line {
    #server;
    #ends = new Set();
    #to = null;
    dead = false;

    async open() {
        this.#server = createServer((near) => this.#join(near));
        await new Promise((done) => this.#server.listen(0, "127.0.0.1", done));
        this.url = `http://127.0.0.1:${this.#server.address().port}`;
        return this;
    }

    leadTo(url) {
        this.#to = Number(new URL(url).port);
    }

    #join(near) {
        if (this.dead) return near.destroy();
        const far = connect(this.#to, "127.0.0.1");
        const cut = { dead: false };
        this.#ends.add(cut);
        const carry = (from, to) => {
            from.on("data", (bytes) => cut.dead || to.write(bytes));
            from.on("close", () => cut.dead || to.destroy());
            from.on("error", () => {});
        };
        carry(near, far);
        carry(far, near);
        cut.end = () => { near.destroy(); far.destroy(); };
        near.on("close", () => this.#ends.delete(cut));
    }

    die() {
        this.dead = true;
        for (const cut of this.#ends) cut.dead = true;
    }

    revive() {
        this.dead = false;
    }

    async close() {
        for (const cut of this.#ends) cut.end();
        await new Promise((done) => this.#server.close(done));
    }
}
