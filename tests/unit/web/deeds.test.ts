// SPDX-License-Identifier: Apache-2.0
// Edits, deletions and reactions from the client: in one row with the words, refused and healed as words are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { amendsIn, amendsOnTheWay, reactionsOf } from "../../../broker/web/client/amends.ts";
import { Session, customerView, lines } from "../../../broker/web/client/index.ts";
import { pendingOf } from "../../../broker/web/client/outbox.ts";
import { World } from "./world.ts";

async function connected() {
    const world = new World(7);
    const session = new Session({
        url: "ws://x/v1/socket", token: async () => "token.ada", client: { name: "test", version: "1" }, role: "customer", environment: world,
    });
    session.connection.start();
    await world.pass(1_000);
    const thread = session.own!;
    const say = (text: string) => thread.say({ body: { kind: "text", text } });
    const at = (text: string): string =>
        thread.state.entries.find((entry) => entry.parts.some((part) => part.kind === "message" && part.body!.text === text))!.at;
    const log = (): any[] => world.broker.conversation("ada").entries.map((entry: any) => entry.parts[0]);
    const kinds = (): string[] => log().map((part) => part.kind);
    return { world, session, thread, say, at, log, kinds, pending: () => pendingOf(thread.state.outbox) };
}

test("each in one row of numbers with the words, and none is a line of its own", async () => {
    const { world, session, thread, say, at, log, pending } = await connected();
    say("one");
    await world.pass(500);
    thread.say({ type: "edit", target: at("one"), body: { kind: "text", text: "ONE" } });
    thread.say({ type: "react", target: at("one"), emoji: "👍", active: true });
    assert.deepEqual(lines(thread.state, customerView).filter((line) => line.body).map((line) => line.body!.text), ["one"]);
    const coming = amendsOnTheWay(pending(), { kind: "customer" }).get(at("one"))!;
    assert.equal(coming.body!.text, "ONE");
    assert.deepEqual(reactionsOf(coming).map(({ emoji }) => emoji), ["👍"]);
    say("two");
    await world.pass(500);
    thread.say({ type: "delete", target: at("two") });
    await world.pass(500);
    assert.deepEqual(log().map((part) => [part.kind, part.n]), [["message", 1], ["edited", 2], ["reacted", 3], ["message", 4], ["deleted", 5]]);
    assert.deepEqual(pending(), []);
    const { body } = amendsIn(thread.state.entries).get(at("two"))!;
    assert.equal(body!.kind, "deleted");
    const frame = world.sent.find((one) => one.type === "edit");
    assert.deepEqual(Object.keys(frame).sort(), ["body", "conversation", "id", "lineage", "n", "target", "type"]);
    session.connection.stop();
});

test("a deed without a line waits for one; the store away: the same again, in order", async () => {
    const { world, session, thread, say, at, kinds } = await connected();
    say("one");
    await world.pass(500);
    let times = 2;
    world.broker.refuse = (frame: any) => (frame.type === "delete" && times-- > 0 ? { code: "store_unavailable", retry: "same" } : null);
    world.refuses = true;
    world.broker.cut();
    thread.say({ type: "react", target: at("one"), emoji: "🙏", active: true });
    thread.say({ type: "delete", target: at("one") });
    say("two");
    await world.pass(3_000);
    assert.deepEqual(kinds(), ["message"]);
    world.refuses = false;
    await world.pass(60_000);
    assert.deepEqual(kinds(), ["message", "reacted", "deleted", "message"]);
    session.connection.stop();
});

test("refused for good: its number goes to the next, and the deed waits to be seen as failed", async () => {
    const { world, session, thread, say, at, log, pending } = await connected();
    say("one");
    await world.pass(500);
    world.broker.refuse = (frame: any) => (frame.type === "edit" ? { code: "too_late", retry: "never" } : null);
    const key = thread.say({ type: "edit", target: at("one"), body: { kind: "text", text: "ONE" } });
    say("two");
    await world.pass(2_000);
    assert.deepEqual(log().map((part) => [part.kind, part.n]), [["message", 1], ["message", 2]]);
    assert.deepEqual(pending().map((word) => [word.key, word.status, word.error]), [[key, "failed", "too_late"]]);
    assert.equal(amendsOnTheWay(pending(), { kind: "customer" }).size, 0);
    world.broker.refuse = () => null;
    thread.retry(key);
    await world.pass(1_000);
    assert.deepEqual(log().map((part) => part.kind), ["message", "message", "edited"]);
    assert.equal(log()[2].body.text, "ONE");
    session.connection.stop();
});

test("a failover took a word and what became of it: both are put back, and the deed means the new place", async () => {
    const { world, session, thread, say, at, log } = await connected();
    say("zero");
    say("one");
    await world.pass(500);
    const old = at("one");
    thread.say({ type: "edit", target: old, body: { kind: "text", text: "ONE" } });
    await world.pass(500);
    world.broker.loseEnd(world.broker.conversation("ada"), 2);
    await world.pass(10_000);
    assert.deepEqual(log().map((part) => part.kind), ["message", "message", "edited"]);
    assert.notEqual(at("one"), old);
    assert.equal(log()[2].target, at("one"));
    assert.equal(amendsIn(thread.state.entries).get(at("one"))!.body!.text, "ONE");
    session.connection.stop();
});
