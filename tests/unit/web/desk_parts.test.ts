// SPDX-License-Identifier: Apache-2.0
// The desk's small pure parts: long threads, heights of rows, columns, shortcuts, the palette's search.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeColumn, EMPTY_COLUMNS, fitOf, openColumn, shownColumns } from "../../../broker/web/desk/model/columns.ts";
import { found, type Command } from "../../../broker/web/desk/model/commands.ts";
import { Heights } from "../../../broker/web/desk/model/heights.ts";
import { actionOf, bindingOf, DEFAULT_BINDINGS, keysOf, type Pressed } from "../../../broker/web/desk/model/keys.ts";
import { onePage } from "../../../broker/web/desk/model/page.ts";
import { append, EMPTY_THREAD, lengthOf, prepend, rowAt, type Thread } from "../../../broker/web/desk/model/thread.ts";
import type { EntryView } from "../../../broker/web/desk/model/wire.ts";

const entry = (seq: number): EntryView => ({
    conversation: "c", at: `${seq}-aa`, after: `${seq - 1}-aa`, time_ms: seq, author: { kind: "customer" }, visibility: "public",
    parts: [{ kind: "message", body: { kind: "text", text: String(seq) } }],
});
const range = (from: number, to: number): EntryView[] => Array.from({ length: to - from + 1 }, (_, index) => entry(from + index));
const grown = (thread: Thread, from: number, to: number): Thread => range(from, to).reduce(append, thread);
const seqs = (thread: Thread): number[] => Array.from({ length: lengthOf(thread) }, (_, index) => parseInt(rowAt(thread, index)!.entry.at, 10));

// The same sequence of numbers for the same seed.
function dice(seed: number): (sides: number) => number {
    let state = seed;
    return (sides) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state % sides;
    };
}

test("a thread is a value: what was appended to one version is not seen in another", () => {
    const ten = grown(EMPTY_THREAD, 1, 10);
    const left = append(ten, entry(11));
    const right = append(ten, { ...entry(11), at: "11-bb" });
    assert.equal(rowAt(left, 10)!.entry.at, "11-aa");
    assert.equal(rowAt(right, 10)!.entry.at, "11-bb");
    assert.equal(lengthOf(ten), 10);
    assert.equal(lengthOf(EMPTY_THREAD), 0);
});

test("entries that are held are not taken twice, at either end", () => {
    const thread = prepend(grown(EMPTY_THREAD, 6, 8), range(3, 6));
    assert.deepEqual(seqs(thread), [3, 4, 5, 6, 7, 8]);
    assert.equal(append(thread, entry(8)), thread);
    assert.equal(prepend(thread, range(3, 4)), thread);
    assert.deepEqual([thread.first, thread.last, thread.before], ["3-aa", "8-aa", "2-aa"]);
    assert.deepEqual(seqs(append(thread, entry(9))), [3, 4, 5, 6, 7, 8, 9]);
});

test("an entry's parts are rows, but not what goes without saying", () => {
    const parts: EntryView["parts"] = [
        { kind: "message", body: { kind: "text", text: "a colleague takes over" } }, { kind: "owner", owner: "none" }, { kind: "queued" }];
    const kinds = (thread: Thread) => Array.from({ length: lengthOf(thread) }, (_, index) => rowAt(thread, index)!.part.kind);
    assert.deepEqual(kinds(append(EMPTY_THREAD, { ...entry(1), parts })), ["message", "queued"]);
    assert.deepEqual(kinds(append(EMPTY_THREAD, { ...entry(1), parts: [{ kind: "owner", owner: "none" }] })), ["owner"]);
});

test("an append copies nothing of what is there", () => {
    const first = grown(EMPTY_THREAD, 1, 1);
    const thread = grown(first, 2, 100);
    assert.equal(lengthOf(thread), 100);
    assert.equal(thread.rows, first.rows);
});

test("a longer run of the same log: what is older, what is newer, and when nothing fits", () => {
    const ats = (entries: readonly EntryView[]) => entries.map((each) => parseInt(each.at, 10));
    const both = onePage(range(1, 9), "3-aa", "7-aa");
    assert.deepEqual([ats(both.older), ats(both.newer), both.apart], [[1, 2], [8, 9], false]);
    assert.deepEqual(ats(onePage(range(1, 3), null, null).newer), [1, 2, 3]);
    assert.equal(onePage(range(20, 22), "3-aa", "7-aa").apart, true);
    assert.equal(onePage(range(8, 9), "3-aa", "7-aa").apart, false);
});

test("heights agree with plain sums, whatever was set, pushed and reset", () => {
    for (let seed = 1; seed <= 40; seed += 1) {
        const roll = dice(seed);
        const heights = new Heights();
        let plain = Array.from({ length: roll(200) }, () => 1 + roll(90));
        heights.reset(plain.length, (index) => plain[index]!);
        for (let turn = 0; turn < 300; turn += 1) {
            const what = roll(20);
            if (what === 0) {
                plain = Array.from({ length: roll(150) }, () => 1 + roll(90));
                heights.reset(plain.length, (index) => plain[index]!);
            } else if (what < 8 || plain.length === 0) {
                plain.push(1 + roll(90));
                heights.push(plain[plain.length - 1]!);
            } else {
                const index = roll(plain.length);
                plain[index] = 1 + roll(90);
                heights.set(index, plain[index]!);
            }
            const cut = roll(plain.length + 1);
            assert.equal(heights.top(cut), plain.slice(0, cut).reduce((sum, each) => sum + each, 0), `seed ${seed}, turn ${turn}`);
            if (plain.length > 0) assertAt(heights, plain, roll(heights.total() + 40));
        }
    }
});

function assertAt(heights: Heights, plain: readonly number[], depth: number): void {
    let sum = 0;
    let expected = plain.findIndex((height) => (sum += height) > depth);
    if (expected < 0) expected = plain.length - 1;
    assert.equal(heights.at(depth), expected);
}

test("columns: the one unused longest makes room, and the others keep their places", () => {
    let columns = { ...EMPTY_COLUMNS, fit: 2 };
    columns = openColumn(openColumn(columns, "a", 1), "b", 2);
    assert.deepEqual(shownColumns(columns), ["a", "b"]);
    columns = openColumn(columns, "a", 3);
    columns = openColumn(columns, "c", 4);
    assert.deepEqual(shownColumns(columns), ["a", "c"]);
    assert.deepEqual(shownColumns({ ...columns, fit: 3 }).sort(), ["a", "b", "c"], "a wider window shows the third again");
    assert.deepEqual(shownColumns({ ...columns, fit: 0 }), ["c"]);
    columns = closeColumn(columns, "c");
    assert.notEqual(columns.focus, "c");
    for (let index = 0; index < 30; index += 1) columns = openColumn(columns, `x${index}`, 10 + index);
    assert.ok(columns.opened.length <= 6, "bounded");
    assert.ok(shownColumns(columns).includes("x29"));
});

test("at least two columns fit from 1280 px on, none but the chat itself on a phone", () => {
    assert.deepEqual([390, 759, 760, 1024, 1280, 1440, 1920, 5000].map(fitOf), [0, 0, 1, 1, 2, 2, 3, 4]);
});

const pressed = (code: string, key: string, more: Partial<Pressed> = {}): Pressed =>
    ({ code, key, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...more });

test("shortcuts go by the place of the key, and never take plain typing or AltGr", () => {
    assert.equal(actionOf(pressed("KeyK", "л", { ctrlKey: true }), DEFAULT_BINDINGS, false), "palette");
    assert.equal(actionOf(pressed("KeyK", "k", { metaKey: true }), DEFAULT_BINDINGS, true), "palette");
    assert.equal(actionOf(pressed("KeyA", "å", { altKey: true }), DEFAULT_BINDINGS, true), "accept");
    assert.equal(actionOf(pressed("KeyA", "a"), DEFAULT_BINDINGS, false), null);
    assert.equal(actionOf(pressed("KeyA", "A", { shiftKey: true }), DEFAULT_BINDINGS, false), null);
    assert.equal(actionOf(pressed("KeyA", "ą", { ctrlKey: true, altKey: true }), DEFAULT_BINDINGS, false), null);
    assert.equal(bindingOf(pressed("AltLeft", "Alt", { altKey: true }), false), null);
    assert.deepEqual(keysOf("Mod+Shift+KeyP", false), ["Ctrl", "Shift", "P"]);
    assert.deepEqual(keysOf("Mod+KeyK", true), ["⌘", "K"]);
    const all = Object.values(DEFAULT_BINDINGS);
    assert.equal(new Set(all).size, all.length, "no two actions on the same keys");
});

test("the palette finds all words in any order, beginnings first", () => {
    const make = (words: string): Command => ({ id: words, words, group: "Do", action: null, conversation: null });
    const commands = ["Disclose", "Close the case of Ada", "Open Ada"].map(make);
    assert.deepEqual(found(commands, "clo").map((each) => each.words), ["Close the case of Ada", "Disclose"]);
    assert.deepEqual(found(commands, "ada close").map((each) => each.words), ["Close the case of Ada"]);
    assert.equal(found(commands, "  ").length, 3);
    assert.equal(found(commands, "zebra").length, 0);
});
