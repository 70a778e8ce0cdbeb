// SPDX-License-Identifier: Apache-2.0
// Edits, deletions and reactions at the desk: live, and on pages that bring a message after what became of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { reactionsOf } from "../../../broker/web/client/amends.ts";
import { newChat, onEntry, onPage, type Chat } from "../../../broker/web/desk/model/chat.ts";
import { lengthOf, rowAt } from "../../../broker/web/desk/model/thread.ts";
import type { EntryView, Part, Who } from "../../../broker/web/desk/model/wire.ts";
import { quoteOf } from "../../../broker/web/desk/view/marks.ts";

const ADA: Who = { kind: "customer", id: "ada" };
const ANNA: Who = { kind: "agent", id: "anna", name: "Anna" };

const entry = (seq: number, part: Part, author: Who = ADA): EntryView => ({
    conversation: "c", at: `${seq}-aa`, after: `${seq - 1}-aa`, time_ms: seq, author, visibility: "public", parts: [part],
});
const words = (seq: number, text: string): EntryView => entry(seq, { kind: "message", body: { kind: "text", text } });
const edited = (seq: number, target: number, text: string): EntryView =>
    entry(seq, { kind: "edited", target: `${target}-aa`, body: { kind: "text", text } });
const withheld = (seq: number, kind: "edited" | "deleted"): EntryView =>
    entry(seq, { kind: "message", body: { kind, text: `This message was ${kind}.` } });
const deleted = (seq: number, target: number): EntryView => entry(seq, { kind: "deleted", target: `${target}-aa` });
const reacted = (seq: number, target: number, emoji: string, active: boolean, who = ADA): EntryView =>
    entry(seq, { kind: "reacted", target: `${target}-aa`, emoji, active }, who);

const live = (...entries: EntryView[]): Chat => entries.reduce((chat, one) => onEntry(chat, one, "anna"), newChat("c"));
const texts = (chat: Chat): string[] =>
    Array.from({ length: lengthOf(chat.thread) }, (_, index) => rowAt(chat.thread, index)!.part.body!.text);

test("live words give way to newer ones, and to none", () => {
    const before = live(words(1, "one"), words(2, "two"));
    const after = onEntry(before, edited(3, 1, "ONE"), "anna");
    assert.deepEqual(texts(after), ["ONE", "two"]);
    assert.deepEqual(texts(before), ["one", "two"]); // a value
    assert.deepEqual(texts(onEntry(after, deleted(4, 1), "anna")), ["This message was deleted.", "two"]);
});

test("what is deleted stays deleted, whatever comes later", () => {
    assert.deepEqual(texts(live(words(1, "one"), deleted(2, 1), edited(3, 1, "ONE"))), ["This message was deleted."]);
});

test("the list shows the words in force", () => {
    const chat = live(words(1, "one"), words(2, "my card is 4111"));
    assert.equal(onEntry(chat, edited(3, 2, "my card"), "anna").last!.text, "my card");
    assert.equal(onEntry(chat, deleted(3, 2), "anna").last!.text, "This message was deleted.");
    assert.equal(onEntry(chat, deleted(3, 1), "anna").last!.text, "my card is 4111");
});

test("a page brings a message whose newer words are held", () => {
    const chat = live(edited(9, 1, "newest"), deleted(10, 2), words(11, "eleven"));
    const page = onPage(chat, [withheld(1, "edited"), withheld(2, "deleted"), words(3, "three")], false);
    assert.deepEqual(texts(page), ["newest", "This message was deleted.", "three", "eleven"]);
});

test("an older page says nothing against what is newer", () => {
    const chat = live(edited(9, 1, "newest"), reacted(10, 1, "👍", false));
    const superseded = entry(5, { kind: "edited", target: "1-aa", body: { kind: "edited", text: "This message was edited." } });
    const page = onPage(chat, [withheld(1, "edited"), reacted(4, 1, "👍", true), superseded], false);
    assert.deepEqual(texts(page), ["newest"]);
    assert.deepEqual(reactionsOf(rowAt(page.thread, 0)!.amend!), []);
});

test("reactions come, go and add up", () => {
    const chat = live(words(1, "one"), reacted(2, 1, "👍", true), reacted(3, 1, "❤️", true, ANNA), reacted(4, 1, "❤️", true));
    const found = (now: Chat): string[] => reactionsOf(rowAt(now.thread, 0)!.amend!).map(({ emoji, who }) => `${emoji}${who.length}`);
    assert.deepEqual(found(chat), ["❤️2", "👍1"]);
    assert.deepEqual(found(onEntry(chat, reacted(5, 1, "👍", false), "anna")), ["❤️2"]);
    assert.equal(lengthOf(chat.thread), 1); // no rows of their own
});

test("an answer shows the words as they stand now", () => {
    const answer = entry(2, { kind: "message", body: { kind: "text", text: "no" }, reply_to: "1-aa" }, ANNA);
    const chat = live(words(1, "one"), answer);
    assert.equal(quoteOf(chat.thread, 1), "one");
    assert.equal(quoteOf(onEntry(chat, deleted(3, 1), "anna").thread, 1), "This message was deleted.");
    assert.equal(quoteOf(chat.thread, 0), null);
});
