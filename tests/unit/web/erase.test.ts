// SPDX-License-Identifier: Apache-2.0
// An erased conversation on a customer's device: its words leave the screen and the browser's storage.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { eraseOwn, Session, browserLanes } from "../../../broker/web/client/index.ts";
import { World } from "./world.ts";

// A browser's storage: its keys are its own members. Locks: none, or those that a test gives.
class Storage {
    [key: string]: unknown;
    getItem(key: string): string | null { return (this[key] as string) ?? null; }
    setItem(key: string, value: string): void { this[key] = value; }
    removeItem(key: string): void { delete this[key]; }
}

let world: World;
let locks: object | undefined;
let token = "";
beforeEach(() => {
    world = new World();
    locks = undefined;
    token = "token.ada";
    define("localStorage", new Storage());
    define("navigator", { get locks() { return locks; } });
});

const define = (name: string, value: unknown) => Object.defineProperty(globalThis, name, { value, configurable: true });
const stored = (word: string): string[] => Object.keys(localStorage).filter((key) => localStorage.getItem(key)!.includes(word));
const say = (page: Session, text: string) => page.own!.say({ body: { kind: "text", text } });
const receipts = () => world.sent.filter((frame) => frame.type === "receipt");
const texts = () => world.sent.filter((frame) => frame.type === "send").map((frame) => frame.body.text);

// A page that does as the widget does: it forgets when it is told to.
async function visit(scope = ""): Promise<Session> {
    const page = new Session({
        url: "ws://x", token: async () => token, client: { name: "t", version: "1" }, role: "customer", environment: world, lanes: browserLanes(), scope,
    });
    page.on((frame) => { if (frame?.type === "error" && frame.code === "conversation_erased") eraseOwn(page); });
    page.connection.start();
    await world.pass(1_000);
    return page;
}

async function erased(): Promise<void> {
    world.broker.ended.set("ada", "conversation_erased");
    world.broker.cut();
    await world.pass(5_000);
}

test("no word of it stays, sent or not, and none is said in the next one", async () => {
    const page = await visit();
    say(page, "my secret");
    await world.pass(1_000);
    page.own!.read();
    await world.pass(1_000);
    assert.equal(receipts().at(-1)!.read, page.own!.state.at);
    world.refuses = true;
    world.broker.cut();
    await world.pass(1_000);
    say(page, "another secret");
    assert.equal(stored("secret").length, 1);
    world.refuses = false;
    await erased();
    assert.deepEqual([stored("secret"), page.own!.state.entries, page.own!.state.outbox.flatMap((lane) => lane.words)], [[], [], []]);
    token = "token.bea";
    page.connection.renew("over", true);
    page.connection.start();
    await world.pass(1_000);
    say(page, "anew");
    await world.pass(1_000);
    assert.deepEqual(texts(), ["my secret", "anew"]);
    assert.deepEqual([stored("secret"), stored("anew").length], [[], 1]);
    assert.deepEqual([receipts().at(-1)!.delivered, receipts().at(-1)!.read], [page.own!.state.at, undefined], "what was read of the old one is not told of the new one");
    page.connection.stop();
});

test("a send that is told so does not keep its word as a refused one", async () => {
    const page = await visit();
    world.broker.ended.set("ada", "conversation_erased");
    say(page, "my secret");
    await world.pass(1_000);
    assert.deepEqual([stored("secret"), page.own!.state.outbox.flatMap((lane) => lane.words)], [[], []]);
    page.connection.stop();
});

test("a page that was told before it was welcomed forgets what the pages before it, and other tabs, have written", async () => {
    const [before, tab] = [await visit(), await visit()];
    say(before, "my secret");
    say(tab, "its secret");
    await world.pass(1_000);
    const { scope } = before;
    before.connection.stop();
    tab.connection.stop();
    assert.equal(stored("secret").length, 2);
    world.broker.ended.set("ada", "conversation_erased");
    const page = await visit(scope);
    assert.deepEqual(stored("secret"), []);
    world.broker.ended.clear(); // the brand knows the contact: another conversation, under the same scope
    page.connection.renew("over", true);
    page.connection.start();
    await world.pass(1_000);
    assert.equal(page.scope, scope);
    say(page, "anew");
    await world.pass(1_000);
    assert.deepEqual([stored("secret"), stored("anew").length], [[], 1]);
    page.connection.stop();
});

test("lanes that are just being restored do not bring it back", async () => {
    const before = await visit();
    say(before, "my secret");
    await world.pass(1_000);
    const { scope } = before;
    before.connection.stop();
    localStorage.setItem(`weft:lane:${scope}:older`, localStorage.getItem(stored("secret")[0]!)!);
    const asked: (() => void)[] = [];
    locks = { request: (_key: string, _how: object, run: (lock: object) => unknown) => new Promise<void>((settled) => {
        asked.push(() => {
            void run({});
            settled();
        });
    }) };
    const page = await visit(scope);
    asked.shift()!(); // the first lane is read, the second is not yet
    await world.pass(0);
    await erased();
    while (asked.length) {
        asked.shift()!();
        await world.pass(0);
    }
    assert.deepEqual([stored("secret"), page.own!.state.outbox.flatMap((lane) => lane.words)], [[], []]);
    page.connection.stop();
});
