// SPDX-License-Identifier: Apache-2.0
// The fold of one conversation, frame by frame.
import assert from "node:assert/strict";
import { test } from "node:test";
import { caughtUp, fold, newConversation, type Conversation, type Deed } from "../../../broker/web/client/conversation.ts";
import { customerView, lines, unreadOf, type EntryView, type Part, type ServerFrame } from "../../../broker/web/client/index.ts";

const nameOf = (place: number): string => `${place}-${String(place).padStart(16, "0")}`;

function entry(place: number, parts: Part[] = [{ kind: "message", body: { kind: "text", text: `e${place}` } }], more: Partial<EntryView> = {}): EntryView {
    return {
        conversation: "c", at: nameOf(place), after: nameOf(place - 1), time_ms: 1000 * place,
        author: { kind: "agent", id: "a1", name: "Anna" }, visibility: "public", parts, ...more,
    };
}
const frame = (body: object, now = 0): Deed => ({ type: "frame", frame: { conversation: "c", ...body } as ServerFrame, now });
const arrive = (one: EntryView): Deed => frame({ type: "entry", ...one });
const began = (head: number, lineage = "L1"): Deed => ({ type: "began", id: "c", head: head ? nameOf(head) : null, lineage, laneId: lineage });
const run = (...deeds: Deed[]): Conversation => deeds.reduce(fold, newConversation("", "lane"));
const say = (text: string, key = text): Deed => ({ type: "said", draft: { body: { kind: "text", text } }, key, now: 0 });
const mine = (place: number, n: number, lineage = "L1"): EntryView =>
    entry(place, [{ kind: "message", body: { kind: "text", text: "mine" }, lineage, n }], { author: { kind: "customer", id: "ada" } });

test("an entry that comes twice is held once, and is no gap", () => {
    const state = run(began(0), arrive(entry(1)), arrive(entry(2)), arrive(entry(1)), arrive(entry(2)));
    assert.deepEqual(state.entries.map((one) => one.at), [nameOf(1), nameOf(2)]);
    assert.equal(state.gap, false);
});

test("an entry after one that is missing is not taken", () => {
    const state = run(began(0), arrive(entry(1)), arrive(entry(3)));
    assert.equal(state.gap, true);
    assert.equal(state.at, nameOf(1));
    assert.equal(fold(state, { type: "ended" }).gap, false);
});

test("places that this reader may not see are no gap", () => {
    const state = run(began(0), arrive(entry(1)), arrive(entry(5, undefined, { after: nameOf(1) })));
    assert.equal(state.gap, false);
    assert.equal(state.entries.length, 2);
});

test("a reset forgets the entries and keeps the own words", () => {
    const state = run(began(0), arrive(entry(1)), say("hello"), frame({ type: "reset", reason: "lost_suffix" }));
    assert.equal(state.at, null);
    assert.deepEqual(lines(state, customerView).map((line) => line.body?.text), ["hello"]);
});

test("a page joins only where it fits", () => {
    const state = run(began(9), arrive(entry(8)), arrive(entry(9)));
    const page = (entries: EntryView[]): Deed => ({ type: "paged", page: { type: "page", id: "1", conversation: "c", entries, more: true } });
    assert.deepEqual(fold(state, page([entry(6), entry(7)])).entries.map((one) => one.at), [6, 7, 8, 9].map(nameOf));
    assert.equal(fold(state, page([entry(4), entry(5)])), state);
    assert.equal(fold(fold(state, page([entry(6), entry(7)])), page([entry(6), entry(7)])).entries.length, 4);
});

test("the entry settles a word whose ack never came", () => {
    const state = run(began(0), say("hello"), { type: "flown", key: "hello", id: "7" }, arrive(mine(1, 1)));
    const [line, ...rest] = lines(state, customerView);
    assert.deepEqual([line!.key, line!.status, rest.length], ["hello", "sent", 0]);
});

test("words of a refused lineage wait for the head of the log before they move", () => {
    const refused = frame({ type: "error", id: "7", code: "bad_lineage", message: "", retry: "never" });
    const before = run(began(0), say("hello"), { type: "flown", key: "hello", id: "7" }, { type: "ended" }, began(1, "L2"),
        { type: "flown", key: "hello", id: "7" }, refused);
    assert.equal(before.outbox[0]!.moving, true, "the log is not read to its head");
    const arrived = fold(before, arrive(mine(1, 1)));
    assert.deepEqual(lines(arrived, customerView).map((line) => line.body?.text), ["mine"]);
    assert.ok(arrived.outbox.every((lane) => lane.words.every((word) => word.status !== "waiting")), "it was there: not said again");
    const other = fold(before, arrive(entry(1)));
    assert.deepEqual(other.outbox.flatMap((lane) => lane.words.map((word) => [lane.lineage, word.n, word.status])), [["L2", 1, "waiting"]]);
});

test("receipts only rise, and decide between sent, delivered and read", () => {
    const receipts = (more: object): Deed => frame({ type: "receipts", who: { kind: "agent", id: "a1" }, ...more });
    const status = (state: Conversation) => lines(state, customerView)[0]!.status;
    const sent = run(began(0), arrive(mine(1, 1)));
    assert.equal(status(sent), "sent");
    const delivered = fold(sent, receipts({ delivered: nameOf(1) }));
    assert.equal(status(delivered), "delivered");
    const read = fold(delivered, receipts({ read: nameOf(1) }));
    assert.equal(status(read), "read");
    assert.equal(status(fold(read, receipts({ delivered: nameOf(1), read: nameOf(0) }))), "read");
});

test("typing ends with the words, with a stop, or with time", () => {
    const typist = (active: boolean): Deed => frame({ type: "typist", who: { kind: "agent", id: "a1" }, active }, 1_000);
    const state = run(began(0), typist(true));
    assert.equal(state.typists.length, 1);
    assert.equal(fold(state, typist(false)).typists.length, 0);
    assert.equal(fold(state, arrive(entry(1))).typists.length, 0);
    assert.equal(fold(state, { type: "passed", now: 6_999 }).typists.length, 1);
    assert.equal(fold(state, { type: "passed", now: 7_001 }).typists.length, 0);
});

test("what was offered or agreed instead of waiting is the newest word of the server, and of this line", () => {
    const agreed = { channel: "phone", address: "+4930123456" } as const;
    const offered = run(began(0), frame({ type: "callback", ways: ["phone"] }));
    assert.deepEqual(offered.called?.ways, ["phone"]);
    const state = fold(offered, frame({ type: "callback", agreed }));
    assert.deepEqual([state.called?.ways, state.called?.agreed], [undefined, agreed]);
    assert.equal(fold(state, began(0, "L2")).called, null);
});

test("the owner is the one of the newest owner part; a queue ends with an owner", () => {
    const state = run(began(0), arrive(entry(1, [{ kind: "owner", owner: "bot", id: "guide" }])), frame({ type: "queue", position: 2, wait_ms: 1 }));
    assert.deepEqual(state.queue, { position: 2, wait_ms: 1 });
    const taken = fold(state, arrive(entry(2, [{ kind: "owner", owner: "agent", id: "a1", name: "Anna" }])));
    assert.deepEqual(taken.owner, { kind: "agent", id: "a1", name: "Anna", token: nameOf(2) });
    assert.equal(taken.queue, null);
    assert.equal(fold(taken, arrive(entry(3, [{ kind: "case_closed" }]))).owner, null);
});

test("a place in line that came with the welcome is newer than the entries that follow it", () => {
    const bot = entry(1, [{ kind: "owner", owner: "bot", id: "guide" }]);
    const anna = entry(3, [{ kind: "owner", owner: "agent", id: "a1" }]);
    const state = run(began(2), frame({ type: "queue", position: 1 }), arrive(bot), arrive(entry(2, [{ kind: "queued" }])));
    assert.equal(state.queue?.position, 1);
    assert.equal(fold(state, arrive(anna)).queue, null);
});

test("the head of an empty log is reached", () => {
    assert.equal(caughtUp(run({ type: "began", id: "c", head: "0-0000000000000000", lineage: "L1", laneId: "L1" })), true);
    assert.equal(caughtUp(run(began(1))), false);
});

test("unread counts the words of others after what was read", () => {
    const state = run(began(0), arrive(entry(1)), arrive(mine(2, 1)), arrive(entry(3)), arrive(entry(4, [{ kind: "case_closed" }])));
    assert.equal(unreadOf(state, customerView, 0), 2);
    assert.equal(unreadOf(state, customerView, 1), 1);
    assert.equal(unreadOf(state, customerView, 4), 0);
});
