// SPDX-License-Identifier: Apache-2.0
// Own words from the key press to the log, one refusal at a time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Session, customerView, lines } from "../../../broker/web/client/index.ts";
import { World } from "./world.ts";

async function connected(seed = 1) {
    const world = new World(seed);
    const session = new Session({
        url: "ws://x/v1/socket", token: async () => "token.ada", client: { name: "test", version: "1" }, role: "customer", environment: world,
    });
    session.connection.start();
    await world.pass(1_000);
    const say = (text: string) => session.own!.say({ body: { kind: "text", text } });
    const shown = () => lines(session.own!.state, customerView).filter((line) => line.kind === "message");
    const log = (): string[] => world.broker.conversation("ada").entries.map((entry: any) => entry.parts[0].body.text);
    const texts = () => shown().map((line) => line.body!.text);
    return { world, session, say, shown, log, texts };
}

// Refuses the frames that `match`, `times` times.
function refuse(world: World, match: (frame: any) => boolean, error: object, times = Infinity): void {
    world.broker.refuse = (frame: any) => (match(frame) && times-- > 0 ? error : null);
}

test("shows at once, keeps its key when the entry comes", async () => {
    const { world, session, say, shown } = await connected();
    const key = say("hello");
    assert.deepEqual(shown().map((line) => [line.key, line.status]), [[key, "sending"]]);
    await world.pass(500);
    assert.deepEqual(shown().map((line) => [line.key, line.status]), [[key, "sent"]]);
    session.connection.stop();
});

test("words written before the first connection follow", async () => {
    const world = new World();
    const session = new Session({ url: "ws://x", token: async () => "token.ada", client: { name: "t", version: "1" }, role: "customer", environment: world });
    for (const text of ["a", "b", "c"]) session.own!.say({ body: { kind: "text", text } });
    session.connection.start();
    await world.pass(1_000);
    assert.deepEqual(world.sent.filter((frame) => frame.type === "send").map((frame) => frame.n), [1, 2, 3]);
    session.connection.stop();
});

test("the same request again when the store was away, nothing overtakes", async () => {
    const { world, session, say, log } = await connected();
    refuse(world, (frame) => frame.body.text === "a", { code: "store_unavailable", retry: "same" }, 3);
    for (const text of ["a", "b", "c"]) say(text);
    await world.pass(20_000);
    assert.deepEqual(log(), ["a", "b", "c"]);
    session.connection.stop();
});

test("waits as long as the server asks", async () => {
    const { world, session, say, log } = await connected();
    refuse(world, () => true, { code: "rate_limited", retry: "later", retry_after_ms: 5_000 }, 1);
    say("a");
    await world.pass(4_500);
    assert.deepEqual(log(), []);
    await world.pass(1_500);
    assert.deepEqual(log(), ["a"]);
    session.connection.stop();
});

test("a word refused for good gives its number to the next, and can be tried again", async () => {
    const { world, session, say, shown, log } = await connected();
    refuse(world, (frame) => frame.body.text === "bad", { code: "forbidden", retry: "never" }, 1);
    const key = (say("a"), say("bad"));
    say("b");
    await world.pass(3_000);
    assert.deepEqual(log(), ["a", "b"]);
    assert.deepEqual(shown().map((line) => line.status), ["sent", "sent", "failed"]);
    session.own!.retry(key);
    await world.pass(1_000);
    assert.deepEqual(log(), ["a", "b", "bad"]);
    assert.ok(shown().every((line) => line.status === "sent"));
    session.connection.stop();
});

test("a failed word can be taken away", async () => {
    const { world, session, say, shown } = await connected();
    refuse(world, () => true, { code: "forbidden", retry: "never" }, 1);
    const key = say("bad");
    await world.pass(1_000);
    session.own!.discard(key);
    assert.deepEqual(shown(), []);
    session.connection.stop();
});

test("a lineage that is no longer taken: the words go on under the next, once", async () => {
    const { world, session, say, log, texts } = await connected();
    say("a");
    await world.pass(500);
    const old = world.sent.find((frame) => frame.type === "send").lineage;
    refuse(world, (frame) => frame.lineage === old, { code: "bad_lineage", retry: "never" });
    say("b");
    say("c");
    await world.pass(5_000);
    assert.deepEqual(log(), ["a", "b", "c"]);
    assert.deepEqual(texts(), ["a", "b", "c"]);
    session.connection.stop();
});

test("another body under the number: the word goes on under another lineage", async () => {
    const { world, session, say, log } = await connected();
    refuse(world, () => true, { code: "different_body", retry: "never" }, 1);
    say("a");
    await world.pass(5_000);
    assert.deepEqual(log(), ["a"]);
    session.connection.stop();
});

test("acked words that a failover lost are said again", async () => {
    const { world, session, say, log, texts } = await connected();
    for (const text of ["a", "b", "c", "d"]) say(text);
    await world.pass(1_000);
    world.broker.loseEnd(world.broker.conversation("ada"), 2);
    assert.deepEqual(log(), ["a", "b"]);
    await world.pass(5_000);
    assert.deepEqual(log(), ["a", "b", "c", "d"]);
    assert.deepEqual(texts(), ["a", "b", "c", "d"]);
    session.connection.stop();
});

test("`resend` is answered from the acked words, too", async () => {
    const { world, session, say, log } = await connected();
    for (const text of ["a", "b", "c"]) say(text);
    await world.pass(1_000);
    const conversation = world.broker.conversation("ada"); // loses quietly: no line is cut
    conversation.entries.splice(1);
    for (const sent of conversation.lineages.values()) sent.splice(1);
    say("d");
    await world.pass(10_000);
    assert.deepEqual(log(), ["a", "b", "c", "d"]);
    session.connection.stop();
});

test("no more than the window is in the air", async () => {
    const { world, session, say, log } = await connected();
    world.delay = () => 200;
    for (let i = 0; i < 100; i++) say(String(i));
    assert.equal(world.sent.filter((frame) => frame.type === "send").length, 64);
    await world.pass(5_000);
    assert.equal(log().length, 100);
    session.connection.stop();
});

test("after a limit the first word alone tries again, and the next one follows its ack", async () => {
    const { world, session, say, log } = await connected();
    refuse(world, () => true, { code: "rate_limited", retry: "later", retry_after_ms: 5_000 }, 64);
    for (let i = 0; i < 64; i++) say(String(i));
    await world.pass(1_000);
    world.delay = () => 100; // 200 there and back
    const sends = (): any[] => world.sent.filter((frame) => frame.type === "send");
    const since = sends().length;
    assert.equal(since, 64);
    await world.pass(4_150);
    for (const ns of [[1], [1, 2], [1, 2, 3]]) {
        assert.deepEqual(sends().slice(since).map((frame) => frame.n), ns);
        await world.pass(200);
    }
    await world.pass(61 * 200);
    assert.equal(log().length, 64);
    for (let i = 0; i < 3; i++) say("more");
    assert.equal(sends().length - since, 64 + 3, "who was not refused does not wait");
    session.connection.stop();
});

test("a row of words under a limit is refused once for each that is taken, and no more", async () => {
    const { world, session, say, log } = await connected();
    let refusals = 0, from = world.time;
    world.broker.refuse = () => { // ten at once, then one each 600 ms: a hundred a minute
        const left = 10 + (world.time - from) / 600 - log().length;
        if (left >= 1) return null;
        refusals++;
        return { code: "rate_limited", retry: "later", retry_after_ms: Math.ceil((1 - left) * 600) };
    };
    for (let i = 0; i < 64; i++) say(String(i));
    await world.pass(60_000);
    assert.deepEqual(log(), Array.from({ length: 64 }, (_, i) => String(i)));
    assert.ok(refusals <= 54 + 54, `${refusals} refusals`);
    session.connection.stop();
});
