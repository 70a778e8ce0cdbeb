// SPDX-License-Identifier: Apache-2.0
// What stands on the screen: entries and unsettled own words as one list of lines, oldest first.
// A line keeps its key from the key press on, so that its element lives on when the entry arrives.
import type { Conversation } from "./conversation.ts";
import { keyOf, pendingOf, type Word } from "./outbox.ts";
import { placeOf, type Body, type EntryView, type Name, type Part, type Who } from "./wire.ts";

export type LineStatus = "sending" | "sent" | "delivered" | "read" | "failed";

export interface Line {
    key: string;
    kind: "message" | "note" | "event";
    mine: boolean;
    author: Who | null; // null: own words that have no entry yet
    time_ms: number;
    body?: Body | undefined; // message, note
    part?: Part; // own words that have no entry yet have none
    reply_to?: Name | undefined;
    at?: Name;
    status?: LineStatus; // own public messages
    error?: string | undefined; // failed: the error's code
}

export interface View {
    mine: (who: Who) => boolean; // the customer: who.kind === "customer"; an agent: their own id
    other: (who: Who) => boolean; // whose receipts count for the status
}

export const customerView: View = {
    mine: (who) => who.kind === "customer",
    other: (who) => who.kind === "agent" || who.kind === "bot",
};

export function lines(state: Conversation, view: View): Line[] {
    const reach = reachOf(state, view);
    const held = state.entries.flatMap((entry) =>
        entry.parts.map((part, i) => lineOf(state, entry, part, i, view, reach)));
    return [...held, ...pendingOf(state.outbox).filter((word) => !word.type).map(pendingLine)];
}

function reachOf(state: Conversation, view: View): { delivered: number; read: number } {
    const others = state.readers.filter((one) => view.other(one.who));
    return {
        delivered: Math.max(0, ...others.map((one) => one.delivered)),
        read: Math.max(0, ...others.map((one) => one.read)),
    };
}

function lineOf(
    state: Conversation, entry: EntryView, part: Part, i: number, view: View,
    reach: { delivered: number; read: number },
): Line {
    const kind = part.kind === "message" || part.kind === "note" ? part.kind : "event";
    const mine = kind !== "event" && view.mine(entry.author);
    const own = mine && part.lineage ? keyOf(state.outbox, part) : undefined;
    const line: Line = {
        key: own ?? `${entry.at}.${i}`, kind, mine, author: entry.author, time_ms: entry.time_ms, at: entry.at, part, reply_to: part.reply_to,
    };
    if (kind !== "event") line.body = part.body;
    const place = placeOf(entry.at);
    if (mine && kind === "message")
        line.status = reach.read >= place ? "read" : reach.delivered >= place ? "delivered" : "sent";
    return line;
}

function pendingLine(word: Word): Line {
    const { key, time_ms, body, visibility, status, error, reply_to } = word;
    return {
        key, kind: visibility === "internal" ? "note" : "message", mine: true, author: null, time_ms, body, error, reply_to,
        status: status === "failed" ? status : status === "acked" ? "sent" : "sending",
    };
}

// Public messages of others after what this reader has read.
export const unreadOf = (state: Conversation, view: View, readUpTo: number): number =>
    state.entries.filter((entry) => placeOf(entry.at) > readUpTo && !view.mine(entry.author)
        && entry.parts.some((part) => part.kind === "message")).length;
