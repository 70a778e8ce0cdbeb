// SPDX-License-Identifier: Apache-2.0
// The entries of one conversation as rows for the eye: one row per part that says something.
//
// A thread is a value: `append` and `prepend` give a new one and leave the old one as it was. Appending is
// cheap all the same, since versions share one growing array and each sees its own [start, end) of it. Only the
// newest version may grow the array in place; an older one that is appended to copies first.
// Invariant: rows are in the order of the log, each entry's rows together, no entry twice.

import { amendsIn, NO_AMENDS, together, type Amend, type Amends } from "../../client/amends.ts";
import type { EntryView, Part } from "./wire.ts";
import { seqOf } from "./name.ts";

export interface Row {
    readonly key: string;
    readonly entry: EntryView;
    readonly part: Part;
    /** What became of it since: the part has the words in force already. */
    readonly amend?: Amend;
}

export interface Thread {
    readonly rows: readonly Row[];
    readonly start: number;
    readonly end: number;
    /** The name of the oldest and of the newest entry held, also of those that show no row. */
    readonly first: string | null;
    readonly last: string | null;
    /** What lies before the oldest entry: its `after`. */
    readonly before: string | null;
    /** What is known of messages, held or not. */
    readonly amends: Amends;
}

export const EMPTY_THREAD: Thread = { rows: [], start: 0, end: 0, first: null, last: null, before: null, amends: NO_AMENDS };

const SHOWN = new Set([
    "message",
    "note",
    "owner",
    "case_opened",
    "case_closed",
    "queued",
    "identity",
    "joined",
    "invited",
    "participant",
    "superseded",
    "erased",
    "event",
    "callback",
]);

/** That nobody owns a chat is said already by its being queued or closed. */
function goesWithoutSaying(part: Part, entry: EntryView): boolean {
    return part.kind === "owner" && part.owner === "none"
        && entry.parts.some((other) => other.kind === "queued" || other.kind === "case_closed");
}

function rowsOf(entry: EntryView): Row[] {
    const rows: Row[] = [];
    entry.parts.forEach((part, index) => {
        if (SHOWN.has(part.kind) && !goesWithoutSaying(part, entry)) rows.push({ key: `${entry.at}/${index}`, entry, part });
    });
    return rows;
}

function amended(row: Row, amends: Amends): Row {
    const amend = amends.get(row.entry.at);
    if (!amend || (row.part.kind !== "message" && row.part.kind !== "note")) return row;
    return { ...row, amend, part: amend.body ? { ...row.part, body: amend.body } : row.part };
}

/** The row as it will be when own deeds have arrived. */
export function withDeeds(row: Row, deeds: Amends): Row {
    const { at } = row.entry;
    if (!deeds.has(at)) return row;
    return amended(row, row.amend ? together(new Map([[at, row.amend]]), deeds) : deeds);
}

/** What an entry says of others is put where they stand. */
function amendHeld(thread: Thread, entry: EntryView): Thread {
    const news = amendsIn([entry]);
    if (news.size === 0) return thread;
    const amends = together(thread.amends, news);
    const held = thread.rows.slice(thread.start, thread.end);
    if (!held.some((row) => news.has(row.entry.at))) return { ...thread, amends };
    const rows = held.map((row) => (news.has(row.entry.at) ? amended(row, amends) : row));
    return { ...thread, rows, start: 0, end: rows.length, amends };
}

export function lengthOf(thread: Thread): number {
    return thread.end - thread.start;
}

export function rowAt(thread: Thread, index: number): Row | undefined {
    return index < 0 || index >= lengthOf(thread) ? undefined : thread.rows[thread.start + index];
}

/** Adds an entry at the end. One that the thread already holds, or that lies before its end, changes nothing. */
export function append(thread: Thread, entry: EntryView): Thread {
    if (thread.last !== null && seqOf(entry.at) <= seqOf(thread.last)) return thread;
    return grown(amendHeld(thread, entry), entry);
}

function grown(thread: Thread, entry: EntryView): Thread {
    const added = rowsOf(entry);
    const shared = thread.rows.length === thread.end && thread.end > 0;
    const rows = shared ? (thread.rows as Row[]) : thread.rows.slice(thread.start, thread.end);
    const start = shared ? thread.start : 0;
    for (const row of added) rows.push(row);
    return {
        rows,
        start,
        end: rows.length,
        first: thread.first ?? entry.at,
        last: entry.at,
        before: thread.before ?? entry.after,
        amends: thread.amends,
    };
}

/** Adds a page of older entries, oldest first, at the beginning; what the thread already holds is skipped. */
export function prepend(thread: Thread, entries: readonly EntryView[]): Thread {
    const limit = thread.first === null ? Infinity : seqOf(thread.first);
    const older = entries.filter((entry) => seqOf(entry.at) < limit);
    const oldest = older[0];
    const newest = older[older.length - 1];
    if (!oldest || !newest) return thread;
    const amends = together(amendsIn(older), thread.amends);
    const rows = older.flatMap(rowsOf).map((row) => amended(row, amends));
    for (let index = thread.start; index < thread.end; index += 1) rows.push(thread.rows[index] as Row);
    return {
        rows,
        start: 0,
        end: rows.length,
        first: oldest.at,
        last: thread.last ?? newest.at,
        before: oldest.after,
        amends,
    };
}
