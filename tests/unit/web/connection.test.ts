// SPDX-License-Identifier: Apache-2.0
// The connection's states: when it comes back, how soon, and with what proof.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Session } from "../../../broker/web/client/index.ts";
import { World } from "./world.ts";

function customer(world: World, token: () => Promise<string> = async () => "token.ada") {
    return new Session({ url: "ws://x/v1/socket", token, client: { name: "test", version: "1" }, role: "customer", environment: world });
}
const hellos = (world: World) => world.sent.filter((frame) => frame.type === "hello");

test("comes up with a token, comes back with the ticket", async () => {
    const world = new World();
    let asked = 0;
    const session = customer(world, async () => (asked++, "token.ada"));
    session.connection.start();
    await world.pass(1_000);
    assert.equal(session.connection.state, "connected");
    world.broker.cut();
    await world.pass(3_000);
    assert.equal(session.connection.state, "connected");
    assert.equal(asked, 1);
    assert.match(hellos(world)[1].ticket, /^ticket\.ada/);
    session.connection.stop();
});

test("4401 asks for a new token", async () => {
    const world = new World();
    let asked = 0;
    const session = customer(world, async () => (asked++, "token.ada"));
    session.connection.start();
    await world.pass(1_000);
    world.broker.cut(4401);
    await world.pass(3_000);
    assert.equal(session.connection.state, "connected");
    assert.equal(asked, 2);
    session.connection.stop();
});

test("a close that allows no return is final until somebody starts it again", async () => {
    const world = new World();
    const session = customer(world);
    session.connection.start();
    await world.pass(1_000);
    world.broker.cut(4403);
    await world.pass(60_000);
    assert.equal(session.connection.state, "disconnected");
    assert.equal(session.connection.ended, true);
    assert.equal(hellos(world).length, 1);
    session.connection.start();
    await world.pass(1_000);
    assert.equal(session.connection.state, "connected");
    session.connection.stop();
});

test("bye names the earliest return, and waking does not come before it", async () => {
    const world = new World();
    const session = customer(world);
    session.connection.start();
    await world.pass(1_000);
    for (const line of world.broker.lines) line.send({ type: "bye", reason: "draining", retry_after_ms: 4_000 });
    await world.pass(100);
    world.broker.cut(1001);
    await world.pass(200);
    session.connection.wake();
    await world.pass(3_000);
    assert.equal(session.connection.state, "disconnected");
    await world.pass(2_000);
    assert.equal(session.connection.state, "connected");
    session.connection.stop();
});

test("backs off with full jitter, and a wake-up ends the wait", async () => {
    const world = new World();
    const session = customer(world);
    world.refuses = true;
    const tries: number[] = [];
    session.on(() => session.connection.state === "connecting" && tries.push(world.time));
    session.connection.start();
    await world.pass(120_000);
    assert.ok(tries.length > 8 && tries.length < 60, `${tries.length} tries in two minutes`);
    world.refuses = false;
    session.connection.wake();
    await world.pass(300);
    assert.equal(session.connection.state, "connected");
    session.connection.stop();
});

test("a line that went silent is found dead", async () => {
    const world = new World();
    const session = customer(world);
    session.connection.start();
    await world.pass(1_000);
    for (const wire of world.sockets) wire.deaf = true;
    await world.pass(40_000);
    assert.equal(session.connection.state, "connected");
    assert.equal(hellos(world).length, 2);
    session.connection.stop();
});

test("a hello that the store could not answer is said again on the same socket", async () => {
    const world = new World();
    Object.assign(world, { random: () => 0.999 });
    let refusals = 4;
    world.disturb = (frame) => (frame.type === "welcome" && refusals-- > 0
        ? [{ type: "error", id: frame.id, code: "store_unavailable", message: "", retry: "same", retry_after_ms: 250 }] : [frame]);
    const session = customer(world);
    session.connection.start();
    await world.pass(1_000 + 4 * 250);
    assert.equal(session.connection.state, "connected");
    assert.equal(hellos(world).length, 5);
    assert.equal(world.sockets.size, 1);
    session.connection.stop();
});

test("nothing is sent to a socket that is closing: what is asked then is refused at once", async () => {
    const world = new World();
    world.closing = 500;
    const session = customer(world);
    session.connection.start();
    await world.pass(1_000);
    world.broker.cut();
    assert.equal(session.connection.state, "connected");
    assert.equal(session.connection.send({ type: "ping", id: "9" }), false);
    await assert.rejects(session.connection.request({ type: "ping" }), { code: "disconnected", retry: "same" });
    await world.pass(3_000);
    assert.equal(hellos(world).length, 2);
    assert.equal(session.connection.state, "connected");
    session.connection.stop();
});

test("a refused hello is not said again to a socket that is closing", async () => {
    const world = new World();
    world.closing = 500;
    let refusals = 1;
    world.disturb = (frame) => (frame.type === "welcome" && refusals-- > 0
        ? [{ type: "error", id: frame.id, code: "store_unavailable", message: "", retry: "same", retry_after_ms: 250 }] : [frame]);
    const session = customer(world);
    session.connection.start();
    await world.pass(200);
    assert.equal(hellos(world).length, 1);
    world.broker.cut();
    await world.pass(3_000);
    assert.equal(hellos(world).length, 2);
    assert.equal(session.connection.state, "connected");
    session.connection.stop();
});

test("after a sleep the line is tried at once", async () => {
    const world = new World();
    const session = customer(world);
    session.connection.start();
    await world.pass(1_000);
    world.sleep(3_600_000);
    await world.pass(4_000);
    assert.equal(session.connection.state, "connected");
    assert.equal(hellos(world).length, 2);
    session.connection.stop();
});

test("a token that cannot be had is asked for again", async () => {
    const world = new World();
    let asked = 0;
    const session = customer(world, async () => {
        if (++asked < 3) throw new Error("the brand's server is away");
        return "token.ada";
    });
    session.connection.start();
    await world.pass(10_000);
    assert.equal(session.connection.state, "connected");
    session.connection.stop();
});

test("a second of life starts the backoff anew, less does not", async () => {
    const world = new World();
    Object.assign(world, { random: () => 0.999 }); // the longest wait
    const session = customer(world);
    session.connection.start();
    await world.pass(2_000);
    for (let times = 0; times < 6; times++) {
        world.broker.cut();
        await world.pass(800);
        assert.equal(session.connection.state, "connected", "cut for the " + (times + 1) + ". time");
        await world.pass(1_000);
    }
    world.broker.cut();
    await world.pass(800);
    world.broker.cut(); // it has just come up
    await world.pass(700);
    assert.notEqual(session.connection.state, "connected");
    await world.pass(400);
    assert.equal(session.connection.state, "connected");
    session.connection.stop();
});
