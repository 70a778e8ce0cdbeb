// SPDX-License-Identifier: Apache-2.0
// One socket to the broker, for ever: disconnected -> connecting -> connected -> disconnected …
//
// Keeps: at most one socket at a time; whatever an older socket, timer or token still does after its
// life has ended is ignored (`life` counts the lives). Comes back by itself after every end that allows
// it, with full jitter, never before the server's retry_after_ms.
// Does not know conversations: it carries frames, and answers to requests.
import { browser, OPEN, type Environment, type Socket } from "./environment.ts";
import {
    SUBPROTOCOL, WeftError, errorOf,
    type Cursor, type HelloFrame, type ServerFrame, type WelcomeFrame,
} from "./wire.ts";

export type LinkState = "disconnected" | "connecting" | "connected";

export interface ConnectionOptions {
    url: string; // ws(s)://host/v1/socket
    token: () => Promise<string>; // asked whenever there is no ticket that still opens
    client: { name: string; version: string };
    cursors?: () => Cursor[]; // read at each hello
    onState?: (state: LinkState, reason: string) => void;
    onFrame?: (frame: ServerFrame) => void; // every frame from welcome on, answers too
    environment?: Environment;
}

// Without `id` where one is needed: the connection numbers its requests itself.
export type Request = { type: string; id?: string; [member: string]: unknown };

const BACKOFF_MS = 400;
const BACKOFF_MS_MAX = 15_000;
const OPEN_MS_MAX = 12_000; // token, socket and welcome together
const QUIET_MS = 20_000; // silence after which the line is probed
const PROBE_MS = 6_000; // and how long it may take to answer
const WAKE_PROBE_MS = 2_500; // after sleep, a dead line is the likely case
const BEAT_MS = 5_000; // the heart beat that notices silence and jumps of the clock
const STEADY_MS = 1_000; // a connection that lived this long starts the backoff anew
const AGAIN = [1001, 1005, 1006, 1011, 1012, 1013, 1014, 4401, 4408, 4413, 4429];

const noLine = (): WeftError => new WeftError("disconnected", "There is no connection.", "same");

interface Waiting { resolve: (frame: ServerFrame) => void; reject: (error: WeftError) => void }

export class Connection {
    state: LinkState = "disconnected";
    reason = "not started";
    readonly #options: ConnectionOptions;
    readonly #world: Environment;
    readonly #waiting = new Map<string, Waiting>();
    #socket: Socket | null = null;
    #ticket = { value: "", until: 0 };
    #wanted = false;
    #life = 0;
    #attempt = 0;
    #requests = 0;
    #timer: unknown;
    #notBefore = 0; // the server's own wish; nothing wakes us earlier
    #welcomedAt = Infinity;
    #heardAt = 0;
    #beatAt = 0;
    #probe: { until: number } | null = null;

    constructor(options: ConnectionOptions) {
        this.#options = options;
        this.#world = options.environment ?? browser;
    }

    // The connection will not come back by itself: it was stopped, here or by the server.
    get ended(): boolean {
        return !this.#wanted;
    }

    start(): void {
        if (this.#wanted) return;
        this.#wanted = true;
        this.#attempt = 0;
        this.#connect();
    }

    stop(reason = "stopped"): void {
        this.#wanted = false;
        this.#end(reason);
    }

    // Somebody looks, or the network came back: try now, or make sure that the line lives.
    wake(): void {
        if (!this.#wanted) return;
        if (this.state === "connected") this.#probeNow(WAKE_PROBE_MS);
        else if (!this.#socket && this.state === "disconnected") {
            this.#attempt = 0;
            this.#schedule(Math.max(0, this.#notBefore - this.#world.now()));
        }
    }

    // Ends this life and begins another: the answer to a gap, or to a new identity.
    renew(reason: string, forgetTicket = false): void {
        if (forgetTicket) this.#ticket.value = "";
        if (this.#wanted) this.#lose(reason, 0);
    }

    // False: there is no line, or it is just closing (its end is told next).
    send(frame: Request): boolean {
        if (this.state !== "connected" || this.#socket?.readyState !== OPEN) return false;
        this.#socket.send(JSON.stringify(frame));
        return true;
    }

    nextId(): string {
        return String(++this.#requests);
    }

    // Rejects with a WeftError: refused by the server, or `disconnected` with retry same.
    request(frame: Request): Promise<ServerFrame> {
        const id = this.nextId();
        return new Promise((resolve, reject) => {
            if (this.send({ ...frame, id })) this.#waiting.set(id, { resolve, reject });
            else reject(noLine());
        });
    }

    #change(state: LinkState, reason: string): void {
        this.state = state;
        this.reason = reason;
        this.#options.onState?.(state, reason);
    }

    #connect(): void {
        const life = this.#begin();
        this.#change("connecting", this.reason);
        const has = this.#ticket.value !== "" && this.#ticket.until > this.#world.now();
        this.#later(OPEN_MS_MAX, life, () => this.#lose("no answer"));
        if (has) return this.#open(life, { ticket: this.#ticket.value });
        this.#options.token().then(
            (token) => life === this.#life && this.#open(life, { token }),
            (error) => {
                if (life !== this.#life) return;
                this.#lose("no token", error?.retry_after_ms);
            },
        );
    }

    #begin(): number {
        this.#world.cancel(this.#timer);
        return ++this.#life;
    }

    #later(ms: number, life: number, run: () => void): void {
        this.#world.cancel(this.#timer);
        this.#timer = this.#world.after(ms, () => life === this.#life && run());
    }

    #open(life: number, proof: { token?: string; ticket?: string }): void {
        const socket = this.#world.open(this.#options.url, SUBPROTOCOL);
        this.#socket = socket;
        socket.onopen = () => {
            const hello: HelloFrame = {
                type: "hello", id: this.nextId(), ...proof,
                cursors: this.#options.cursors?.() ?? [], client: this.#options.client,
            };
            socket.send(JSON.stringify(hello));
        };
        socket.onmessage = (event) => life === this.#life && this.#receive(JSON.parse(event.data));
        socket.onclose = (event) => life === this.#life && this.#closed(event.code);
    }

    #receive(frame: ServerFrame): void {
        this.#heardAt = this.#world.now();
        this.#probe = null;
        if (frame.type === "welcome") this.#welcome(frame);
        else if (frame.type === "error") this.#note(frame.retry, frame.retry_after_ms);
        else if (frame.type === "bye") this.#hold(frame.retry_after_ms);
        this.#options.onFrame?.(frame);
        this.#answer(frame);
    }

    #welcome(frame: WelcomeFrame): void {
        this.#ticket = { value: frame.ticket, until: this.#heardAt + frame.ticket_expires_in_ms };
        this.#welcomedAt = this.#heardAt;
        this.#notBefore = 0;
        this.#change("connected", "");
        this.#beatAt = this.#heardAt;
        this.#later(BEAT_MS, this.#life, () => this.#beat());
    }

    // A refused hello tells when to say it again, on this very socket while the server leaves it open, and with what.
    #note(retry: string, after_ms = BACKOFF_MS): void {
        const socket = this.#socket!;
        if (retry === "token") this.#ticket.value = "";
        else if (this.state === "connecting" && retry !== "never") this.#world.after(after_ms, () => socket.readyState === OPEN && socket.onopen?.(0));
    }

    #hold(ms: number): void {
        this.#notBefore = Math.max(this.#notBefore, this.#world.now() + ms);
    }

    #answer(frame: ServerFrame): void {
        const id = "id" in frame ? frame.id : undefined;
        const waiting = id === undefined ? undefined : this.#waiting.get(id);
        if (!waiting) return;
        this.#waiting.delete(id!);
        if (frame.type === "error") waiting.reject(errorOf(frame));
        else waiting.resolve(frame);
    }

    #closed(code: number): void {
        if (code === 4401) this.#ticket.value = "";
        if (AGAIN.includes(code)) return this.#lose("closed " + code, code === 4429 ? 2_000 : undefined);
        this.#wanted = false;
        this.#end("closed " + code);
    }

    // The line is gone. With `wait_ms` we come back then (and a little jitter), else by the backoff.
    #lose(reason: string, wait_ms?: number): void {
        const now = this.#world.now();
        if (now - this.#welcomedAt > STEADY_MS) this.#attempt = 0;
        this.#welcomedAt = Infinity;
        this.#end(reason);
        const backoff = Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** this.#attempt++);
        const wait = Math.max(wait_ms ?? 0, this.#notBefore - now);
        const first = wait_ms === 0 && this.#attempt < 2;
        this.#schedule(first ? 0 : wait + this.#world.random() * backoff);
    }

    #schedule(ms: number): void {
        this.#later(ms, this.#begin(), () => this.#wanted && this.#connect());
    }

    #end(reason: string): void {
        this.#begin();
        this.#probe = null;
        const socket = this.#socket;
        this.#socket = null;
        if (socket) {
            socket.onopen = socket.onmessage = socket.onclose = null;
            socket.close(1000);
        }
        const waiting = [...this.#waiting.values()];
        this.#waiting.clear();
        this.#change("disconnected", reason);
        for (const one of waiting) one.reject(noLine());
    }

    // Browsers show no WebSocket pings: silence is probed by a ping frame. A beat that comes much too late
    // means that the machine slept, and that the line is probably dead without anybody having said so.
    #beat(): void {
        const now = this.#world.now();
        const slept = now - this.#beatAt > 2 * BEAT_MS || now < this.#beatAt;
        this.#beatAt = now;
        if (this.#probe && now >= this.#probe.until) return this.#lose("silent", 0);
        if (slept) this.#probeNow(WAKE_PROBE_MS);
        else if (!this.#probe && now - this.#heardAt > QUIET_MS) this.#probeNow(PROBE_MS);
        const wait = this.#probe ? Math.min(BEAT_MS, this.#probe.until - now) : BEAT_MS;
        this.#later(Math.max(wait, 0), this.#life, () => this.#beat());
    }

    #probeNow(ms: number): void {
        const now = this.#world.now();
        if (this.#probe && this.#probe.until <= now + ms) return;
        this.#probe = { until: now + ms };
        this.send({ type: "ping", id: this.nextId() });
        this.#beatAt = now;
        this.#later(ms, this.#life, () => this.#beat());
    }
}

// Lets a page's own signs of life wake the connection. Returns how to end that.
export function wakeByPage(connection: Connection): () => void {
    const end = new AbortController();
    const look = () => document.visibilityState === "visible" && connection.wake();
    for (const sign of ["online", "offline", "pageshow"]) // offline: an open line is probed, and given up soon if it is dead
        addEventListener(sign, () => connection.wake(), end);
    document.addEventListener("visibilitychange", look, end);
    return () => end.abort();
}
