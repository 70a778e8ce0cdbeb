// SPDX-License-Identifier: Apache-2.0
// Those who read too slowly, ask too much, or are no longer there: each is cut with a close that says how to go on, and
// nobody loses anything by it.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { contactToken } from "../../../docs/reference/examples/token.mjs";
import { Client } from "../../../docs/reference/examples/weft.mjs";
import { RawSocket } from "../../lib/raw_socket.mjs";
import { until } from "../../lib/redis_fleet.mjs";
import { startWeftd } from "../../lib/weftd.mjs";

const running = [];

after(async () => {
    for (const weftd of running) await weftd.stop();
});

async function start(settings) {
    const weftd = await startWeftd({ bots: [], ...settings });
    running.push(weftd);
    const { tenant, signing_secret: secret } = await weftd.admin("POST", "/v1/admin/tenants", { name: "Pressure" });
    const token = (reference) => contactToken(secret, tenant, reference);
    const enter = async (reference, hello = {}) => {
        const socket = await RawSocket.open(weftd.wsUrl);
        const welcome = await socket.hello({ token: token(reference), ...hello });
        return { socket, welcome };
    };
    return { weftd, enter, token };
}

const entriesOf = (socket) => socket.messages.filter(({ type }) => type === "entry");
const numbersOf = (entries) => entries.flatMap(({ parts }) => parts).filter(({ kind, n }) => kind === "message" && n).map(({ n }) => n);

test("who reads too slowly is cut with 4413, and resumes without a gap", { timeout: 600_000 }, async () => {
    const { weftd, enter } = await start({ limits: { messages_per_min: 1_000_000 } });
    const { socket: fast, welcome } = await enter("crm-1");
    const { socket: slow } = await enter("crm-1");
    const { lineage, conversation } = welcome;
    slow.wire.pause(); // the kernel takes a little for it, then its ring, and then no more
    const text = "x".repeat(8000);
    let n = 0;
    const sayMore = () => {
        for (let i = 0; i < 32; i++) fast.send({ type: "send", id: `s${++n}`, lineage, n, body: { kind: "text", text } });
        return fast.next(({ type, id }) => type === "ack" && id === `s${n}`);
    };
    while (!weftd.hasTold("session.slow")) {
        assert.ok(n < 4000, "it was never found slow");
        await sayMore();
    }
    slow.wire.resume();
    assert.equal(await slow.ended, 4413);
    const held = entriesOf(slow);
    assert.ok(numbersOf(held).length < n, "it was cut before it had all");

    for (let i = 0; i < 6; i++) await sayMore(); // more than the ring of a connection holds, to come back to

    const { socket: again } = await enter("crm-1", { cursors: [{ conversation, at: held.at(-1).at }] });
    await again.next(({ type, parts }) => type === "entry" && parts.some((part) => part.n === n));
    assert.deepEqual(numbersOf([...held, ...entriesOf(again)]), Array.from({ length: n }, (_, i) => i + 1));
    assert.ok(![...slow.messages, ...again.messages].some(({ type }) => type === "reset"));
    fast.destroy();
    again.destroy();
});

test("who never heeds a limit is sent away with 4429, and others notice nothing", { timeout: 600_000 }, async () => {
    const { enter } = await start({ limits: { messages_per_min: 1 } }); // one request in 7.5 s is let through, however slow the machine
    const { socket: rude } = await enter("crm-1");
    const { socket: kind, welcome } = await enter("crm-2");
    for (let i = 0; i < 1500; i++) rude.send({ type: "history", id: `h${i}`, limit: 1 });
    kind.send({ type: "send", id: "s1", lineage: welcome.lineage, n: 1, body: { kind: "text", text: "hello" } });
    assert.equal((await kind.next(({ id }) => id === "s1")).type, "ack");
    const refused = await rude.next(({ code }) => code === "rate_limited");
    assert.ok(refused.retry === "later" && refused.retry_after_ms > 0, JSON.stringify(refused));
    assert.ok((await rude.next(({ type }) => type === "bye")).retry_after_ms > 0);
    assert.equal(await rude.ended, 4429);
    assert.equal((await enter("crm-1")).welcome.type, "welcome");
    kind.destroy();
});

test("who heeds the limits says all of a long row, in order, and is refused once for each word at most", { timeout: 600_000 }, async () => {
    const { weftd, token } = await start({ limits: { messages_per_min: 60 } }); // so many at once, then one a second
    const client = new Client(weftd.wsUrl, async () => token("crm-1"));
    const { conversation } = await client.until("welcome");
    const words = Array.from({ length: 66 }, (_, i) => `word ${i}`);
    await Promise.all(words.map((word) => client.say(conversation, word)));
    const refusals = client.frames.filter(({ type }) => type === "error");
    assert.ok(refusals.length > 0 && refusals.length <= 2 * words.length, `${refusals.length} refusals`);
    assert.ok(refusals.every(({ code }) => ["rate_limited", "too_many_unacked"].includes(code)), JSON.stringify(refusals[0]));
    await client.until("entry", ({ parts }) => parts.some(({ body }) => body?.text === words.at(-1)));
    const said = client.held.get(conversation).flatMap(({ parts }) => parts).filter(({ n }) => n).map(({ body }) => body.text);
    assert.deepEqual(said, words);
    assert.ok(!client.frames.some(({ type }) => type === "bye"));
    client.stop();
});

test("a socket that went silent is given up, and welcome says after how long", { timeout: 600_000 }, async () => {
    const { weftd, enter } = await start({ timeouts: { ping_ms: 500, dead_ms: 3000 }, log: { level: "debug" } });
    const { socket: gone, welcome } = await enter("crm-1");
    const { socket: here } = await enter("crm-2");
    assert.deepEqual([welcome.limits.ping_ms, welcome.limits.dead_ms], [500, 3000]);
    gone.wire.pause(); // as behind a line that was cut: nothing comes back, and nobody hangs up
    await until("it is taken for dead", () => weftd.hasTold("why=silent"));
    gone.wire.resume();
    assert.equal(await gone.ended, 1006);
    here.send({ type: "ping", id: "p" });
    await here.next(({ type }) => type === "pong");
    here.destroy();
});

test("one connection too many is told when to come back", { timeout: 600_000 }, async () => {
    const { weftd } = await start({ limits: { connections_max: 8, connections_per_ip_max: 8 } });
    const taken = [];
    let refused;
    do taken.push(refused = await RawSocket.open(weftd.wsUrl));
    while (refused.status === 101);
    assert.ok(taken.length > 2 && taken.length <= 9, `${taken.length}`);
    assert.ok([429, 503].includes(refused.status), refused.head);
    assert.match(refused.head, /Retry-After: [1-9]/);
    taken[0].destroy();
    await taken[0].ended;
    const next = await until("there is room again", async () => {
        const socket = await RawSocket.open(weftd.wsUrl);
        return socket.status === 101 ? socket : void socket.destroy();
    });
    for (const socket of [...taken, next]) socket.destroy();
});
