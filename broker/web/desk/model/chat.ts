// SPDX-License-Identifier: Apache-2.0
// One chat as its agent sees it: pure steps from what the server said to what is shown.
//
// Who owns the chat follows the log and nothing else: an `owner` or `case_closed` part counts only when it lies
// after the owner token that is held, so that old entries which stream in late cannot take a chat away.
// Waiting, unread and last words are folded from public entries as they come; they are never counted back.

import { NO_AMENDS, type Amends } from "../../client/amends.ts";
import { append, EMPTY_THREAD, prepend, type Thread } from "./thread.ts";
import { NO_ENTRY, seqOf } from "./name.ts";
import type { Body, CallbackView, EntryView, Handoff, Part, Who } from "./wire.ts";

/** watching: somebody else's, read along silently. joined: somebody else's, and the agent may speak beside them.
 *  checking: mine before the line broke, not yet confirmed. gone: not confirmed, so somebody else's. */
export type Ownership = "mine" | "checking" | "closed" | "released" | "gone" | "watching" | "joined";
export type Busy = "closing" | "transferring" | "reopening" | "recording" | null;

/** Own words that have no place in the log yet. */
export interface Pending {
    readonly key: string;
    readonly text: string;
    /** It is a file, and this is what is known of it. */
    readonly file: Body | null;
    readonly note: boolean;
    readonly acked: boolean;
    readonly time_ms: number;
}

export interface Typist {
    readonly who: Who;
}

export interface LastWords {
    readonly who: Who;
    readonly text: string;
    readonly note: boolean;
    readonly time_ms: number;
    readonly at: string;
}

export interface Chat {
    readonly conversation: string;
    readonly contact: string;
    readonly proven: boolean;
    readonly ownership: Ownership;
    readonly owner: string | null;
    readonly released: string | null;
    readonly busy: Busy;
    readonly handoff: Handoff | null;
    /** The customer does not wait here: they are to be called back. */
    readonly callback: CallbackView | null;
    readonly thread: Thread;
    readonly older: "idle" | "loading" | "failed";
    readonly pending: readonly Pending[];
    /** Own edits, deletions and reactions that have no place in the log yet, as if they had. */
    readonly deeds: Amends;
    /** The entry that the next words answer. */
    readonly answering: string | null;
    readonly delivered: number;
    readonly read: number;
    /** The agent has answered since the chat became theirs: the packet has done its work. */
    readonly answered: boolean;
    readonly own_read: number;
    /** Words of the customer that the agent has not seen and nobody has answered. */
    readonly unread: number;
    readonly waiting_since_ms: number | null;
    readonly last: LastWords | null;
    readonly typists: readonly Typist[];
    /** Grows when words came back into the draft, so that the composer looks again; `notice` says why. */
    readonly draft_turn: number;
    readonly notice: string | null;
}

export function newChat(conversation: string): Chat {
    return {
        conversation,
        contact: "Visitor",
        proven: false,
        ownership: "checking",
        owner: null,
        released: null,
        busy: null,
        handoff: null,
        callback: null,
        thread: EMPTY_THREAD,
        older: "idle",
        pending: [],
        deeds: NO_AMENDS,
        answering: null,
        delivered: 0,
        read: 0,
        answered: false,
        own_read: 0,
        unread: 0,
        waiting_since_ms: null,
        last: null,
        typists: [],
        draft_turn: 0,
        notice: null,
    };
}

/** True while the agent may write: also while checking, since what is not theirs is refused and comes back. */
export function writable(chat: Chat): boolean {
    const may = chat.ownership === "mine" || chat.ownership === "checking" || chat.ownership === "joined";
    return may && chat.owner !== null;
}

export function hasOlder(chat: Chat): boolean {
    return chat.thread.before !== null && chat.thread.before !== NO_ENTRY;
}

/** Why a chat left, as the agent knows it: by their own hand, or by somebody else's. */
export function leftBy(chat: Chat, reason: string): string {
    if (reason === "closed" && chat.ownership === "closed") return chat.released ?? reason;
    const handedOn = chat.busy === "transferring" || chat.released === "handed_on";
    return handedOn && reason !== "closed" ? "handed_on" : reason;
}

function ownedBy(chat: Chat, entry: EntryView, part: Part, me: string): Chat {
    if (seqOf(entry.at) <= seqOf(chat.owner)) return chat;
    const other = part.kind === "owner" && part.id !== me;
    if (chat.ownership === "watching" || (chat.ownership === "joined" && other)) return chat;
    if (part.kind === "case_closed") {
        return { ...chat, ownership: "closed", released: part.reason ?? "closed", busy: null, waiting_since_ms: null, callback: null };
    }
    if (part.owner === "agent" && part.id === me) {
        return { ...chat, ownership: "mine", owner: entry.at, released: null, busy: null };
    }
    if (chat.ownership === "closed") return chat;
    return { ...chat, ownership: "released", released: leftBy(chat, "transferred"), busy: null };
}

function said(chat: Chat, entry: EntryView, part: Part, me: string): Chat {
    const note = part.kind === "note" || entry.visibility === "internal";
    const text = part.body?.text ?? "";
    const mine = entry.author.kind === "agent" && entry.author.id === me;
    const last: LastWords = { who: entry.author, text, note, time_ms: entry.time_ms, at: entry.at };
    const next = { ...chat, last };
    if (note) return next;
    if (entry.author.kind === "customer") {
        const unread = seqOf(entry.at) > chat.own_read ? chat.unread + 1 : chat.unread;
        return { ...next, unread, waiting_since_ms: chat.waiting_since_ms ?? entry.time_ms };
    }
    if (part.body?.kind === "system" || entry.author.kind === "system") return next;
    if (!mine) return { ...next, waiting_since_ms: null, unread: 0 };
    const answered = chat.answered || seqOf(entry.at) > seqOf(chat.owner);
    return { ...next, answered, waiting_since_ms: null, own_read: seqOf(entry.at), unread: 0 };
}

/** The last words in the list are the words in force. */
function reworded(chat: Chat, target: string | undefined): Chat {
    const text = target === undefined ? undefined : chat.thread.amends.get(target)?.body?.text;
    return chat.last && chat.last.at === target && text !== undefined ? { ...chat, last: { ...chat.last, text } } : chat;
}

/** What `assigned` said of a callback stands until a later entry says otherwise. */
function calledBack(chat: Chat, entry: EntryView, part: Part): Chat {
    if (seqOf(entry.at) <= seqOf(chat.owner)) return chat;
    const busy = chat.busy === "recording" ? null : chat.busy;
    return { ...chat, busy, callback: part.callback ? { ...chat.callback, ...part.callback } : null };
}

function onPart(chat: Chat, entry: EntryView, part: Part, me: string): Chat {
    switch (part.kind) {
        case "message":
        case "note":
            return said(chat, entry, part, me);
        case "owner":
        case "case_closed":
            return ownedBy(chat, entry, part, me);
        case "queued":
            return part.handoff ? { ...chat, handoff: part.handoff } : chat;
        case "callback":
            return calledBack(chat, entry, part);
        case "edited":
        case "deleted":
            return reworded(chat, part.target);
        case "identity":
            return { ...chat, proven: true, contact: part.name ?? chat.contact };
        default:
            return chat;
    }
}

/** A new entry at the end. One that is held already changes nothing. */
export function onEntry(chat: Chat, entry: EntryView, me: string): Chat {
    const thread = append(chat.thread, entry);
    if (thread === chat.thread) return chat;
    const waited = chat.waiting_since_ms;
    const next = entry.parts.reduce((now: Chat, part) => onPart(now, entry, part, me), { ...chat, thread });
    const queued = entry.parts.some((part) => part.kind === "queued");
    // A case in the queue is not answered by the bot's parting words: its age goes on.
    return queued ? { ...next, waiting_since_ms: next.waiting_since_ms ?? waited ?? entry.time_ms } : next;
}

export function onPage(chat: Chat, entries: readonly EntryView[], more: boolean): Chat {
    const thread = prepend(chat.thread, entries);
    const before = more && entries.length > 0 ? thread.before : NO_ENTRY;
    return { ...chat, thread: { ...thread, before }, older: "idle" };
}

/** How far the customer is. */
export function onReader(chat: Chat, delivered: number, read: number): Chat {
    const nextRead = Math.max(chat.read, read);
    const nextDelivered = Math.max(chat.delivered, delivered, nextRead);
    if (nextRead === chat.read && nextDelivered === chat.delivered) return chat;
    return { ...chat, read: nextRead, delivered: nextDelivered };
}

/** The agent has seen everything up to this place. */
export function onSeen(chat: Chat, seq: number): Chat {
    if (seq <= chat.own_read) return chat;
    let unread = 0;
    const { rows, start, end } = chat.thread;
    for (let index = end - 1; index >= start; index -= 1) {
        const row = rows[index];
        if (!row || seqOf(row.entry.at) <= seq) break;
        if (row.part.kind !== "message" || row.part.body?.kind === "system") continue;
        if (row.entry.author.kind !== "customer") break;
        unread += 1;
    }
    return { ...chat, own_read: seq, unread };
}

/** Words were refused and are in the draft again: the composer looks there, and says why. */
export function onReturned(chat: Chat, notice: string): Chat {
    return { ...chat, notice, draft_turn: chat.draft_turn + 1 };
}

/** The server says: forget what you hold. What is still on its way stays. */
export function onReset(chat: Chat): Chat {
    return {
        ...newChat(chat.conversation),
        contact: chat.contact,
        proven: chat.proven,
        ownership: chat.ownership,
        owner: chat.owner,
        handoff: chat.handoff,
        callback: chat.callback,
        released: chat.released,
        pending: chat.pending,
        deeds: chat.deeds,
        draft_turn: chat.draft_turn,
        notice: chat.notice,
        own_read: 0,
    };
}
