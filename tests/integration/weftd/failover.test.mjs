// SPDX-License-Identifier: Apache-2.0
// A weftd on Redis servers that fail over: what was acknowledged with replicas stays; what a failover takes back without
// them is announced to everybody, and put back by those who said it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { contactToken } from "../../../docs/reference/examples/token.mjs";
import { RawSocket } from "../../lib/raw_socket.mjs";
import { startFleet, until } from "../../lib/redis_fleet.mjs";
import { startWeftd, WEFT } from "../../lib/weftd.mjs";

const running = [];

after(async () => {
    for (const thing of running.reverse()) await thing.stop();
});

async function start(groups, settings) {
    const fleet = await startFleet(groups);
    running.push(fleet);
    const weftd = await startWeftd({ bots: [], ...settings(fleet) });
    running.push(weftd);
    const { tenant, signing_secret: secret } = await weftd.admin("POST", "/v1/admin/tenants", { name: "Failover" });
    const enter = async (reference, hello = {}) => {
        const socket = await RawSocket.open(weftd.wsUrl);
        return { socket, welcome: await socket.hello({ token: contactToken(secret, tenant, reference), ...hello }) };
    };
    return { fleet, weftd, enter };
}

let requests = 0;

// One attempt: an ack, or an error.
function say(socket, lineage, n) {
    const id = `s${++requests}`;
    socket.send({ type: "send", id, lineage, n, body: { kind: "text", text: `message ${n}` } });
    return socket.next((message) => message.id === id);
}

// As clients do: the same again, for as long as that is the advice.
const sayUntilAcked = (socket, lineage, n) => until(`an ack of ${n}`, async () => {
    const answer = await say(socket, lineage, n);
    if (answer.type === "ack") return answer;
    assert.deepEqual([answer.code, answer.retry], ["store_unavailable", "same"], JSON.stringify(answer));
    await pause(answer.retry_after_ms);
});

async function texts(weftd, conversation) {
    const { entries } = await weftd.admin("GET", `/v1/admin/conversations/${conversation}/entries`);
    return entries.flatMap(({ parts }) => parts).filter(({ kind, n }) => kind === "message" && n).map(({ body }) => body.text);
}

const doctor = (weftd) => new Promise((done) =>
    execFile(WEFT, ["doctor", "--config", weftd.configPath, "--json"], (error, out) => done({ code: error?.code ?? 0, findings: JSON.parse(out) })));

test("with replicas an ack survives the master, killed or stopped", { timeout: 600_000 }, async () => {
    const { fleet, weftd, enter } = await start({ log: 1, keys: 1 }, (made) => ({
        durability: "always", replicas: 1, redis: { log: made.settings("log"), keys: made.settings("keys") } }));
    const [first, second] = fleet.groups.log.servers;
    const { socket, welcome } = await enter("crm-1");
    assert.equal(welcome.durability, "replicated");
    const { lineage, conversation } = welcome;
    await sayUntilAcked(socket, lineage, 1);

    const well = await doctor(weftd);
    assert.equal(well.code, 0, JSON.stringify(well.findings.filter(({ grade }) => grade === "fail")));
    assert.ok(well.findings.some(({ about, text }) => about === "redis log" && text === "all of the 1 replicas are there"));
    assert.ok(well.findings.some(({ about, text, grade }) => about === "redis keys" && text.includes("min-replicas-to-write 0") && grade === "warn"));

    second.freeze(); // the replica is silent: nothing is acknowledged, and nothing is forgotten
    const held = await say(socket, lineage, 2);
    assert.deepEqual([held.code, held.retry], ["store_unavailable", "same"], JSON.stringify(held));
    assert.equal(socket.messages.filter(({ type, parts }) => type === "entry" && parts.some(({ n }) => n === 2)).length, 0);
    second.thaw();
    const at2 = await sayUntilAcked(socket, lineage, 2);

    first.freeze(); // and the keys' master dies at the same time
    await fleet.groups.keys.servers[0].kill();
    const lonely = await fleet.failedOver("log", first);
    assert.equal(lonely, second);
    await fleet.failedOver("keys", fleet.groups.keys.servers[0]);
    const alone = await say(socket, lineage, 3); // nobody could take its place: no ack
    assert.equal(alone.retry, "same", JSON.stringify(alone));
    assert.equal((await doctor(weftd)).code, 1);
    first.thaw(); // comes back as a replica
    await fleet.groups.keys.servers[0].start();
    await sayUntilAcked(socket, lineage, 3);
    assert.equal((await sayUntilAcked(socket, lineage, 2)).at, at2.at);
    const newcomer = await until("a newcomer, with a key of their own", async () => { // from the keys' new master
        const entered = await enter("crm-2");
        return entered.welcome.type === "welcome" ? entered : void entered.socket.destroy();
    });
    await sayUntilAcked(newcomer.socket, newcomer.welcome.lineage, 1);
    newcomer.socket.destroy();
    assert.deepEqual(await texts(weftd, conversation), ["message 1", "message 2", "message 3"]);
    assert.equal(socket.messages.filter(({ type }) => type === "reset").length, 0);
    socket.destroy();
});

test("what a failover takes back is announced, and is put back", { timeout: 600_000 }, async () => {
    const { fleet, weftd, enter } = await start({ log: 1 }, (made) => ({ durability: "always", redis: { log: made.settings("log") } }));
    const [first] = fleet.groups.log.servers;
    const { socket: phone, welcome } = await enter("crm-1");
    const { socket: laptop, welcome: other } = await enter("crm-1");
    const { lineage, conversation } = welcome;
    assert.equal(other.conversation, conversation);
    await sayUntilAcked(phone, lineage, 1);
    await until("the replica has it", async () => {
        const info = await first.ask("INFO", "replication");
        return info.match(/,offset=(\d+)/)?.[1] === info.match(/master_repl_offset:(\d+)/)[1];
    });

    // From now on the master has no replica, and does not mind.
    await first.ask("ACL", "SETUSER", "default", "-psync", "-sync");
    await first.ask("CLIENT", "KILL", "TYPE", "replica");
    const lost = await sayUntilAcked(phone, lineage, 2);
    await laptop.next(({ type, at }) => type === "entry" && at === lost.at);
    await phone.next(({ type, at }) => type === "entry" && at === lost.at);
    const { socket: tablet } = await enter("crm-1");
    await tablet.next(({ type, at }) => type === "entry" && at === lost.at);
    tablet.destroy(); // sees the failover from outside
    await first.kill();
    await fleet.failedOver("log", first);

    for (const socket of [phone, laptop]) {
        const reset = await socket.next(({ type }) => type === "reset");
        assert.deepEqual([reset.conversation, reset.reason], [conversation, "lost_suffix"]);
    }
    const { socket: again } = await enter("crm-1", { cursors: [{ conversation, at: lost.at }] });
    assert.equal((await again.next(({ type }) => type === "reset")).reason, "lost_suffix");

    const since = (socket) => socket.messages.slice(socket.messages.findIndex(({ type }) => type === "reset"));
    const healed = await sayUntilAcked(phone, lineage, 2); // what the phone keeps of what it was acked
    assert.notEqual(healed.at, lost.at);
    for (const socket of [phone, laptop, again]) {
        await socket.next(({ type, at }) => type === "entry" && at === healed.at);
        const places = since(socket).filter(({ type }) => type === "entry").map(({ at }) => at);
        assert.deepEqual(places, [...new Set(places)]);
        assert.ok(!places.includes(lost.at), JSON.stringify(places));
        const said = since(socket).flatMap(({ parts = [] }) => parts).filter(({ kind, n }) => kind === "message" && n);
        assert.deepEqual(said.map(({ n }) => n), [1, 2]);
        socket.destroy();
    }
    assert.deepEqual(await texts(weftd, conversation), ["message 1", "message 2"]);
});
