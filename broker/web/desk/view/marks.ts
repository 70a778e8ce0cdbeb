// SPDX-License-Identifier: Apache-2.0
// What a row shows because of others: how far an own message came, which quick reply was chosen.

import { lengthOf, rowAt, type Row, type Thread } from "../model/thread.ts";

export type Progress = "sent" | "delivered" | "read";
const RANKS: readonly Progress[] = ["sent", "delivered", "read"];

function progressOf(row: Row, delivered: number, read: number): Progress {
    const seq = parseInt(row.entry.at, 10);
    if (seq <= read) return "read";
    return seq <= delivered ? "delivered" : "sent";
}

const MARKS_ROWS = 400;

/** The last own message that was sent, delivered, read: only there it is said, since it holds for all before. */
export function progressMarks(thread: Thread, me: string, delivered: number, read: number): Map<string, Progress> {
    const marks = new Map<string, Progress>();
    const length = lengthOf(thread);
    let best = -1;
    for (let index = length - 1; index >= Math.max(0, length - MARKS_ROWS) && best < 2; index -= 1) {
        const row = rowAt(thread, index)!;
        const own = row.entry.author.kind === "agent" && row.entry.author.id === me;
        if (!own || row.part.kind !== "message" || row.entry.visibility === "internal") continue;
        const progress = progressOf(row, delivered, read);
        if (RANKS.indexOf(progress) > best) marks.set(row.key, progress);
        best = Math.max(best, RANKS.indexOf(progress));
    }
    return marks;
}

/** The quick reply, action or item that the customer chose: in their next message, if that came soon. */
export function chosenAfter(thread: Thread, index: number): string | null {
    const body = rowAt(thread, index)?.part.body;
    if (!body?.options?.length && !body?.cards && !body?.items) return null;
    for (let next = index + 1; next < index + 6; next += 1) {
        const row = rowAt(thread, next);
        if (row?.entry.author.kind === "customer") return row.part.body?.chosen ?? row.part.body?.text ?? null;
    }
    return null;
}

/** The words of a message that is held; null: it is not, or not any more. */
export function wordsAt(thread: Thread, at: string | null): string | null {
    if (at === null) return null;
    for (let index = lengthOf(thread) - 1; index >= 0; index -= 1) {
        const { entry, part } = rowAt(thread, index)!;
        if (entry.at === at && part.body) return part.body.kind === "deleted" ? null : part.body.text;
    }
    return null;
}

/** Where the newest words stand that something can be done to. */
export function lastSaid(thread: Thread): number {
    for (let index = lengthOf(thread) - 1; index >= 0; index -= 1) {
        const { kind, body } = rowAt(thread, index)!.part;
        if ((kind === "message" || kind === "note") && body?.kind !== "system" && body?.kind !== "deleted") return index;
    }
    return -1;
}

const QUOTE_ROWS = 400;
const QUOTE_CHARS = 160;

/** The words that this row answers, as they stand now; null: it answers none, or they are too far up. */
export function quoteOf(thread: Thread, index: number): string | null {
    const target = rowAt(thread, index)?.part.reply_to;
    if (target === undefined) return null;
    for (let before = index - 1; before >= Math.max(0, index - QUOTE_ROWS); before -= 1) {
        const row = rowAt(thread, before)!;
        const text = row.entry.at === target ? row.part.body?.text : undefined;
        if (text !== undefined) return [...text].length > QUOTE_CHARS ? `${[...text].slice(0, QUOTE_CHARS).join("")}…` : text;
    }
    return null;
}
