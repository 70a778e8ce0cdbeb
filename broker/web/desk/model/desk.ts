// SPDX-License-Identifier: Apache-2.0
// The desk's whole state and its one step: (state, event) -> state, pure, time inside the event.
//
// What the server has confirmed and what it has not are told apart: after each welcome every own chat, offer and
// colleague is unconfirmed until the server names it again, and what it has not named when the sync is over is
// shown as gone. So the desk cannot go on showing a chat that went to somebody else during a sleep.

import * as chats from "./chat.ts";
import type { Chat } from "./chat.ts";
import { arrange, closeColumn, EMPTY_COLUMNS, keepOnly, keptAs, type Columns, openColumn } from "./columns.ts";
import type { Event, Of } from "./events.ts";
import { seqOf } from "./name.ts";
import { NEW_ROUTING, stepRouting, welcomed, type Routing } from "./routing.ts";
import type { CallbackView, Handoff, Presence, Term } from "./wire.ts";

export type Phase = "starting" | "signed_out" | "signed_in";
export type LineStatus = "connecting" | "live" | "waiting";

export interface Line {
    readonly status: LineStatus;
    readonly lost_at_ms: number | null;
    readonly durability: string | null;
}

export interface Me {
    readonly agent: string;
    readonly name: string;
    readonly tenant: string;
    readonly status: Presence;
    readonly wanted: Presence | null;
    readonly capacity: number | null;
}

export interface Colleague {
    readonly agent: string;
    readonly name: string;
    readonly status: Presence;
    readonly chats: number | null;
    readonly capacity: number | null;
    readonly sync: number;
}

export interface Offer {
    readonly offer: string;
    readonly conversation: string;
    readonly contact: string;
    readonly handoff: Handoff | null;
    /** The customer does not wait in the chat. */
    readonly callback: CallbackView | null;
    readonly terms: readonly Term[];
    readonly waiting_since_ms: number;
    readonly shown_at_ms: number;
    readonly expires_at_ms: number;
    readonly state: "open" | "accepting" | "declining" | "unconfirmed";
    readonly sync: number;
}

export interface Notice {
    readonly id: number;
    readonly text: string;
    readonly tone: "info" | "bad";
}

export interface Desk {
    readonly phase: Phase;
    readonly reason: string | null;
    readonly line: Line;
    readonly me: Me;
    readonly sync: number;
    readonly synced: boolean;
    /** Server time minus this machine's. */
    readonly skew_ms: number;
    readonly chats: ReadonlyMap<string, Chat>;
    readonly offers: readonly Offer[];
    readonly colleagues: ReadonlyMap<string, Colleague>;
    readonly columns: Columns;
    readonly routing: Routing;
    readonly notices: readonly Notice[];
}

export const NEW_DESK: Desk = {
    phase: "starting",
    reason: null,
    line: { status: "connecting", lost_at_ms: null, durability: null },
    me: { agent: "", name: "", tenant: "", status: "offline", wanted: null, capacity: null },
    sync: 0,
    synced: false,
    skew_ms: 0,
    chats: new Map(),
    offers: [],
    colleagues: new Map(),
    columns: EMPTY_COLUMNS,
    routing: NEW_ROUTING,
    notices: [],
};

function withChat(desk: Desk, conversation: string, step: (chat: Chat) => Chat): Desk {
    const held = desk.chats.get(conversation);
    if (!held) return desk;
    const next = step(held);
    return next === held ? desk : { ...desk, chats: new Map(desk.chats).set(conversation, next) };
}

function everyChat(desk: Desk, step: (chat: Chat) => Chat): Desk {
    let changed = false;
    const next = new Map<string, Chat>();
    for (const [conversation, chat] of desk.chats) {
        const stepped = step(chat);
        changed ||= stepped !== chat;
        next.set(conversation, stepped);
    }
    return changed ? { ...desk, chats: next } : desk;
}

function onLine(desk: Desk, event: Of<"line">): Desk {
    const lost_at_ms = event.status === "live" ? null : (desk.line.lost_at_ms ?? (desk.sync > 0 ? event.now_ms : null));
    const line = { ...desk.line, status: event.status, lost_at_ms };
    if (event.status === "live") return { ...desk, line };
    const offers = desk.offers.map((offer) => ({ ...offer, state: "unconfirmed" as const }));
    return everyChat({ ...desk, line, offers, synced: false }, (chat) =>
        chat.typists.length > 0 || chat.busy || chat.older === "loading"
            ? { ...chat, typists: [], busy: null, older: "idle" }
            : chat,
    );
}

function onWelcome(desk: Desk, event: Of<"welcome">): Desk {
    const next: Desk = {
        ...desk,
        sync: desk.sync + 1,
        synced: false,
        skew_ms: event.time_ms - event.now_ms,
        routing: welcomed(desk.routing, event.supervisor ?? false),
        me: { ...desk.me, status: event.status ?? desk.me.status },
        line: { status: "live", lost_at_ms: null, durability: event.durability },
    };
    return everyChat(next, (chat) => (chat.ownership === "mine" ? { ...chat, ownership: "checking" } : chat));
}

function onSyncOver(desk: Desk, sync: number): Desk {
    if (sync !== desk.sync || desk.line.status !== "live") return desk;
    const colleagues = new Map([...desk.colleagues].filter(([, colleague]) => colleague.sync === sync));
    const offers = desk.offers.filter((offer) => offer.sync === sync);
    const columns = keepOnly(desk.columns, (conversation) => desk.chats.has(conversation));
    return everyChat({ ...desk, colleagues, offers, columns, synced: true }, (chat) =>
        chat.ownership === "checking" ? { ...chat, ownership: "gone", released: "elsewhere", busy: null } : chat,
    );
}

function onPresence(desk: Desk, event: Of<"presence">): Desk {
    if (event.agent === desk.me.agent) {
        const me = { ...desk.me, status: event.status, capacity: event.capacity ?? desk.me.capacity };
        return { ...desk, me, routing: { ...desk.routing, load: event.weight ?? desk.routing.load } };
    }
    const held = desk.colleagues.get(event.agent);
    const colleague: Colleague = {
        agent: event.agent,
        name: event.name ?? held?.name ?? event.agent,
        status: event.status,
        chats: event.chats ?? held?.chats ?? null,
        capacity: event.capacity ?? held?.capacity ?? null,
        sync: desk.sync,
    };
    return { ...desk, colleagues: new Map(desk.colleagues).set(event.agent, colleague) };
}

function onOffer(desk: Desk, event: Of<"offer">): Desk {
    const held = desk.offers.find((offer) => offer.offer === event.offer);
    const offer: Offer = {
        offer: event.offer,
        conversation: event.conversation,
        contact: event.contact ?? "Visitor",
        handoff: event.handoff ?? null,
        callback: event.callback ?? null,
        terms: event.terms ?? [],
        waiting_since_ms: event.now_ms - (event.waiting_ms ?? 0),
        shown_at_ms: held?.shown_at_ms ?? event.now_ms,
        expires_at_ms: event.now_ms + event.expires_in_ms,
        state: "open",
        sync: desk.sync,
    };
    const others = desk.offers.filter((other) => other.offer !== event.offer);
    return { ...desk, offers: [...others, offer].sort((left, right) => left.expires_at_ms - right.expires_at_ms) };
}

function onAssigned(desk: Desk, event: Of<"assigned">): Desk {
    const held = desk.chats.get(event.conversation) ?? chats.newChat(event.conversation);
    const offered = desk.offers.find((offer) => offer.conversation === event.conversation);
    const stale = seqOf(event.owner) < seqOf(held.owner);
    const chat: Chat = {
        ...held,
        contact: event.contact ?? offered?.contact ?? held.contact,
        proven: event.proven ?? held.proven,
        ownership: "mine",
        owner: stale ? held.owner : event.owner,
        answered: held.answered && held.owner === event.owner,
        released: null,
        busy: null,
        handoff: event.handoff ?? held.handoff,
        callback: event.callback ?? null,
    };
    return {
        ...desk,
        chats: new Map(desk.chats).set(event.conversation, chat),
        offers: desk.offers.filter((offer) => offer.conversation !== event.conversation),
        columns: arrange(desk.columns, event.conversation, offered?.state === "accepting"),
    };
}

/** Somebody else's case is read along, silently. One's own, and one that was joined, stay what they are. */
function onWatching(desk: Desk, conversation: string, contact: string): Desk {
    const held = desk.chats.get(conversation);
    if (held && (chats.writable(held) || held.ownership === "watching")) return desk;
    const chat: Chat = { ...(held ?? chats.newChat(conversation)), contact, ownership: "watching", owner: null, released: null };
    return { ...desk, chats: new Map(desk.chats).set(conversation, chat) };
}

function onJoined(desk: Desk, { conversation, owner, contact }: Of<"joined">): Desk {
    const held = desk.chats.get(conversation) ?? { ...chats.newChat(conversation), contact };
    const chat: Chat = { ...held, ownership: "joined", owner, released: null, busy: null, answered: true };
    const routing = stepRouting(desk.routing, { type: "invitation_over", conversation });
    return { ...desk, routing, chats: new Map(desk.chats).set(conversation, chat) };
}

/** Words were left for a chat that is nobody's here any more: it is shown, so that they are not lost unseen. */
function onOrphan(desk: Desk, conversation: string): Desk {
    if (desk.chats.has(conversation)) return desk;
    const chat: Chat = { ...chats.newChat(conversation), contact: "A former chat", ownership: "gone", released: "elsewhere" };
    return { ...desk, chats: new Map(desk.chats).set(conversation, chat) };
}

function onReleased(desk: Desk, event: Of<"released">): Desk {
    return withChat(desk, event.conversation, (chat) => ({
        ...chat,
        ownership: event.reason === "closed" ? "closed" : "released",
        released: chats.leftBy(chat, event.reason),
        busy: null,
        typists: [],
    }));
}

function onDismiss(desk: Desk, conversation: string): Desk {
    const chat = desk.chats.get(conversation);
    if (!chat || chats.writable(chat)) return desk;
    const held = new Map(desk.chats);
    held.delete(conversation);
    return { ...desk, chats: held, columns: closeColumn(desk.columns, conversation) };
}

function onNotice(desk: Desk, event: Of<"notice">): Desk {
    const id = (desk.notices[desk.notices.length - 1]?.id ?? 0) + 1;
    return { ...desk, notices: [...desk.notices.slice(-2), { id, text: event.text, tone: event.tone }] };
}

function onTick(desk: Desk, now_ms: number): Desk {
    const offers = desk.offers.filter((offer) => offer.expires_at_ms > now_ms);
    return offers.length === desk.offers.length ? desk : { ...desk, offers };
}

function stepOffer(desk: Desk, event: Event): Desk | null {
    switch (event.type) {
        case "offer":
            return onOffer(desk, event);
        case "offer_answering":
            return {
                ...desk,
                offers: desk.offers.map((offer) =>
                    offer.offer === event.offer ? { ...offer, state: event.state } : offer,
                ),
            };
        case "offer_over":
            return { ...desk, offers: desk.offers.filter((offer) => offer.offer !== event.offer) };
        default:
            return null;
    }
}

function stepChat(desk: Desk, event: Event): Desk | null {
    switch (event.type) {
        case "assigned":
            return onAssigned(desk, event);
        case "released":
            return onReleased(desk, event);
        case "watching":
            return onWatching(desk, event.conversation, event.contact);
        case "joined":
            return onJoined(desk, event);
        case "left":
            return withChat(desk, event.conversation, (chat) => ({ ...chat, ownership: "released", released: "left", owner: null }));
        case "orphan":
            return onOrphan(desk, event.conversation);
        case "busy":
            return withChat(desk, event.conversation, (chat) => ({ ...chat, busy: event.busy }));
        case "entry":
            return withChat(desk, event.entry.conversation, (chat) => chats.onEntry(chat, event.entry, desk.me.agent));
        case "page":
            return withChat(desk, event.conversation, (chat) => chats.onPage(chat, event.entries, event.more));
        case "older":
            return withChat(desk, event.conversation, (chat) => ({ ...chat, older: event.state }));
        case "reader":
            return withChat(desk, event.conversation, (chat) => chats.onReader(chat, event.delivered, event.read));
        case "seen":
            return withChat(desk, event.conversation, (chat) => chats.onSeen(chat, event.seq));
        case "typists":
            return withChat(desk, event.conversation, (chat) => ({ ...chat, typists: event.typists }));
        case "reset":
            return withChat(desk, event.conversation, chats.onReset);
        case "pending":
            return withChat(desk, event.conversation, (chat) => ({ ...chat, pending: event.pending }));
        case "deeds":
            return withChat(desk, event.conversation, (chat) => ({ ...chat, deeds: event.deeds }));
        case "answering":
            return withChat(desk, event.conversation, (chat) => ({ ...chat, answering: event.at }));
        case "returned":
            return withChat(desk, event.conversation, (chat) => chats.onReturned(chat, event.notice));
        case "notice_read":
            return withChat(desk, event.conversation, (chat) => ({ ...chat, notice: null }));
        case "dismiss":
            return onDismiss(desk, event.conversation);
        default:
            return null;
    }
}

function stepLine(desk: Desk, event: Event): Desk | null {
    switch (event.type) {
        case "signed_out":
            return { ...NEW_DESK, phase: "signed_out", reason: event.reason, columns: desk.columns };
        case "signed_in":
            return {
                ...desk,
                phase: "signed_in",
                me: { ...desk.me, agent: event.agent, name: event.name, tenant: event.tenant },
            };
        case "line":
            return onLine(desk, event);
        case "welcome":
            return onWelcome(desk, event);
        case "sync_over":
            return onSyncOver(desk, event.sync);
        case "presence":
            return onPresence(desk, event);
        case "presence_wanted":
            return { ...desk, me: { ...desk.me, wanted: event.status } };
        default:
            return null;
    }
}

function stepShell(desk: Desk, event: Event): Desk {
    switch (event.type) {
        case "open": {
            if (!desk.chats.has(event.conversation)) return desk;
            return { ...desk, columns: openColumn(desk.columns, event.conversation, event.now_ms) };
        }
        case "hide":
            return { ...desk, columns: closeColumn(desk.columns, event.conversation) };
        case "kept_columns":
            return { ...desk, columns: keptAs(desk.columns, event.columns) };
        case "columns":
            return { ...desk, columns: { ...desk.columns, fit: event.fit } };
        case "notice":
            return onNotice(desk, event);
        case "notice_over":
            return { ...desk, notices: desk.notices.filter((notice) => notice.id !== event.id) };
        case "tick":
            return onTick(desk, event.now_ms);
        case "wrap_up":
        case "invited":
        case "invitation_over":
        case "weight":
        case "cases":
        case "explained":
            return { ...desk, routing: stepRouting(desk.routing, event) };
        default:
            return desk;
    }
}

export function step(desk: Desk, event: Event): Desk {
    return stepChat(desk, event) ?? stepOffer(desk, event) ?? stepLine(desk, event) ?? stepShell(desk, event);
}
