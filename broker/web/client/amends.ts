// SPDX-License-Identifier: Apache-2.0
// What became of messages after they were said: edits, deletions, reactions, by the name of the entry that is meant.
//
// The server never sends words that no longer hold: where they stood is a body of kind `edited` or `deleted`. The words
// in force come with a later entry, which is held before any page brings the message itself; so what is known here
// is kept also for messages that are not held yet. Of two that speak of one thing the newer one holds.

import type { Word } from "./outbox.ts";
import type { Body, EntryView, Part, PartKind, Who } from "./wire.ts";

export interface Amend {
    readonly body: Body | null;
    /** By author and emoji: there, or taken back. */
    readonly reactions: ReadonlyMap<string, { readonly who: Who; readonly emoji: string; readonly active: boolean }>;
}

export type Amends = ReadonlyMap<string, Amend>;

export const NO_AMENDS: Amends = new Map();
const NOTHING: Amend = { body: null, reactions: new Map() };
export const TOMBSTONE: Body = { kind: "deleted", text: "This message was deleted." };

function ofPart(part: Part, who: Who): Amend | null {
    if (part.kind === "deleted") return { ...NOTHING, body: TOMBSTONE };
    if (part.kind === "edited") return { ...NOTHING, body: part.body ?? null };
    if (part.kind !== "reacted" || !part.emoji) return null;
    const key = `${who.kind}/${who.id ?? ""}/${part.emoji}`;
    return { ...NOTHING, reactions: new Map([[key, { who, emoji: part.emoji, active: part.active === true }]]) };
}

/** A superseded edit comes without its words: it says nothing. */
const isSaid = (body: Body | null): boolean => body !== null && body.kind !== "edited";

function merge(older: Amend, newer: Amend): Amend {
    const isGone = older.body?.kind === "deleted";
    return {
        body: isGone || !isSaid(newer.body) ? older.body : newer.body,
        reactions: new Map([...older.reactions, ...newer.reactions]),
    };
}

/** The targets that the entries speak of, with what they say, newest last. */
export function amendsIn(entries: readonly Pick<EntryView, "author" | "parts">[]): Amends {
    const found = new Map<string, Amend>();
    for (const entry of entries)
        for (const part of entry.parts) {
            const amend = part.target === undefined ? null : ofPart(part, entry.author);
            if (amend) found.set(part.target!, merge(found.get(part.target!) ?? NOTHING, amend));
        }
    return found.size > 0 ? found : NO_AMENDS;
}

const SAYS: Readonly<Record<string, PartKind>> = { edit: "edited", delete: "deleted", react: "reacted" };

/** What own deeds that are still on their way will say, as if they had arrived. */
export function amendsOnTheWay(words: readonly Word[], who: Who): Amends {
    const coming = words.filter((word) => word.type !== undefined && word.status !== "failed");
    return amendsIn(coming.map((word) => ({ author: who, parts: [{ ...word, kind: SAYS[word.type!]! } as Part] })));
}

/** Both together; each target once. Gives one of the two back where the other is empty. */
export function together(older: Amends, newer: Amends): Amends {
    if (newer.size === 0) return older;
    if (older.size === 0) return newer;
    const both = new Map(older);
    for (const [target, amend] of newer) both.set(target, merge(older.get(target) ?? NOTHING, amend));
    return both;
}

export interface Reaction {
    readonly emoji: string;
    readonly who: readonly Who[];
}

/** What is there, most common first. */
export function reactionsOf(amend: Amend): readonly Reaction[] {
    const found = new Map<string, Who[]>();
    for (const { who, emoji, active } of amend.reactions.values())
        if (active) found.set(emoji, [...(found.get(emoji) ?? []), who]);
    return [...found].map(([emoji, who]) => ({ emoji, who })).sort((a, b) => b.who.length - a.who.length);
}
