// SPDX-License-Identifier: Apache-2.0
// The own words of one conversation, from the key press to the log. Pure: values in, values out.
//
// A lane is one lineage with its numbers 1, 2, 3, … A word keeps its number until the server has taken it
// or refused it for good; then the words after it move up, once none of them is in the air (so that no
// two bodies ever travel under one number). Lanes are emptied in their order: an older one first.
//
// Acked words are kept (KEPT of them) after their entry was seen: a server that lost the end of its log
// in a failover asks for them again (`resend`), and after a reset all of them are offered again, which
// is harmless where they are still held: the same lineage and number get the same place.
//
// A word that was told "not now" (a limit, a store that is away) travels alone when the time is over: the next one that was
// told so follows its ack. So a long row under a limit is refused once a time, and not with all of its words.
//
// Edits, deletions and reactions are words of another `type`, in one row with the others. A reset may give the word
// that they mean another place: until that is known, `target` is the word's key, and they wait for it.
import type { Request } from "./connection.ts";
import { placeOf, type Body, type ErrorFrame, type Name, type Part, type Visibility } from "./wire.ts";

export interface Draft {
    type?: "edit" | "delete" | "react" | undefined; // absent: it says something
    body?: Body | undefined; // send, edit
    target?: Name | undefined; // edit, delete, react: the entry that is meant
    emoji?: string | undefined;
    active?: boolean | undefined;
    visibility?: Visibility | undefined;
    owner?: Name | undefined;
    reply_to?: Name | undefined;
}

export interface Word extends Draft {
    key: string; // ours, for as long as the word lives: also the key of its line on the screen
    n: number; // 0: not numbered (no lineage yet, or refused for good)
    status: "waiting" | "flying" | "acked" | "failed";
    time_ms: number;
    id?: string; // the request that carries it now; an answer to an older one is ignored
    at?: Name;
    kept?: boolean; // was acked once: never sent under another number
    seen?: boolean; // its entry is held
    error?: string;
    tries?: number;
}

export interface Lane {
    id: string; // ours: the name under which it is stored
    lineage: string; // "": none yet
    words: Word[];
    holdUntil: number;
    moving?: boolean; // the server does not take this lineage: its words go to another lane
}

export type Outbox = readonly Lane[];

export const WINDOW = 64;
const KEPT = 64;
const HEAL_MS = 15 * 60_000;
const RETRY_MS = 800;
const RETRY_MS_MAX = 10_000;

export const newLane = (id: string, lineage = ""): Lane => ({ id, lineage, words: [], holdUntil: 0 });

const again = (word: Word): Word => ({ ...word, status: "waiting", id: undefined });

const isOpen = (word: Word): boolean => word.status === "waiting" || word.status === "flying";

export const hasOpenWords = (lane: Lane): boolean => lane.words.some(isOpen);

// Words that have no line of their own in the log yet, oldest first.
export const pendingOf = (outbox: Outbox): Word[] =>
    outbox.flatMap((lane) => lane.words.filter((word) => !word.seen && (!word.kept || word.status === "acked")));

const edit = (lane: Lane, change: (word: Word) => Word): Lane =>
    settle({ ...lane, words: lane.words.map(change) });

const editAll = (outbox: Outbox, change: (word: Word) => Word): Outbox =>
    outbox.map((lane) => edit(lane, change));

// Numbers what has none, moves up what follows a refused word, forgets the oldest kept ones.
function settle(lane: Lane): Lane {
    let words = lane.words;
    if (words.some((word) => word.status === "failed" && word.n) && !words.some((word) => word.status === "flying"))
        words = moveUp(words);
    if (lane.lineage && words.some((word) => word.status === "waiting" && !word.n)) words = number(words);
    if (words.some((word) => placed(words, word))) words = words.map((word) => placed(words, word) ?? word);
    const kept = words.filter((word) => word.status === "acked" && word.seen);
    if (kept.length > KEPT) {
        const drop = new Set(kept.slice(0, kept.length - KEPT));
        words = words.filter((word) => !drop.has(word));
    }
    return words === lane.words ? lane : { ...lane, words };
}

// The deed, if the word that it waited for has got its place.
function placed(words: Word[], word: Word): Word | undefined {
    const at = word.target && words.find((one) => one.key === word.target)?.at;
    return at ? { ...word, target: at } : undefined;
}

function moveUp(words: Word[]): Word[] {
    let next = 0;
    return words.map((word) => {
        if (word.status === "failed") {
            if (word.n && !next) next = word.n;
            return { ...word, n: 0 };
        }
        return next && word.n ? { ...word, n: next++ } : word;
    });
}

function number(words: Word[]): Word[] {
    let next = Math.max(0, ...words.map((word) => word.n)) + 1;
    return words.map((word) => (word.status === "waiting" && !word.n ? { ...word, n: next++ } : word));
}

export function push(outbox: Outbox, draft: Draft, key: string, time_ms: number): Outbox {
    const word: Word = { ...draft, key, time_ms, n: 0, status: "waiting" };
    const last = outbox.length - 1;
    return outbox.map((lane, i) => (i === last ? settle({ ...lane, words: [...lane.words, word] }) : lane));
}

// A new session: what was in the air is to be said again; the newest lane gets its lineage.
export function welcome(outbox: Outbox, lineage: string): Outbox {
    return outbox.map((lane, i) => {
        const current = i === outbox.length - 1 && !lane.lineage ? { ...lane, lineage } : lane;
        return edit({ ...current, holdUntil: 0 }, (word) =>
            word.status === "flying" || (word.status === "acked" && !word.seen && word.n) ? again(word) : word);
    });
}

export const closed = (outbox: Outbox): Outbox =>
    editAll(outbox, (word) => (word.status === "flying" ? again(word) : word));

// The log was lost from somewhere on: offer again all that we still hold.
export const reset = (outbox: Outbox): Outbox =>
    outbox.map((lane) => edit(lane, (word) => {
        const meant = word.target && lane.words.find((one) => one.at === word.target && one.n);
        const next = meant ? { ...word, target: meant.key } : word;
        return word.kept && word.n ? { ...again(next), seen: undefined, at: undefined } : next;
    }));

// What to send now; the caller gives each an id and reports it with `flown`.
export function due(outbox: Outbox, now: number, window = WINDOW): { lane: Lane; word: Word }[] {
    for (const lane of outbox) {
        if (!hasOpenWords(lane)) continue;
        const blocked = !lane.lineage || lane.moving || lane.holdUntil > now
            || lane.words.some((word) => word.status === "failed" && word.n);
        if (blocked) return [];
        const flying = lane.words.filter((word) => word.status === "flying").length;
        const waiting = lane.words.filter((word) => word.status === "waiting" && word.n); // numbers rise with their places
        const held = waiting.findIndex((word) => lane.words.some((one) => one.key === word.target && isOpen(one)));
        return waiting.slice(0, held < 0 ? undefined : held).slice(0, Math.max(0, (waiting[0]?.tries ? 1 : window) - flying))
            .map((word) => ({ lane, word }));
    }
    return [];
}

// When `due` is worth asking again; 0: nothing waits for time.
export function dueAt(outbox: Outbox): number {
    const lane = outbox.find(hasOpenWords);
    return lane ? lane.holdUntil : 0;
}

// The frame of a word; JSON leaves out what is undefined.
export const sendFrame = (
    { lineage }: Lane, { type, n, body, visibility, owner, reply_to, target, emoji, active }: Word, id: string, conversation: string,
): Request => ({ type: type ?? "send", id, conversation, lineage, n, body, visibility, owner, reply_to, target, emoji, active });

export const flown = (outbox: Outbox, key: string, id: string): Outbox =>
    editAll(outbox, (word) => (word.key === key ? { ...word, id, status: "flying" } : word));

// `cursor` is the newest entry held: a place before it has its line already, or lies further up.
export const acked = (outbox: Outbox, id: string, at: Name | undefined, cursor: Name | null): Outbox =>
    editAll(outbox, (word) => (word.id === id && isOpen(word)
        ? { ...word, status: "acked", kept: true, at, id: undefined, tries: 0,
            seen: at !== undefined && cursor !== null && placeOf(at) <= placeOf(cursor) || undefined } : word));

// An entry arrived. An own part in it settles its word, with or without an ack.
export function seen(outbox: Outbox, parts: readonly Part[], at: Name): Outbox {
    const place = placeOf(at);
    return outbox.map((lane) => edit(lane, (word) => {
        const own = parts.some((part) => part.lineage === lane.lineage && part.n === word.n && word.n);
        if (own) return { ...word, status: "acked", kept: true, seen: true, at, id: undefined };
        return word.at && !word.seen && placeOf(word.at) <= place ? { ...word, seen: true } : word;
    }));
}

export const keyOf = (outbox: Outbox, part: Part): string | undefined =>
    outbox.find((lane) => lane.lineage === part.lineage)?.words.find((word) => word.n === part.n)?.key;

// A send was refused. Answers to requests that were since repeated change nothing.
export function refused(outbox: Outbox, error: ErrorFrame, now: number): Outbox {
    return outbox.map((lane) => {
        const word = lane.words.find((one) => one.id !== undefined && one.id === error.id);
        return word ? settle(refuse(lane, word, error, now)) : lane;
    });
}

function refuse(lane: Lane, word: Word, error: ErrorFrame, now: number): Lane {
    const put = (change: Partial<Word>): Lane => ({
        ...lane, words: lane.words.map((one) => (one === word ? { ...one, id: undefined, ...change } : one)),
    });
    if (error.code === "already_sent") return put({ status: "acked", kept: true, seen: true });
    if (error.retry === "resend") return resend(lane, error.resend_from ?? 1);
    if (error.retry === "same" || error.retry === "later") {
        const tries = (word.tries ?? 0) + 1;
        const wait = error.retry_after_ms ?? Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** (tries - 1));
        return { ...put({ status: "waiting", tries }), holdUntil: Math.max(lane.holdUntil, now + wait) };
    }
    if (error.retry === "token") return put({ status: "waiting" });
    if (word.kept) return put({ status: "acked", seen: true }); // offered again in vain: its place is the log's affair
    if (error.code === "bad_lineage" || error.code === "different_body")
        return { ...put({ status: "waiting" }), moving: true };
    return put({ status: "failed", error: error.code });
}

// The server lacks what came before: say everything from there again. What it lacks and we no longer
// hold cannot be said, so the rest moves to another lane.
function resend(lane: Lane, from: number): Lane {
    const holds = lane.words.some((word) => word.n === from);
    const words = lane.words.map((word): Word =>
        (word.n >= from && word.status !== "failed" ? again(word) : word));
    return { ...lane, words, moving: lane.moving || !holds };
}

export const needsNewLineage = (outbox: Outbox): boolean => outbox.some((lane) => lane.moving);

// After a welcome, once the log is read to its head: what is still unsettled in refused lanes is said
// anew, at the end of the newest lane.
export function move(outbox: Outbox, laneId: string, lineage: string): Outbox {
    const words = outbox.filter((lane) => lane.moving)
        .flatMap((lane) => lane.words.filter((word) => !word.kept))
        .map((word): Word => (word.status === "failed" ? word : { ...again(word), n: 0 }));
    const stay = outbox.filter((lane) => !lane.moving);
    const fresh = stay.length && stay[stay.length - 1]!.lineage === lineage
        ? stay.pop()! : newLane(laneId, lineage);
    return [...stay, settle({ ...fresh, words: [...fresh.words, ...words] })];
}

// A refused word is tried once more, as a new one, or is taken away.
export function retry(outbox: Outbox, key: string, time_ms: number): Outbox {
    const word = outbox.flatMap((lane) => lane.words).find((one) => one.key === key && one.status === "failed");
    if (!word || word.n) return outbox;
    return push(discard(outbox, key), { ...word, error: undefined } as Draft, key, time_ms);
}

export const discard = (outbox: Outbox, key: string): Outbox =>
    outbox.map((lane) => settle({
        ...lane, words: lane.words.filter((word) => word.key !== key || word.status !== "failed" || word.n),
    }));

// Settled lanes of the past are dropped after a while; the newest stays.
export const tidy = (outbox: Outbox, now: number): Outbox =>
    outbox.filter((lane, i) => i === outbox.length - 1
        || lane.words.some((word) => !word.seen || now - word.time_ms < HEAL_MS));
