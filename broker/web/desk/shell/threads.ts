// SPDX-License-Identifier: Apache-2.0
// Carries what the client library knows of each chat into the desk's state, as events.
//
// The library's thread is the one source: its entries are gapless, and this only passes on what is new at either
// end since the last look. Words that the server refused leave the outbox here and go back into the draft.

import type { Session, Thread } from "../../client/index.ts";
import { amendsOnTheWay } from "../../client/amends.ts";
import { pendingOf, type Word } from "../../client/outbox.ts";
import { deedRefusedOf, fileRefusedOf, refusedOf } from "../view/words.ts";
import { onePage } from "../model/page.ts";
import type { Event } from "../model/events.ts";
import type { Chat, Pending } from "../model/chat.ts";
import type { EntryView } from "../model/wire.ts";
import type { Drafts } from "./keep.ts";

export class Threads {
    private readonly seen = new Map<string, Thread>();

    constructor(
        private readonly session: Session,
        private readonly drafts: Drafts,
        private readonly chat: (conversation: string) => Chat | undefined,
        private readonly me: () => string,
        private readonly dispatch: (event: Event) => void,
    ) {}

    get(conversation: string): Thread | undefined {
        return this.seen.get(conversation);
    }

    /** The chat is the agent's own, or they look on silently: follow its thread from here on. */
    follow(conversation: string, silently = false): void {
        const thread = this.session.thread(conversation);
        thread.watching = silently;
        if (this.seen.get(conversation) === thread) return;
        this.seen.set(conversation, thread);
        this.dispatch({ type: "reset", conversation });
        thread.subscribe(() => {
            if (this.seen.get(conversation) === thread) this.pass(conversation, thread);
        });
        this.pass(conversation, thread);
    }

    drop(conversation: string): void {
        this.seen.delete(conversation);
        this.session.forget(conversation);
    }

    /** No longer resumes chats that ended, once none of their words is on its way. */
    letGo(ended: (conversation: string) => boolean): void {
        for (const [conversation, thread] of this.seen) {
            if (ended(conversation) && pendingOf(thread.state.outbox).length === 0) this.session.forget(conversation);
        }
    }

    async older(conversation: string): Promise<void> {
        const thread = this.seen.get(conversation);
        if (!thread || this.chat(conversation)?.older === "loading") return;
        this.dispatch({ type: "older", conversation, state: "loading" });
        const came = await thread.older();
        if (!came && thread.state.more) this.dispatch({ type: "older", conversation, state: "failed" });
        else if (this.chat(conversation)?.older === "loading") this.dispatch({ type: "page", conversation, entries: [], more: false });
    }

    private pass(conversation: string, thread: Thread): void {
        const { state } = thread;
        this.passEntries(conversation, state.entries, state.more);
        const customer = state.readers.find((reader) => reader.who.kind === "customer");
        if (customer)
            this.dispatch({ type: "reader", conversation, delivered: customer.delivered, read: customer.read });
        const self = state.readers.find((reader) => reader.who.kind === "agent" && reader.who.id === this.me());
        if (self) this.dispatch({ type: "seen", conversation, seq: self.read });
        this.passTypists(conversation, thread);
        this.passWords(conversation, thread);
    }

    private passEntries(conversation: string, entries: readonly EntryView[], more: boolean): void {
        const held = this.chat(conversation)?.thread;
        if (!held) return;
        if (entries.length === 0) {
            if (held.last !== null) this.dispatch({ type: "reset", conversation });
            return;
        }
        const { older, newer, apart } = onePage(entries, held.first, held.last);
        if (apart) this.dispatch({ type: "reset", conversation });
        if (older.length > 0) this.dispatch({ type: "page", conversation, entries: older, more });
        for (const entry of newer) this.dispatch({ type: "entry", entry });
    }

    private passTypists(conversation: string, thread: Thread): void {
        const held = this.chat(conversation)?.typists ?? [];
        const typists = thread.state.typists.filter(({ who }) => who.kind !== "agent" || who.id !== this.me());
        const same = typists.length === held.length && typists.every(({ who }, index) => who === held[index]!.who);
        if (!same) this.dispatch({ type: "typists", conversation, typists });
    }

    private passDeeds(conversation: string, words: readonly Word[]): void {
        if (words.length === 0 && !this.chat(conversation)?.deeds.size) return;
        this.dispatch({ type: "deeds", conversation, deeds: amendsOnTheWay(words, { kind: "agent", id: this.me() }) });
    }

    private passWords(conversation: string, thread: Thread): void {
        const words = pendingOf(thread.state.outbox);
        const failed = words.find((word) => word.status === "failed" && !word.n);
        if (failed?.type) {
            this.dispatch({ type: "notice", text: deedRefusedOf(failed.type, failed.error ?? ""), tone: "bad" });
            thread.discard(failed.key);
            return;
        }
        if (failed?.body?.kind === "file") {
            this.dispatch({ type: "notice", text: fileRefusedOf(failed.body.text, failed.error ?? ""), tone: "bad" });
            thread.discard(failed.key);
            return;
        }
        if (failed) {
            const note = failed.visibility === "internal";
            this.drafts.giveBack(conversation, failed.body?.text ?? "", note);
            this.dispatch({ type: "returned", conversation, notice: refusedOf(failed.error ?? "") });
            thread.discard(failed.key);
            return;
        }
        this.passDeeds(conversation, words.filter((word) => word.type));
        const pending = words.filter((word) => !word.type).map((word): Pending => ({
            key: word.key,
            text: word.body?.text ?? "",
            file: word.body?.kind === "file" ? word.body : null,
            note: word.visibility === "internal",
            acked: word.status === "acked",
            time_ms: word.time_ms,
        }));
        const held = this.chat(conversation)?.pending ?? [];
        const same =
            pending.length === held.length &&
            pending.every((word, index) => word.key === held[index]!.key && word.acked === held[index]!.acked);
        if (!same) this.dispatch({ type: "pending", conversation, pending });
    }
}
