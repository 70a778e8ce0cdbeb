// SPDX-License-Identifier: Apache-2.0
// A made-up world for the client: a clock that the test moves, chance from a seed, and sockets that lead to
// the model broker with delay, and break when the test says so.
import type { Environment, Socket } from "../../../broker/web/client/index.ts";
import { ModelBroker } from "../../lib/model_broker.mjs";

export function chance(seed: number): () => number {
    let state = seed >>> 0;
    return () => { // mulberry32
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), state | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

interface Timer { at: number; order: number; run: () => void }

export class World implements Environment {
    time = 1_795_000_000_000;
    readonly random: () => number;
    readonly broker: any;
    readonly sockets = new Set<Wire>();
    delay = (): number => 5 + this.random() * 40;
    disturb: (frame: any) => any[] = (frame) => [frame]; // what becomes of a frame to a client
    closing = 0; // how long a socket is closing before its end is told
    refuses = false; // nobody listens
    sent: any[] = []; // every frame a client sent
    private timers: Timer[] = [];
    private order = 0;

    constructor(seed = 1) {
        this.random = chance(seed);
        this.broker = new ModelBroker({ now: () => this.time, random: this.random } as any);
    }

    now = (): number => this.time;

    after(ms: number, run: () => void): Timer {
        const timer = { at: this.time + Math.max(0, ms), order: this.order++, run };
        this.timers.push(timer);
        return timer;
    }

    cancel(timer: unknown): void {
        this.timers = this.timers.filter((one) => one !== timer);
    }

    open(): Socket {
        return new Wire(this);
    }

    // Moves the clock, runs what is due, and lets promises settle in between.
    async pass(ms: number): Promise<void> {
        const end = this.time + ms;
        for (;;) {
            await settle();
            const next = this.timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
            if (!next) break;
            this.cancel(next);
            this.time = Math.max(this.time, next.at);
            next.run();
        }
        this.time = end;
    }

    // The machine sleeps: time goes by, nothing runs, and every line dies without a word.
    sleep(ms: number): void {
        for (const wire of this.sockets) wire.deaf = true;
        this.time += ms;
    }
}

const settle = async (): Promise<void> => {
    for (let i = 0; i < 6; i++) await Promise.resolve();
};

// Both ways keep their order; what is under way when it breaks is lost.
class Wire implements Socket {
    onopen: ((event: any) => void) | null = null;
    onmessage: ((event: { data: any }) => void) | null = null;
    onclose: ((event: { code: number; reason: string }) => void) | null = null;
    deaf = false;
    private line: any;
    private broken = false;
    private toServer = 0;
    private toClient = 0;

    constructor(private readonly world: World) {
        world.sockets.add(this);
        world.after(world.delay(), () => {
            if (this.broken) return;
            if (world.refuses) return this.break(1006);
            this.line = world.broker.connect({
                send: (frame: any) => world.disturb(frame).forEach((one) => this.down(JSON.stringify(one))),
                close: (code: number) => (code < 4000 ? this.break(code) : this.end(code)),
            });
            this.onopen?.({});
        });
    }

    private down(text: string): void {
        this.toClient = Math.max(this.toClient, this.world.time + this.world.delay());
        this.world.after(this.toClient - this.world.time, () => !this.broken && !this.deaf && this.onmessage?.({ data: text }));
    }

    get readyState(): number {
        return this.broken ? 2 : this.line ? 1 : 0;
    }

    // A browser throws, or complains on its console, of what is sent to a socket that is not open.
    send(text: string): void {
        if (this.readyState !== 1) throw new Error(`sent while the socket was ${this.readyState ? "closing" : "connecting"}`);
        const frame = JSON.parse(text);
        this.world.sent.push(frame);
        this.toServer = Math.max(this.toServer, this.world.time + this.world.delay());
        this.world.after(this.toServer - this.world.time, () => !this.broken && !this.deaf && this.line?.receive(frame));
    }

    close(): void {
        this.onclose = null;
        this.break(1000);
    }

    // The server's own end: what it said before arrives first.
    private end(code: number): void {
        this.world.after(this.toClient - this.world.time, () => this.break(code));
    }

    break(code: number): void {
        if (this.broken) return;
        this.broken = true;
        this.world.sockets.delete(this);
        this.line?.end(1006);
        const tell = this.onclose;
        this.world.after(this.world.closing, () => tell?.({ code, reason: "" }));
    }
}
