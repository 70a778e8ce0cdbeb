// SPDX-License-Identifier: Apache-2.0
// Several nodes behind one port: whoever is on one hears what is said on another, once and in order, and when a node is
// killed nobody loses a word.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { contactToken } from "../../../docs/reference/examples/token.mjs";
import { Client } from "../../../docs/reference/examples/weft.mjs";
import { enterWhere as enterSession, hasText, say } from "../../lib/session.mjs";
import { startWeftd } from "../../lib/weftd.mjs";

const PROCESSES = 3;
let weftd, tenant, secret;

before(async () => {
    weftd = await startWeftd({ bots: [], processes: PROCESSES, limits: { connections_per_ip_max: 1000, sessions_per_min_per_ip: 10000 } });
});
beforeEach(async () => { // nobody waits in another test's queue
    ({ tenant, signing_secret: secret } = await weftd.admin("POST", "/v1/admin/tenants", { name: "Own" }));
});
after(() => weftd?.stop());

async function door(path, body) {
    const answer = await fetch(weftd.url + path, { method: "POST", body: JSON.stringify(body) });
    return answer.json();
}

const enterWhere = (token, fits) => enterSession(weftd.wsUrl, token, fits);
const enterElsewhere = (token, nodes = []) => enterWhere(token, (node) => !nodes.includes(node));

const known = (reference) => contactToken(secret, tenant, reference, "Ada");

test("up.json names the pids of all nodes", () => {
    assert.equal(weftd.up.nodes.length, PROCESSES);
    assert.equal(new Set(weftd.up.nodes).size, PROCESSES);
    assert.equal(weftd.up.nodes[0], weftd.up.pids.weftd);
});

test("devices on all nodes hear every word once, in one order, and each other's typing and reading", async () => {
    const devices = [], nodes = [];
    for (let i = 0; i < PROCESSES; i++) {
        devices.push(await enterElsewhere(known("crm-1"), nodes));
        nodes.push(devices[i].welcome.node);
    }
    const said = [];
    for (let round = 0; round < 10; round++)
        await Promise.all(devices.map((device, i) => {
            said.push(`device ${i} round ${round}`);
            return say(device, said.at(-1));
        }));
    await Promise.all(devices.flatMap((device) => said.map((text) => device.until(hasText(text)))));
    for (const device of devices) {
        assert.deepEqual([...device.texts()].sort(), [...said].sort());
        assert.deepEqual(device.texts(), devices[0].texts());
    }
    const { at } = devices[0].frames.findLast(({ type }) => type === "entry");
    devices[0].put({ type: "receipt", read: at });
    for (const device of devices) device.leave();
});

// One who is handed an agent's chat on one node, then goes on from another.
async function handOver() {
    const { code } = await weftd.admin("POST", `/v1/admin/tenants/${tenant}/agents`, { name: "Anna" });
    const agent = await enterElsewhere((await door("/v1/agents/sessions", { code })).token);
    await agent.ask({ type: "set_presence", status: "online" });
    const token = known(`crm-${Math.random()}`);
    let customer = await enterWhere(token, (node) => node === agent.welcome.node);
    await say(customer, "Hi");
    const { offer } = await agent.until(({ type }) => type === "offer");
    await agent.ask({ type: "accept", offer });
    const { owner, conversation } = await agent.until(({ type }) => type === "assigned");
    customer.leave();
    customer = await enterElsewhere(token, [agent.welcome.node]);
    await customer.until(hasText("Hi"));
    return { agent, customer, more: { owner, conversation } };
}

test("a customer and an agent on two nodes: words, typing and receipts cross, a note does not", async () => {
    const { agent, customer, more } = await handOver();
    for (let i = 0; i < 10; i++) {
        await say(agent, `to the customer ${i}`, more);
        await say(customer, `to the agent ${i}`);
    }
    const last = await say(customer, "the last");
    await Promise.all([agent, customer].map((session) => session.until(hasText("the last"))));
    assert.deepEqual(agent.texts(), customer.texts());
    agent.put({ type: "typing", conversation: more.conversation, active: true });
    assert.equal((await customer.until(({ type }) => type === "typist")).who.kind, "agent");
    customer.put({ type: "typing", active: true });
    assert.equal((await agent.until(({ type }) => type === "typist")).who.kind, "customer");
    agent.put({ type: "receipt", conversation: more.conversation, read: last.at });
    await customer.until(({ type, read }) => type === "receipts" && parseInt(read ?? "0") === parseInt(last.at));
    await say(agent, "between us", { conversation: more.conversation, visibility: "internal" });
    await say(agent, "to all", more);
    await customer.until(hasText("to all"));
    assert.equal(JSON.stringify(customer.frames).includes("between us"), false);
    for (const session of [agent, customer]) session.leave();
});

test("an erased conversation is refused by each node, by those too that had it in memory", async () => {
    const device = await enterElsewhere(known("crm-3"));
    await say(device, "soon gone");
    const path = `/v1/admin/conversations/${device.welcome.conversation}`;
    const ask = () => weftd.admin("GET", `${path}/entries`);
    await Promise.all(Array.from({ length: 24 }, ask)); // each on a connection of its own, so on any node
    await weftd.admin("DELETE", path);
    await Promise.all(Array.from({ length: 24 }, () => assert.rejects(ask, /conversation_erased/)));
    device.leave();
});

test("when each node in turn is killed, nobody loses a word", { timeout: 600_000 }, async () => {
    const token = known("crm-2"), said = [], acks = [];
    const clients = [0, 1, 2, 3, 4, 5].map(() => new Client(weftd.wsUrl, async () => token));
    const conversation = (await clients[0].until("welcome")).conversation;
    await Promise.all(clients.map((client) => client.until("welcome")));
    const speak = (count) => {
        for (let i = 0; i < count; i++)
            clients.forEach((client, who) => {
                said.push(`${who} says ${said.length}`);
                acks.push(client.say(conversation, said.at(-1)));
            });
        return acks.at(-1);
    };
    // Who holds an entry comes back by its cursor, and is sent all after it; who holds none, the newest few.
    speak(1);
    await Promise.all(clients.map((client) => client.until("entry")));
    for (let i = 0; i < PROCESSES; i++) {
        const back = weftd.kill(i ? `weftd-${i}` : "weftd");
        speak(4);
        await back;
        await speak(4);
    }
    await Promise.all(acks);
    await Promise.all(clients.map((client) => said.reduce((before, text) => before.then(() =>
        client.until("entry", ({ parts }) => parts.some(({ body }) => body?.text === text))), Promise.resolve())));
    for (const client of clients) {
        const heard = client.held.get(conversation).flatMap(({ parts }) => parts).filter(({ body }) => body).map(({ body }) => body.text);
        assert.deepEqual([...heard].sort(), [...said].sort());
        client.stop();
    }
});

test("an agent that was made on one node may enter at any, at once", async () => {
    const { code } = await weftd.admin("POST", `/v1/admin/tenants/${tenant}/agents`, { name: "Ben" });
    const { token } = await door("/v1/agents/sessions", { code });
    const nodes = [];
    for (let i = 0; i < PROCESSES; i++) {
        const session = await enterElsewhere(token, nodes);
        nodes.push(session.welcome.node);
        session.leave();
    }
});

test("who is erased leaves every node", async () => {
    const devices = [], nodes = [];
    for (let i = 0; i < PROCESSES; i++) {
        devices.push(await enterElsewhere(known("crm-3"), nodes));
        nodes.push(devices[i].welcome.node);
    }
    await say(devices[0], "forget me");
    await weftd.admin("DELETE", `/v1/admin/conversations/${devices[0].welcome.conversation}`);
    for (const device of devices) assert.equal((await device.until(({ type }) => type === "closed")).code, 4403);
    const log = readFileSync(join(weftd.dataDir, "weftd.log"), "utf8");
    assert.equal(log.includes("check failed"), false);
});
