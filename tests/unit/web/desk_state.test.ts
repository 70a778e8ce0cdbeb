// SPDX-License-Identifier: Apache-2.0
// The desk's state: what each event makes of it, above all that it never goes on showing what is no longer true.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NEW_DESK, step, type Desk } from "../../../broker/web/desk/model/desk.ts";
import type { Event } from "../../../broker/web/desk/model/events.ts";
import { listed, reachable, steady, tabTitle, unreadTotal } from "../../../broker/web/desk/model/select.ts";
import type { EntryView, Part, Who } from "../../../broker/web/desk/model/wire.ts";

const ADA = "c-ada";
const OMAR = "c-omar";
const CUSTOMER: Who = { kind: "customer", id: ADA };
const ME: Who = { kind: "agent", id: "anna", name: "Anna" };
const BOT: Who = { kind: "bot", id: "guide" };

const name = (seq: number): string => `${seq}-${seq.toString(16).padStart(16, "0")}`;
const play = (desk: Desk, ...events: Event[]): Desk => events.reduce(step, desk);

function entry(conversation: string, seq: number, author: Who, parts: Part[], more: Partial<EntryView> = {}): Event {
    const view: EntryView = {
        conversation, at: name(seq), after: seq === 1 ? "0-0000000000000000" : name(seq - 1), time_ms: seq * 1000,
        author, visibility: "public", parts, ...more,
    };
    return { type: "entry", entry: view };
}

const says = (conversation: string, seq: number, author: Who, text: string, more: Partial<EntryView> = {}): Event =>
    entry(conversation, seq, author, [{ kind: "message", body: { kind: "text", text } }], more);
const owned = (conversation: string, seq: number, agent: string): Event =>
    entry(conversation, seq, { kind: "system" }, [{ kind: "owner", owner: "agent", id: agent }]);
const assigned = (conversation: string, owner: number): Event =>
    ({ type: "assigned", conversation, owner: name(owner), contact: conversation.slice(2) });
const welcome = (now_ms = 0): Event => ({ type: "welcome", status: "online", time_ms: now_ms, now_ms, durability: "always" });
const lost = (now_ms: number): Event => ({ type: "line", status: "waiting", now_ms });
const offered = (seq: number, conversation: string, now_ms: number, expires_in_ms = 30_000): Event =>
    ({ type: "offer", offer: name(seq), conversation, expires_in_ms, waiting_ms: 5000, contact: conversation, now_ms });

const signedIn = (): Desk => play(
    NEW_DESK, { type: "columns", fit: 2 }, { type: "signed_in", agent: "anna", name: "Anna", tenant: "demo" }, welcome());
const withAda = (): Desk => play(signedIn(), assigned(ADA, 3), says(ADA, 1, CUSTOMER, "hi"), says(ADA, 2, BOT, "hello"), owned(ADA, 3, "anna"));
const chat = (desk: Desk, conversation = ADA) => desk.chats.get(conversation)!;

test("a chat that is not named again after a welcome is shown as gone", () => {
    const before = play(withAda(), assigned(OMAR, 9), lost(10_000), welcome(20_000));
    assert.equal(chat(before).ownership, "checking");
    const after = play(before, assigned(OMAR, 9), { type: "sync_over", sync: before.sync });
    assert.equal(chat(after).ownership, "gone");
    assert.equal(chat(after, OMAR).ownership, "mine");
    assert.equal(chat(play(after, assigned(ADA, 12))).ownership, "mine", "a late word of the server mends it");
});

test("the end of an older sync, or one without a line, decides nothing", () => {
    const again = play(withAda(), lost(1), welcome(2));
    assert.equal(chat(play(again, { type: "sync_over", sync: again.sync - 1 })).ownership, "checking");
    assert.equal(chat(play(again, lost(3), { type: "sync_over", sync: again.sync })).ownership, "checking");
});

test("owner parts before the token take nothing away, those after it do", () => {
    const late = play(signedIn(), assigned(ADA, 8), owned(ADA, 3, "tom"));
    assert.equal(chat(late).ownership, "mine");
    assert.equal(chat(play(late, entry(ADA, 4, ME, [{ kind: "case_closed" }]))).ownership, "mine");
    const early = play(late, owned(ADA, 8, "anna"));
    const taken = play(early, owned(ADA, 9, "tom"));
    assert.equal(chat(taken).ownership, "released");
    assert.equal(chat(taken).owner, name(8), "the old token is kept, so what is sent with it is refused, not lost");
    assert.equal(chat(play(taken, owned(ADA, 10, "anna"))).owner, name(10));
});

test("an older `assigned` does not bring an older token back", () => {
    const desk = play(withAda(), owned(ADA, 4, "tom"), owned(ADA, 5, "anna"), assigned(ADA, 3));
    assert.equal(chat(desk).owner, name(5));
});

test("closing keeps its reason whichever comes first, entry or release", () => {
    const close = entry(ADA, 4, ME, [{ kind: "case_closed", reason: "spam" }]);
    const release: Event = { type: "released", conversation: ADA, reason: "closed" };
    for (const order of [[close, release], [release, close]]) {
        const desk = play(withAda(), ...order);
        assert.equal(chat(desk).ownership, "closed");
        assert.equal(chat(desk).released, "spam");
    }
});

test("only an ended chat can be put away", () => {
    const kept = play(withAda(), { type: "dismiss", conversation: ADA });
    assert.ok(kept.chats.has(ADA));
    const gone = play(withAda(), { type: "released", conversation: ADA, reason: "requeued" }, { type: "dismiss", conversation: ADA });
    assert.ok(!gone.chats.has(ADA));
    assert.equal(gone.columns.opened.length, 0);
});

test("a callback is of the case in force: as it was assigned, then as later entries say", () => {
    const callback = { channel: "phone", address: "+4930123456", attempts_max: 3 } as const;
    const said = (seq: number, part: Partial<Part>): Event => entry(ADA, seq, CUSTOMER, [{ kind: "callback", ...part }]);
    const desk = play(signedIn(), { type: "assigned", conversation: ADA, owner: name(3), callback }, said(1, { reason: "cancelled" }));
    assert.deepEqual(chat(desk).callback, callback, "an old entry that streams in late says nothing");
    assert.equal(chat(play(desk, owned(ADA, 3, "anna"), said(4, { reason: "reached" }))).callback, null);
    const tried = play(desk, owned(ADA, 3, "anna"), said(4, { reason: "not_reached", callback: { channel: "phone", address: "+4930123456", attempts: 1 } }));
    assert.deepEqual(chat(tried).callback, { ...callback, attempts: 1 });
    assert.equal(chat(play(desk, assigned(ADA, 9))).callback, null, "another case of theirs");
});

test("the list: who waits longest first, then the answered, then the ended", () => {
    const desk = play(
        signedIn(), assigned(ADA, 1), assigned(OMAR, 1), assigned("c-lin", 1), assigned("c-old", 1),
        says(OMAR, 2, { kind: "customer" }, "first", { time_ms: 5000 }), says(ADA, 2, CUSTOMER, "second", { time_ms: 6000 }),
        says(OMAR, 3, { kind: "customer" }, "more", { time_ms: 9000 }), says("c-lin", 2, ME, "answered", { time_ms: 9500 }),
        { type: "released", conversation: "c-old", reason: "closed" });
    assert.deepEqual(listed(desk).map((each) => each.conversation), [OMAR, ADA, "c-lin", "c-old"]);
    assert.equal(chat(desk, OMAR).waiting_since_ms, 5000, "a second question does not make the wait shorter");
    const names = (chats: readonly { conversation: string }[]) => chats.map((each) => each.conversation);
    assert.deepEqual(names(steady(listed(desk), ["c-lin", ADA])), ["c-lin", ADA, OMAR, "c-old"], "under the mouse it stands still");
    const answered = play(desk, says(OMAR, 4, ME, "there", { time_ms: 9900 }));
    assert.deepEqual(listed(answered).map((each) => each.conversation), [ADA, OMAR, "c-lin", "c-old"]);
});

test("a bot's parting words do not answer a customer who asked for a person", () => {
    const desk = play(signedIn(), assigned(ADA, 9), says(ADA, 1, CUSTOMER, "a person, please"), entry(ADA, 2, BOT, [
        { kind: "message", body: { kind: "text", text: "A colleague takes over." } }, { kind: "queued", handoff: { reason: "asked" } }]));
    assert.equal(chat(desk).waiting_since_ms, 1000);
    assert.equal(chat(desk).handoff?.reason, "asked");
});

test("notes neither answer nor count as unread, nor are they public words", () => {
    const note = entry(ADA, 5, ME, [{ kind: "note", body: { kind: "text", text: "careful" } }], { visibility: "internal" });
    const desk = play(withAda(), says(ADA, 4, CUSTOMER, "and?"), note);
    assert.equal(chat(desk).unread, 1);
    assert.equal(chat(desk).waiting_since_ms, 4000);
    assert.equal(chat(desk).last?.note, true);
    assert.equal(chat(desk).answered, false);
});

test("unread: what came after the last look, and nobody has answered", () => {
    const three = play(withAda(), says(ADA, 4, CUSTOMER, "a"), says(ADA, 5, CUSTOMER, "b"), says(ADA, 6, CUSTOMER, "c"));
    assert.equal(unreadTotal(three), 3);
    assert.equal(chat(play(three, { type: "seen", conversation: ADA, seq: 5 })).unread, 1);
    assert.equal(chat(play(three, { type: "seen", conversation: ADA, seq: 6 }, { type: "seen", conversation: ADA, seq: 4 })).unread, 0);
    assert.equal(chat(play(three, says(ADA, 7, ME, "d"))).unread, 0);
    assert.equal(chat(play(three, says(ADA, 6, CUSTOMER, "again"))).unread, 3, "an entry counts once");
});

test("an offer ends by its deadline, by its answer, by its chat, and by a sync that does not name it", () => {
    const desk = play(signedIn(), offered(41, ADA, 1000), offered(42, OMAR, 1000, 5000));
    assert.deepEqual(desk.offers.map((offer) => offer.conversation), [OMAR, ADA], "the most urgent first");
    assert.equal(play(desk, { type: "tick", now_ms: 6001 }).offers.length, 1);
    assert.equal(play(desk, { type: "offer_over", offer: name(41) }).offers.length, 1);
    assert.equal(play(desk, assigned(ADA, 9)).offers.length, 1);
    const back = play(desk, lost(2000), welcome(3000));
    assert.ok(back.offers.every((offer) => offer.state === "unconfirmed"), "nothing can be accepted on a guess");
    const synced = play(back, offered(41, ADA, 3100), { type: "sync_over", sync: back.sync });
    assert.deepEqual(synced.offers.map((offer) => [offer.conversation, offer.state]), [[ADA, "open"]]);
});

test("an accepted chat opens at once; another one waits in the list when there is no room", () => {
    const one = play(signedIn(), assigned(ADA, 1), assigned(OMAR, 1), offered(41, "c-lin", 1),
        { type: "offer_answering", offer: name(41), state: "accepting" }, assigned("c-lin", 2));
    assert.equal(one.columns.focus, "c-lin");
    const other = play(signedIn(), assigned(ADA, 1), assigned(OMAR, 1), assigned("c-lin", 2));
    assert.equal(other.columns.focus, ADA);
});

test("colleagues who were not named again are not offered for a transfer", () => {
    const tom: Event = { type: "presence", agent: "tom", name: "Tom", status: "online", chats: 1, capacity: 4 };
    const mei: Event = { type: "presence", agent: "mei", name: "Mei", status: "online", chats: 0, capacity: 4 };
    const before = play(signedIn(), tom, mei, { type: "presence", agent: "jo", name: "Jo", status: "away" });
    assert.deepEqual(reachable(before).map((each) => each.name), ["Mei", "Tom"]);
    const again = play(before, lost(1), welcome(2));
    assert.deepEqual(reachable(play(again, tom, { type: "sync_over", sync: again.sync })).map((each) => each.name), ["Tom"]);
});

test("losing the line ends what was only under way", () => {
    const busy = play(withAda(), { type: "busy", conversation: ADA, busy: "closing" }, { type: "older", conversation: ADA, state: "loading" },
        { type: "typists", conversation: ADA, typists: [{ who: CUSTOMER }] }, lost(5000));
    assert.deepEqual([chat(busy).busy, chat(busy).older, chat(busy).typists.length], [null, "idle", 0]);
    assert.equal(play(busy, lost(9000)).line.lost_at_ms, 5000, "the first moment counts");
    assert.equal(play(busy, welcome(9999)).line.lost_at_ms, null);
});

test("a reset forgets what was said and keeps what is not said yet", () => {
    const pending = [{ key: "k", text: "on its way", note: false, acked: false, time_ms: 1 }];
    const desk = play(withAda(), { type: "pending", conversation: ADA, pending }, { type: "reset", conversation: ADA });
    assert.equal(chat(desk).thread.end, 0);
    assert.deepEqual(chat(desk).pending, pending);
    assert.equal(chat(desk).ownership, "mine");
});

test("the tab's title calls for offers, then for unread words", () => {
    const unread = play(withAda(), says(ADA, 4, CUSTOMER, "hello?"));
    assert.equal(tabTitle(unread), "(1) Weft desk");
    assert.match(tabTitle(play(unread, offered(41, OMAR, 0))), /^New chat: c-omar/);
    assert.equal(tabTitle(play(unread, { type: "signed_out", reason: null })), "Weft desk");
});

test("who handed a chat on is told apart from who lost it", () => {
    const released: Event = { type: "released", conversation: ADA, reason: "transferred" };
    const own = play(withAda(), { type: "busy", conversation: ADA, busy: "transferring" }, owned(ADA, 4, "tom"), released);
    assert.equal(chat(own).released, "handed_on");
    assert.equal(chat(play(withAda(), released)).released, "transferred");
});

test("words left for a former chat bring it back to the desk as gone", () => {
    const desk = play(signedIn(), { type: "orphan", conversation: "c-was" });
    assert.equal(chat(desk, "c-was").ownership, "gone");
    assert.equal(play(withAda(), { type: "orphan", conversation: ADA }).chats.get(ADA)!.ownership, "mine");
});

test("signing out leaves nothing of the chats behind", () => {
    const desk = play(withAda(), { type: "signed_out", reason: "bye" });
    assert.equal(desk.chats.size, 0);
    assert.equal(desk.me.agent, "");
});
