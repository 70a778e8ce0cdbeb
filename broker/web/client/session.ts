// SPDX-License-Identifier: Apache-2.0
// A person on a device: one connection, and the conversations on it. The customer's widget has one
// thread (`own`); the desk has one per chat, opened by the frames that arrive or by `thread(id)`.
import { Connection, type LinkState, type Request } from "./connection.ts";
import { browser, type Environment } from "./environment.ts";
import type { LaneStore } from "./lanes.ts";
import { Thread } from "./thread.ts";
import type { DoneFrame, ServerFrame, WelcomeFrame } from "./wire.ts";

export interface SessionOptions {
    url: string; // ws(s)://host/v1/socket
    token: () => Promise<string>;
    client: { name: string; version: string };
    role: "customer" | "agent";
    lanes?: LaneStore; // absent: unsent words live as long as the page
    scope?: string; // the last known `session.scope`, for words written before the first welcome
    environment?: Environment;
}

const CURSORS = 64;

export class Session {
    readonly connection: Connection;
    readonly world: Environment;
    readonly threads = new Map<string, Thread>();
    readonly own: Thread | null; // the customer's conversation
    welcome: WelcomeFrame | null = null; // the last one; kept while the line is down
    scope: string;
    skew = 0; // of the server's clock, seen from ours, in ms
    readonly lanes: LaneStore | undefined;
    readonly #listeners = new Set<(frame: ServerFrame | null) => void>();

    constructor(options: SessionOptions) {
        this.lanes = options.lanes;
        this.world = options.environment ?? browser;
        this.scope = options.scope ?? "";
        this.own = options.role === "customer" ? new Thread(this, "") : null;
        this.connection = new Connection({
            url: options.url, token: options.token, client: options.client, environment: this.world,
            cursors: () => this.#cursors(),
            onState: (state) => this.#onState(state),
            onFrame: (frame) => this.#onFrame(frame),
        });
    }

    // Called with each frame, after the threads have taken it, and with null when the link changes.
    on(listener: (frame: ServerFrame | null) => void): () => void {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
    }

    thread(conversation: string): Thread {
        let thread = this.threads.get(conversation);
        if (!thread) {
            thread = new Thread(this, conversation);
            this.threads.set(conversation, thread);
            if (this.welcome) this.#begin(thread, conversation);
        }
        return thread;
    }

    // Lets go of a chat: its cursor is not sent again.
    forget(conversation: string): void {
        this.threads.delete(conversation);
    }

    request(frame: Request): Promise<ServerFrame> {
        return this.connection.request(frame);
    }

    // An anonymous contact proves who they are; the conversation that goes on may be another one.
    async identify(token: string): Promise<void> {
        const done = (await this.request({ type: "identify", token })) as DoneFrame;
        if (done.conversation && done.conversation !== this.own?.state.id) this.connection.renew("identified", true);
    }

    newId(): string {
        return Math.floor(this.world.random() * 2 ** 52).toString(36) + this.world.now().toString(36);
    }

    saveLanes(thread: Thread): void {
        const scope = this.#laneScope(thread);
        if (scope) this.lanes?.save(scope, thread.state.outbox);
    }

    #laneScope(thread: Thread): string {
        if (thread === this.own) return this.scope;
        return this.scope && thread.state.id ? `${this.scope}:${thread.state.id}` : "";
    }

    #cursors() {
        const cursors = [];
        for (const { state } of this.threads.values())
            if (state.id && state.at) cursors.push({ conversation: state.id, at: state.at });
        return cursors.slice(-CURSORS);
    }

    #onState(state: LinkState): void {
        if (state === "disconnected") for (const thread of this.#all()) thread.ended();
        this.#tell(null);
    }

    #all(): Set<Thread> {
        return new Set([...(this.own ? [this.own] : []), ...this.threads.values()]);
    }

    #onFrame(frame: ServerFrame): void {
        if (frame.type === "welcome") this.#onWelcome(frame);
        else if (frame.type === "error") for (const thread of this.#all()) thread.receive(frame);
        else if ("conversation" in frame && frame.conversation && frame.type !== "done" && frame.type !== "page")
            this.#route(frame, frame.conversation);
        this.#tell(frame);
    }

    #route(frame: ServerFrame, conversation: string): void {
        const known = this.threads.get(conversation);
        if (known) known.receive(frame);
        else if (!this.own && (frame.type === "entry" || frame.type === "assigned")) this.thread(conversation).receive(frame);
    }

    #onWelcome(welcome: WelcomeFrame): void {
        this.welcome = welcome;
        this.skew = welcome.time_ms - this.world.now();
        const was = this.scope;
        this.scope = `${welcome.tenant}:${welcome.subject ?? ""}`;
        if (this.own && welcome.conversation) {
            if (was && was !== this.scope) this.lanes?.save(was, []);
            this.threads.clear();
            this.threads.set(welcome.conversation, this.own);
        }
        for (const [id, thread] of this.threads) this.#begin(thread, id);
    }

    #begin(thread: Thread, id: string): void {
        thread.began(this.welcome!, id);
        const scope = this.#laneScope(thread);
        void this.lanes?.restore(scope).then((lanes) => {
            if (lanes.length && scope === this.#laneScope(thread)) thread.apply({ type: "restored", lanes, now: this.world.now() });
        });
    }

    #tell(frame: ServerFrame | null): void {
        for (const listener of this.#listeners) listener(frame);
    }
}
