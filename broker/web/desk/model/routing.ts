// SPDX-License-Identifier: Apache-2.0
// What routing says to an agent beside their chats: finishing times, invitations, weights; to supervisors also
// every live case, and why one is where it is. Pure, as the rest of the state.

import type { CaseView, ExplainedFrame } from "../../client/wire.ts";

export interface WrapUp {
    readonly conversation: string;
    readonly contact: string;
    readonly ends_at_ms: number;
}

export interface Invitation {
    readonly conversation: string;
    readonly name: string;
}

export interface Routing {
    readonly supervisor: boolean;
    readonly wraps: readonly WrapUp[];
    readonly invitations: readonly Invitation[];
    /** In thousandths of a chat. */
    readonly weights: ReadonlyMap<string, number>;
    /** All that this agent has together, offers included. */
    readonly load: number | null;
    /** null: not asked for yet, or no longer current. */
    readonly cases: readonly CaseView[] | null;
    readonly more: boolean;
    readonly explained: ExplainedFrame | null;
}

export const NEW_ROUTING: Routing = {
    supervisor: false,
    wraps: [],
    invitations: [],
    weights: new Map(),
    load: null,
    cases: null,
    more: false,
    explained: null,
};

export type RoutingEvent =
    | { readonly type: "wrap_up"; readonly conversation: string; readonly contact: string; readonly ends_in_ms: number; readonly now_ms: number }
    | { readonly type: "invited"; readonly conversation: string; readonly name: string }
    | { readonly type: "invitation_over"; readonly conversation: string }
    | { readonly type: "weight"; readonly conversation: string; readonly weight: number }
    | { readonly type: "cases"; readonly cases: readonly CaseView[] | null; readonly more: boolean }
    | { readonly type: "explained"; readonly explained: ExplainedFrame | null };

const FULL = 1000;
const STATES: readonly CaseView["state"][] = ["waiting", "offered", "active", "wrap_up"];

function rank({ state, callback }: CaseView): number {
    return callback ? STATES.length : STATES.indexOf(state);
}

/** Those whom nobody answers first, then who is there longest; last who is called back later, the soonest first. */
function inOrder(cases: readonly CaseView[]): CaseView[] {
    return [...cases].sort(
        (left, right) =>
            rank(left) - rank(right) ||
            (left.callback?.from_ms ?? 0) - (right.callback?.from_ms ?? 0) ||
            (right.waiting_ms ?? 0) - (left.waiting_ms ?? 0),
    );
}

/** A welcome: what was told before is told again, or is over. */
export function welcomed(routing: Routing, supervisor: boolean): Routing {
    return { ...NEW_ROUTING, supervisor, invitations: routing.invitations, cases: supervisor ? routing.cases : null };
}

export function stepRouting(routing: Routing, event: RoutingEvent): Routing {
    switch (event.type) {
        case "wrap_up": {
            const { conversation, contact, ends_in_ms, now_ms } = event;
            const others = routing.wraps.filter((wrap) => wrap.conversation !== conversation);
            const wraps = ends_in_ms > 0 ? [...others, { conversation, contact, ends_at_ms: now_ms + ends_in_ms }] : others;
            return { ...routing, wraps };
        }
        case "invited": {
            const { conversation, name } = event;
            const others = routing.invitations.filter((held) => held.conversation !== conversation);
            return { ...routing, invitations: [...others.slice(-3), { conversation, name }] };
        }
        case "invitation_over":
            return { ...routing, invitations: routing.invitations.filter((held) => held.conversation !== event.conversation) };
        case "weight":
            return { ...routing, weights: new Map(routing.weights).set(event.conversation, event.weight) };
        case "cases":
            return { ...routing, cases: event.cases && inOrder(event.cases), more: event.more };
        case "explained":
            return { ...routing, explained: event.explained };
    }
}

/** Nobody has spoken for a while: the chat leaves room for another. */
export function isIdle(routing: Routing, conversation: string): boolean {
    return (routing.weights.get(conversation) ?? FULL) * 2 < FULL;
}

/** 1100 thousandths: "1.1". */
export function placesOf(thousandths: number): string {
    return String(Math.round(thousandths / 100) / 10);
}
