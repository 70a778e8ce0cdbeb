// SPDX-License-Identifier: Apache-2.0
// One conversation on one session: feeds the fold, sends what is due, keeps the cursors moving.
// All decisions are in conversation.ts and outbox.ts; here are the clock, the line and the store.
import { fold, newConversation, type Conversation, type Deed } from "./conversation.ts";
import type { Session } from "./session.ts";
import { dueAt, due, needsNewLineage, sendFrame, type Draft } from "./outbox.ts";
import { NOWHERE, placeOf, type Name, type PageFrame, type ReceiptFrame, type ServerFrame, type WelcomeFrame } from "./wire.ts";

const TYPING_MS = 3_000;
const RECEIPT_MS = 250;
const PAGE = 30;

export class Thread {
    state: Conversation;
    watching = false; // looks on silently: no receipts
    readonly #session: Session;
    readonly #listeners = new Set<() => void>();
    #timer: unknown;
    #receiptTimer: unknown = null;
    #typedAt = 0;
    #readUpTo: Name | null = null;
    #told = { delivered: 0, read: 0 };
    #gaps = 0;
    #paging: Promise<boolean> | null = null;

    constructor(session: Session, id: string) {
        this.#session = session;
        this.state = newConversation(id, session.newId());
    }

    subscribe(listener: () => void): () => void {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
    }

    // Says or does something, now or as soon as there is a line. Returns the key of the line on the screen.
    say(draft: Draft): string {
        const key = this.#session.newId();
        this.#typedAt = 0;
        this.apply({ type: "said", draft, key, now: this.#now() });
        return key;
    }

    retry(key: string): void {
        this.apply({ type: "retried", key, now: this.#now() });
    }

    discard(key: string): void {
        this.apply({ type: "discarded", key });
    }

    // Call it on every key press, and with false when the words are gone.
    typing(active: boolean): void {
        const now = this.#now();
        if (active ? now - this.#typedAt < TYPING_MS : !this.#typedAt) return;
        this.#typedAt = active ? now : 0;
        this.#session.connection.send({ type: "typing", ...this.#address(), active });
    }

    // The reader has seen everything that is here.
    read(): void {
        if (this.state.at === this.#readUpTo) return;
        this.#readUpTo = this.state.at;
        this.#tellReceipts();
    }

    // Older entries; resolves to false when there are none, or no line. One page at a time.
    older(): Promise<boolean> {
        this.#paging ??= this.#loadOlder().finally(() => { this.#paging = null; });
        return this.#paging;
    }

    async #loadOlder(): Promise<boolean> {
        const oldest = this.state.entries[0];
        if (!oldest || oldest.after === NOWHERE) return false;
        try {
            const page = await this.#session.connection.request(
                { type: "history", ...this.#address(), before: oldest.after, limit: PAGE });
            this.apply({ type: "paged", page: page as PageFrame });
            return true;
        } catch {
            return false;
        }
    }

    // ---- from the session ------------------------------------------------------------------------

    began(welcome: WelcomeFrame, id: string): void {
        this.#told = { delivered: 0, read: 0 };
        this.#typedAt = 0;
        this.apply({
            type: "began", id, head: welcome.conversation === id ? welcome.head ?? null : null,
            lineage: welcome.lineage ?? "", laneId: this.#session.newId(),
        });
        this.#tellReceipts();
    }

    ended(): void {
        this.apply({ type: "ended" });
    }

    receive(frame: ServerFrame): void {
        const before = this.state.at;
        this.apply({ type: "frame", frame, now: this.#now() });
        if (this.state.at !== before) {
            this.#gaps = 0;
            this.#tellReceipts();
        }
        if (this.state.gap) this.#onGap();
        else if (frame.type === "reset" && frame.reason === "superseded") this.#session.connection.renew("superseded");
        else if (needsNewLineage(this.state.outbox) && !this.state.spare) this.#session.connection.renew("lineage");
    }

    apply(deed: Deed): void {
        const before = this.state;
        this.state = fold(before, deed);
        this.#flush();
        if (this.state === before) return;
        if (this.state.outbox !== before.outbox) this.#session.saveLanes(this);
        for (const listener of this.#listeners) listener();
    }

    // A gap twice at the same place: our own cursor cannot be right, so begin anew without one.
    #onGap(): void {
        if (++this.#gaps > 1) {
            this.#gaps = 0;
            const reset: ServerFrame = { type: "reset", conversation: this.state.id, reason: "unknown_cursor" };
            this.apply({ type: "frame", frame: reset, now: this.#now() });
        }
        this.#session.connection.renew("gap");
    }

    #flush(): void {
        const now = this.#now();
        if (this.#session.welcome && this.#session.connection.state === "connected") {
            for (const { lane, word } of due(this.state.outbox, now, this.#session.welcome.limits.unacked_sends)) {
                const id = this.#session.connection.nextId();
                this.state = fold(this.state, { type: "flown", key: word.key, id });
                this.#session.connection.send(sendFrame(lane, word, id, this.state.id));
            }
        }
        const wakes = [dueAt(this.state.outbox), ...this.state.typists.map((one) => one.until)].filter((at) => at > now);
        this.#session.world.cancel(this.#timer);
        if (wakes.length)
            this.#timer = this.#session.world.after(Math.min(...wakes) - now + 1, () => this.apply({ type: "passed", now: this.#now() }));
    }

    #tellReceipts(): void {
        if (this.#receiptTimer !== null) return;
        this.#receiptTimer = this.#session.world.after(RECEIPT_MS, () => {
            this.#receiptTimer = null;
            this.#sendReceipt();
        });
    }

    #sendReceipt(): void {
        const { at } = this.state;
        if (at === null || this.watching) return;
        const delivered = placeOf(at);
        const read = this.#readUpTo ? placeOf(this.#readUpTo) : 0;
        if (delivered <= this.#told.delivered && read <= this.#told.read) return;
        const frame: ReceiptFrame = { type: "receipt", ...this.#address(), delivered: at, read: this.#readUpTo ?? undefined };
        if (this.#session.connection.send({ ...frame })) this.#told = { delivered, read };
    }

    #address(): { conversation: string } {
        return { conversation: this.state.id };
    }

    #now(): number {
        return this.#session.world.now();
    }
}
