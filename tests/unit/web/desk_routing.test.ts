// SPDX-License-Identifier: Apache-2.0
// What routing tells the desk: finishing, invitations, weights, reading along, joining, all cases.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NEW_DESK, step, type Desk } from "../../../broker/web/desk/model/desk.ts";
import type { Event } from "../../../broker/web/desk/model/events.ts";
import { commandsOf } from "../../../broker/web/desk/model/commands.ts";
import { isIdle, placesOf } from "../../../broker/web/desk/model/routing.ts";
import { listed, ownChats } from "../../../broker/web/desk/model/select.ts";
import { writable } from "../../../broker/web/desk/model/chat.ts";

const WELCOME: Event = { type: "welcome", status: "online", supervisor: true, time_ms: 1000, now_ms: 1000, durability: "always" };

function deskAfter(...events: Event[]): Desk {
    const signedIn: Event = { type: "signed_in", agent: "anna", name: "Anna", tenant: "acme" };
    return [signedIn, WELCOME, ...events].reduce(step, NEW_DESK);
}

function entry(at: string, part: Record<string, unknown>): Event {
    return { type: "entry", entry: { conversation: "c", at, after: "0-0000000000000000", time_ms: 1, author: { kind: "system" }, visibility: "public", parts: [part] } } as unknown as Event;
}

const watching: Event = { type: "watching", conversation: "c", contact: "Ada" };
const actions = (desk: Desk) => commandsOf(desk, false).map((command) => command.action);

test("a wrap-up counts from when it was told, and 0 ends it", () => {
    const desk = deskAfter({ type: "wrap_up", conversation: "c", contact: "Ada", ends_in_ms: 30_000, now_ms: 5_000 });
    assert.deepEqual(desk.routing.wraps, [{ conversation: "c", contact: "Ada", ends_at_ms: 35_000 }]);
    assert.ok(actions(desk).includes("wrapped_up"));
    const over = step(desk, { type: "wrap_up", conversation: "c", contact: "Ada", ends_in_ms: 0, now_ms: 6_000 });
    assert.deepEqual(over.routing.wraps, []);
});

test("after a welcome only what is told again counts; an invitation is told once and stays", () => {
    const desk = deskAfter(
        { type: "wrap_up", conversation: "c", contact: "Ada", ends_in_ms: 30_000, now_ms: 5_000 },
        { type: "invited", conversation: "d", name: "Ben" },
        { type: "weight", conversation: "c", weight: 100 },
        WELCOME,
    );
    assert.deepEqual(desk.routing.wraps, []);
    assert.equal(isIdle(desk.routing, "c"), false);
    assert.deepEqual(desk.routing.invitations, [{ conversation: "d", name: "Ben" }]);
});

test("a silent chat is idle until it weighs in full again", () => {
    const desk = deskAfter({ type: "weight", conversation: "c", weight: 100 });
    assert.equal(isIdle(desk.routing, "c"), true);
    assert.equal(isIdle(step(desk, { type: "weight", conversation: "c", weight: 1000 }).routing, "c"), false);
    assert.equal(placesOf(1100), "1.1");
});

test("who reads along can not write, and old entries make the chat nobody's", () => {
    const desk = deskAfter(watching, entry("2-0000000000000001", { kind: "owner", owner: "agent", id: "ben" }), entry("3-0000000000000001", { kind: "case_closed" }));
    const chat = desk.chats.get("c")!;
    assert.equal(chat.ownership, "watching");
    assert.equal(writable(chat), false);
    assert.equal(ownChats(desk), 0);
    assert.equal(step(desk, { type: "sync_over", sync: desk.sync }).chats.get("c")!.ownership, "watching");
});

test("who joined may speak with the token, beside whoever owns the case, until it is closed", () => {
    const joined = deskAfter(watching, { type: "joined", conversation: "c", owner: "5-0000000000000001", contact: "Ada" });
    assert.equal(writable(joined.chats.get("c")!), true);
    assert.equal(ownChats(joined), 0, "it takes no capacity");
    const moved = step(joined, entry("6-0000000000000001", { kind: "owner", owner: "agent", id: "ben" }));
    assert.equal(moved.chats.get("c")!.owner, "5-0000000000000001");
    const mine = step(moved, entry("7-0000000000000001", { kind: "owner", owner: "agent", id: "anna" }));
    assert.equal(mine.chats.get("c")!.ownership, "mine");
    const closed = step(moved, entry("7-0000000000000001", { kind: "case_closed", reason: "solved" }));
    assert.equal(closed.chats.get("c")!.ownership, "closed");
});

test("one's own chat does not become one that is read along", () => {
    const desk = deskAfter({ type: "assigned", conversation: "c", owner: "4-0000000000000001" }, watching);
    assert.equal(desk.chats.get("c")!.ownership, "mine");
    assert.equal(listed(desk).length, 1);
});

test("only supervisors are offered what supervisors do", () => {
    const some = deskAfter(watching, { type: "open", conversation: "c", now_ms: 1 });
    for (const action of ["cases", "explain", "join", "take_over", "unwatch"] as const) assert.ok(actions(some).includes(action), action);
    const plain = step(some, { ...WELCOME, supervisor: false } as Event);
    for (const action of ["cases", "explain", "join", "take_over"] as const) assert.ok(!actions(plain).includes(action), action);
    assert.ok(actions(plain).includes("unwatch"));
});

test("cases stand in order: who waits longest first, the answered ones after them, last who is called back later", () => {
    const cases = [
        { conversation: "f", state: "waiting", waiting_ms: 800, callback: { channel: "chat", from_ms: 30 } },
        { conversation: "e", state: "waiting", waiting_ms: 700, callback: { channel: "phone", from_ms: 20 } },
        { conversation: "a", state: "active", waiting_ms: 9000 }, { conversation: "b", state: "waiting", waiting_ms: 10 },
        { conversation: "d", state: "waiting", waiting_ms: 500 },
    ] as const;
    const desk = deskAfter({ type: "cases", cases, more: false });
    assert.deepEqual(desk.routing.cases!.map((one) => one.conversation), ["d", "b", "a", "e", "f"]);
});
