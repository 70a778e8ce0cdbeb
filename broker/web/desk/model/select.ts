// SPDX-License-Identifier: Apache-2.0
// What the views read from the state, computed and never stored.

import { writable, type Chat } from "./chat.ts";
import type { Colleague, Desk } from "./desk.ts";

function rank(chat: Chat): number {
    if (chat.ownership === "watching") return 2;
    if (!writable(chat)) return 3;
    return chat.waiting_since_ms === null ? 1 : 0;
}

/** Own chats: who waits longest for an answer first, then the answered ones by their last words, then the ended. */
export function listed(desk: Desk): Chat[] {
    return [...desk.chats.values()].sort((left, right) => {
        const ranks = rank(left) - rank(right);
        if (ranks !== 0) return ranks;
        if (left.waiting_since_ms !== null && right.waiting_since_ms !== null && rank(left) === 0) {
            return left.waiting_since_ms - right.waiting_since_ms;
        }
        return (right.last?.time_ms ?? 0) - (left.last?.time_ms ?? 0);
    });
}

/** The same chats in the order they stood in before; those that are new come last. */
export function steady(chats: readonly Chat[], order: readonly string[]): readonly Chat[] {
    const place = (chat: Chat): number => {
        const index = order.indexOf(chat.conversation);
        return index < 0 ? order.length : index;
    };
    return [...chats].sort((left, right) => place(left) - place(right));
}

export function ownChats(desk: Desk): number {
    let count = 0;
    for (const chat of desk.chats.values()) if (rank(chat) < 2 && chat.ownership !== "joined") count += 1;
    return count;
}

export function unreadTotal(desk: Desk): number {
    let count = 0;
    for (const chat of desk.chats.values()) if (rank(chat) < 2) count += chat.unread;
    return count;
}

/** Colleagues who could take a chat, those with the most room first. */
export function reachable(desk: Desk): Colleague[] {
    const room = (colleague: Colleague): number =>
        colleague.capacity === null ? 0 : colleague.capacity - (colleague.chats ?? 0);
    return [...desk.colleagues.values()]
        .filter((colleague) => colleague.status === "online")
        .sort((left, right) => room(right) - room(left) || left.name.localeCompare(right.name));
}

/** The words of the browser's tab: offers before unread, both before the bare name. */
export function tabTitle(desk: Desk): string {
    if (desk.phase !== "signed_in") return "Weft desk";
    const offer = desk.offers[0];
    if (offer)
        return desk.offers.length > 1
            ? `${desk.offers.length} new chats · Weft desk`
            : `New chat: ${offer.contact} · Weft desk`;
    const unread = unreadTotal(desk);
    return unread > 0 ? `(${unread}) Weft desk` : "Weft desk";
}
