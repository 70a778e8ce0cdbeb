// SPDX-License-Identifier: Apache-2.0
// Customer, bot and agent on three nodes, and each of these killed in turn: the queue moves on, who comes back in time
// keeps their chats, who stays away gives them up, and a turn goes to another worker.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";
import { contactToken } from "../../../docs/reference/examples/token.mjs";
import { enterWhere, hasText, say } from "../../lib/session.mjs";
import { GUIDE, startWeftd } from "../../lib/weftd.mjs";

let weftd, tenant, secret;

before(async () => {
    weftd = await startWeftd({ bots: [GUIDE], processes: 3, timeouts: { presence_grace_ms: 3000 },
        limits: { connections_per_ip_max: 1000, sessions_per_min_per_ip: 10000 } });
});
beforeEach(async () => { // nobody waits in another test's queue
    ({ tenant, signing_secret: secret } = await weftd.admin("POST", "/v1/admin/tenants", { name: "Own" }));
});
after(() => weftd?.stop());

const elsewhere = (token, nodes = [], more) => enterWhere(weftd.wsUrl, token, (node) => !nodes.includes(node), more);
const onNode = (token, node) => enterWhere(weftd.wsUrl, token, (found) => found === node);
const customerOn = (nodes, reference) => elsewhere(contactToken(secret, tenant, reference, "Ada"), nodes);
const nodeOf = (session) => session.welcome.node;

async function door(path, body) {
    const answer = await fetch(weftd.url + path, { method: "POST", body: JSON.stringify(body) });
    return answer.json();
}

async function makeAgent(name, of = tenant) {
    const { code } = await weftd.admin("POST", `/v1/admin/tenants/${of}/agents`, { name, capacity: 4 });
    return (await door("/v1/agents/sessions", { code })).token;
}

async function online(agent) {
    assert.equal((await agent.ask({ type: "set_presence", status: "online" })).type, "done");
    return agent;
}

const makeBotKey = async () => (await weftd.admin("POST", `/v1/admin/tenants/${tenant}/keys`, { role: "bot", name: "robo" })).key;
const worker = (key, nodes) => elsewhere(key, nodes, { bot: { name: "robo", version: "1", credits: 4 } });
const turnOf = (bot, text) => bot.until(({ type, input }) => type === "turn" && input.some(({ body }) => body.text === text));

// From the offer for what this customer said to an agent who owns the case: what goes with each send.
async function take(agent, conversation) {
    const { offer } = await agent.until((frame) => frame.type === "offer" && frame.conversation === conversation);
    assert.equal((await agent.ask({ type: "accept", offer })).type, "done");
    const { owner } = await agent.until((frame) => frame.type === "assigned" && frame.conversation === conversation);
    return { owner, conversation };
}

async function talk(agent, customer, more) {
    const [answer, reply] = [`answer ${Math.random()}`, `reply ${Math.random()}`];
    await say(agent, answer, more);
    await customer.until(hasText(answer));
    await say(customer, reply);
    await agent.until(hasText(reply));
}

// SIGKILL to the node; back: until another process is in its place.
function killNode(node) {
    return { back: weftd.kill(weftd.processOf(node)) };
}

// A page of the pool's log; a node that was not asked for this pool before says once or twice that it has not read it yet.
async function routingLog(from) {
    const authorization = `Bearer ${readFileSync(weftd.up.admin_token_file, "utf8").trim()}`;
    for (;;) {
        const answer = await fetch(`${weftd.url}/v1/admin/tenants/${tenant}/routing-log?from=${from}`, { headers: { authorization } });
        const text = await answer.text();
        if (answer.status === 503) continue;
        assert.equal(answer.status, 200, text);
        return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    }
}

// The node that routes this tenant's pool, as its log says: the beginning of its id.
async function leader() {
    const values = [];
    for (let lines = await routingLog(1); lines.length > 0; lines = await routingLog(parseInt(lines.at(-1).at, 10) + 1))
        values.push(...lines.flatMap(({ v }) => v));
    const id = values.findLast(({ k }) => k === 1).i.toString(16).padStart(13, "0");
    return weftd.nodes().find((node) => node.startsWith(id));
}

test("a bot, a customer and an agent on three nodes: handoff, offer, assigned, and both talk", async () => {
    const bot = await worker(await makeBotKey());
    const agent = await online(await elsewhere(await makeAgent("Anna"), [nodeOf(bot)]));
    const customer = await customerOn([nodeOf(bot), nodeOf(agent)], "crm-1");
    await say(customer, "Where is my parcel?");
    const { turn, conversation } = await turnOf(bot, "Where is my parcel?");
    const answer = await bot.ask({ type: "commit", conversation, turn, messages: [{ kind: "text", text: "A colleague takes over." }],
        handoff: { reason: "asked", summary: "A parcel is late." } });
    assert.equal(answer.type, "ack", JSON.stringify(answer));
    await customer.until(hasText("A colleague takes over."));
    const more = await take(agent, conversation);
    await talk(agent, customer, more);
    assert.deepEqual(agent.texts(), customer.texts());
    assert.equal((await agent.ask({ type: "close", ...more })).type, "done");
    await agent.until(({ type }) => type === "released");
    for (const session of [bot, agent, customer]) session.leave();
});

test("the shipped guide answers customers of every node, and hands over to an agent of any", async () => {
    const agent = await online(await elsewhere(await makeAgent("Anna", "demo")));
    const nodes = [];
    for (let i = 0; i < 3; i++) {
        const { token } = await door("/v1/sessions", { tenant: "demo" });
        const customer = await elsewhere(token, nodes);
        nodes.push(nodeOf(customer));
        await say(customer, "Talk to a person");
        const { conversation } = customer.welcome;
        await customer.until(({ type, author }) => type === "entry" && author.kind === "bot");
        await talk(agent, customer, await take(agent, conversation));
        customer.leave();
    }
    agent.leave();
});

test("the node that routes the pool is killed: the queue moves on", async (t) => {
    const token = await makeAgent("Anna");
    let agent = await online(await elsewhere(token));
    const first = await customerOn([], "crm-1");
    await say(first, "The first");
    await take(agent, first.welcome.conversation);
    const lead = await leader();
    if (nodeOf(agent) === lead) {
        agent.leave();
        agent = await elsewhere(token, [lead]);
    }
    const second = await customerOn([lead], "crm-2");
    const { back } = killNode(lead);
    const from = performance.now();
    await say(second, "The second");
    await agent.until(({ type, conversation }) => type === "offer" && conversation === second.welcome.conversation);
    t.diagnostic(`offered ${Math.round(performance.now() - from)} ms after the router was killed`); // the promise: 2 s; busy machines are slow
    await talk(agent, second, await take(agent, second.welcome.conversation));
    assert.notEqual(await leader(), lead);
    await back;
    for (const session of [agent, first, second]) session.leave();
});

test("agents' node is killed: who comes back elsewhere keeps the case, who stays away gives it up to another node", async () => {
    const token = await makeAgent("Anna");
    const anna = await online(await elsewhere(token));
    const home = nodeOf(anna);
    const hers = await customerOn([home], "crm-1");
    await say(hers, "For Anna");
    const more = await take(anna, hers.welcome.conversation);
    assert.equal((await anna.ask({ type: "set_presence", status: "away" })).type, "done");
    const ben = await online(await onNode(await makeAgent("Ben"), home));
    const his = await customerOn([home], "crm-2");
    await say(his, "For Ben");
    await talk(ben, his, await take(ben, his.welcome.conversation));

    const { back } = killNode(home);
    const again = await online(await elsewhere(token, [home]));
    assert.equal((await again.until(({ type }) => type === "assigned")).owner, more.owner);
    await talk(again, his, await take(again, his.welcome.conversation)); // nobody came back for it
    assert.ok(again.texts().includes("For Ben"));
    assert.deepEqual(again.frames.filter(({ type }) => type === "released"), []);
    await talk(again, hers, more);
    await back;
    for (const session of [again, hers, his]) session.leave();
});

test("a bot's node is killed during a turn: another worker gets it; without another, people do", async () => {
    const key = await makeBotKey();
    const first = await worker(key);
    const customer = await customerOn([nodeOf(first)], "crm-1");
    await say(customer, "Hello?");
    const { conversation } = await turnOf(first, "Hello?");
    const second = await worker(key, [nodeOf(first)]);
    await killNode(nodeOf(first)).back;
    const { turn } = await turnOf(second, "Hello?");
    const answer = await second.ask({ type: "commit", conversation, turn, messages: [{ kind: "text", text: "I am another." }] });
    assert.equal(answer.type, "ack", JSON.stringify(answer));
    await customer.until(hasText("I am another."));

    customer.leave();
    const again = await customerOn([nodeOf(second)], "crm-1");
    await say(again, "And now?");
    await turnOf(second, "And now?");
    const { back } = killNode(nodeOf(second));
    await again.until(({ type, parts }) => type === "entry" && parts.some(({ kind }) => kind === "queued"));
    const agent = await online(await elsewhere(await makeAgent("Anna")));
    await talk(agent, again, await take(agent, conversation));
    await back;
    for (const session of [agent, again]) session.leave();
});
