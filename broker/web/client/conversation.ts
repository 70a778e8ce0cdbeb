// SPDX-License-Identifier: Apache-2.0
// What one device knows of one conversation: a pure fold over frames and own deeds.
//
// Keeps: `entries` is a gapless run of the log as this reader may see it, each once, oldest first. An entry
// whose `after` is not the newest one held is not taken: `gap` says so, and the session comes again with
// its cursor. Own words that have no entry yet live in the outbox, and nowhere else.
import * as outgoing from "./outbox.ts";
import type { Draft, Outbox } from "./outbox.ts";
import {
    NOWHERE, placeOf,
    type CallbackFrame, type EntryView, type Name, type OwnerKind, type PageFrame, type Part, type ReceiptsFrame, type ServerFrame, type Who,
} from "./wire.ts";

export interface Reader { who: Who; delivered: number; read: number } // places in the log
export interface Typist { who: Who; until: number }
export interface Owner { kind: OwnerKind; id?: string; name?: string; token: Name }

export interface Conversation {
    id: string; // "": not known before the first welcome
    entries: readonly EntryView[];
    at: Name | null; // the cursor: the newest entry held
    head: Name | null; // the newest entry there is, as far as the server told
    more: boolean; // older entries exist
    gap: boolean; // an entry is missing: connect again
    outbox: Outbox;
    spare: { laneId: string; lineage: string } | null; // for the next lane
    readers: readonly Reader[];
    typists: readonly Typist[];
    owner: Owner | null;
    queue: { position: number; wait_ms?: number; opens?: number } | null; // opens: as Date.now() counts
    called: CallbackFrame | null; // what may be asked for, or was agreed, instead of waiting
    caseKnown: boolean; // an entry told of a case or an owner: older pages tell nothing newer
}

export type Deed =
    | { type: "said"; draft: Draft; key: string; now: number }
    | { type: "flown"; key: string; id: string }
    | { type: "retried"; key: string; now: number }
    | { type: "discarded"; key: string }
    | { type: "restored"; lanes: Outbox; now: number }
    | { type: "began"; id: string; head: Name | null; lineage: string; laneId: string }
    | { type: "ended" }
    | { type: "erased"; laneId: string }
    | { type: "paged"; page: PageFrame }
    | { type: "frame"; frame: ServerFrame; now: number }
    | { type: "passed"; now: number };

const TYPIST_MS = 6_000;

export const newConversation = (id: string, laneId: string): Conversation => ({
    id, entries: [], at: null, head: null, more: false, gap: false, outbox: [outgoing.newLane(laneId)],
    spare: null,
    readers: [], typists: [], owner: null, queue: null, called: null, caseKnown: false,
});

export function fold(was: Conversation, deed: Deed): Conversation {
    const now = step(was, deed);
    return now.outbox.some((lane) => lane.moving) ? moved(now) : now;
}

function step(was: Conversation, deed: Deed): Conversation {
    const box = (outbox: Outbox): Conversation => ({ ...was, outbox });
    switch (deed.type) {
        case "said": return box(outgoing.push(was.outbox, deed.draft, deed.key, deed.now));
        case "flown": return box(outgoing.flown(was.outbox, deed.key, deed.id));
        case "retried": return box(outgoing.retry(was.outbox, deed.key, deed.now));
        case "discarded": return box(outgoing.discard(was.outbox, deed.key));
        case "restored": return box(outgoing.tidy([...deed.lanes, ...was.outbox], deed.now));
        case "began": return began(was, deed);
        case "ended": return { ...was, gap: false, typists: [], outbox: outgoing.closed(was.outbox) };
        case "erased": return newConversation(was.id, deed.laneId);
        case "paged": return paged(was, deed.page);
        case "frame": return onFrame(was, deed.frame, deed.now);
        case "passed": return {
            ...was, typists: was.typists.filter((one) => one.until > deed.now), outbox: outgoing.tidy(was.outbox, deed.now),
        };
    }
}

function began(was: Conversation, deed: Deed & { type: "began" }): Conversation {
    const other = was.id !== "" && was.id !== deed.id;
    const base = other ? emptied(was) : was;
    const outbox = other ? was.outbox.map((lane) => ({ ...lane, moving: lane.lineage !== "" })) : was.outbox;
    const newest = outbox[outbox.length - 1];
    const adopt = !newest || !newest.lineage;
    return {
        ...base, id: deed.id, head: deed.head, gap: false, called: null,
        spare: adopt ? null : { laneId: deed.laneId, lineage: deed.lineage },
        outbox: outgoing.welcome(outbox, deed.lineage),
    };
}

// Everything that came from the server is forgotten; the own words stay.
const emptied = (was: Conversation): Conversation => ({
    ...was, entries: [], at: null, more: false, gap: false, readers: [], typists: [], owner: null, queue: null, called: null, caseKnown: false,
});

const reached = (at: Name | null, goal: Name | null): boolean => !goal || placeOf(at ?? NOWHERE) >= placeOf(goal);

export const caughtUp = (state: Conversation): boolean => reached(state.at, state.head);

// Words of a refused lineage wait for another one (`spare`, from a welcome) and for the head of the log,
// so that one that did arrive is recognised before it could be said twice.
function moved(state: Conversation): Conversation {
    const spare = state.spare;
    if (!spare || !caughtUp(state) || state.outbox.some((lane) => lane.moving && lane.lineage === spare.lineage))
        return state;
    return { ...state, spare: null, outbox: outgoing.move(state.outbox, spare.laneId, spare.lineage) };
}

function paged(was: Conversation, page: PageFrame): Conversation {
    const oldest = was.entries[0];
    const older = page.entries.filter((entry) => !oldest || placeOf(entry.at) < placeOf(oldest.at));
    const joins = !oldest || !older.length || older[older.length - 1]!.at === oldest.after;
    if (!joins) return was;
    const entries = [...older, ...was.entries];
    const newest = entries[entries.length - 1];
    return {
        ...was, entries, more: page.more, at: was.at ?? newest?.at ?? null,
        owner: was.owner ?? (was.caseKnown ? null : ownerIn(older)),
    };
}

// The newest owner that a run of entries tells of.
function ownerIn(entries: readonly EntryView[]): Owner | null {
    for (const entry of [...entries].reverse())
        for (const part of [...entry.parts].reverse()) {
            if (part.kind === "case_closed") return null;
            if (part.kind === "owner") return ownerOf(part, entry);
        }
    return null;
}

const ownerOf = (part: Part, entry: EntryView): Owner =>
    ({ kind: part.owner ?? "none", id: part.id, name: part.name, token: entry.at });

function onFrame(was: Conversation, frame: ServerFrame, now: number): Conversation {
    switch (frame.type) {
        case "entry": return onEntry(was, frame);
        case "ack": return { ...was, outbox: outgoing.acked(was.outbox, frame.id, frame.at, was.at) };
        case "error": return { ...was, outbox: outgoing.refused(was.outbox, frame, now) };
        case "receipts": return { ...was, readers: onReceipts(was.readers, frame) };
        case "typist": {
            const others = was.typists.filter((one) => !sameWho(one.who, frame.who));
            const typists = frame.active ? [...others, { who: frame.who, until: now + TYPIST_MS }] : others;
            return { ...was, typists };
        }
        case "queue": return { ...was, queue: frame.position ? { position: frame.position, wait_ms: frame.wait_ms, ...(frame.opens_in_ms ? { opens: now + frame.opens_in_ms } : {}) } : null };
        case "callback": return { ...was, called: frame };
        case "reset": return {
            ...emptied(was), head: null, outbox: outgoing.reset(was.outbox),
        };
        default: return was;
    }
}

export const sameWho = (a: Who, b: Who): boolean => a.kind === b.kind && a.id === b.id;

function onReceipts(readers: readonly Reader[], frame: ReceiptsFrame): readonly Reader[] {
    const was = readers.find((one) => sameWho(one.who, frame.who));
    const read = Math.max(was?.read ?? 0, frame.read ? placeOf(frame.read) : 0);
    const delivered = Math.max(was?.delivered ?? 0, read, frame.delivered ? placeOf(frame.delivered) : 0);
    return [...readers.filter((one) => one !== was), { who: frame.who, delivered, read }];
}

function onEntry(was: Conversation, entry: EntryView): Conversation {
    if (was.at !== null) {
        if (placeOf(entry.at) <= placeOf(was.at)) return was; // held already
        if (entry.after !== was.at) return { ...was, gap: true };
    }
    const next: Conversation = {
        ...was,
        entries: [...was.entries, entry], at: entry.at,
        more: was.entries.length ? was.more : entry.after !== NOWHERE,
        outbox: outgoing.seen(was.outbox, entry.parts, entry.at),
        typists: was.typists.filter((one) => !sameWho(one.who, entry.author)),
    };
    return entry.parts.reduce((state, part) => onPart(state, part, entry), next);
}

function onPart(was: Conversation, part: Part, entry: EntryView): Conversation {
    const told = reached(was.head, entry.at); // it was there at the welcome: the place in line is newer
    switch (part.kind) {
        case "owner": return {
            ...was, caseKnown: true, owner: ownerOf(part, entry),
            queue: part.owner === "none" || told ? was.queue : null,
        };
        case "case_opened": return { ...was, caseKnown: true };
        case "case_closed": return { ...was, caseKnown: true, queue: told ? was.queue : null, owner: null };
        default: return was;
    }
}
