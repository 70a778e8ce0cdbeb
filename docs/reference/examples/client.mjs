// SPDX-License-Identifier: Apache-2.0
// A customer, a bot and an agent. They play the main story against a Weft that
// runs, in a tenant of their own, and end with 0 when everything came as the document says.
//   node client.mjs DATA/up.json
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { contactToken } from "./token.mjs";
import { Client } from "./weft.mjs";

const up = JSON.parse(await readFile(process.argv[2], "utf8"));
const adminToken = (await readFile(up.admin_token_file, "utf8")).trim();

async function door(method, path, body, headers = {}) {
    const answer = await fetch(up.url + path, { method, headers, body: body && JSON.stringify(body) });
    const value = answer.status === 204 ? {} : await answer.json();
    if (!answer.ok) throw Object.assign(new Error(value.error.message), value.error);
    return value;
}
const admin = (method, path, body) => door(method, path, body, { Authorization: `Bearer ${adminToken}` });
const words = (client, conversation) => client.held.get(conversation)
    .flatMap((entry) => entry.parts).filter((part) => part.body).map((part) => part.body.text);

// ---- a bot: asks for the order, then hands over --------------------------------------------------------
function startBot(key) {
    const bot = new Client(up.ws_url, async () => key, { bot: { name: "robo", version: "1", credits: 4 } });
    const take = bot.take.bind(bot);
    bot.take = (frame) => { take(frame); if (frame.type === "turn") answer(frame); };
    function answer({ turn, conversation, input }) {
        const order = input.at(-1)?.body.text.match(/\d{4}/)?.[0];
        const commit = { type: "commit", conversation, turn };
        if (!order) return bot.request({ ...commit, messages: [{ kind: "text", text: "Which order is it?" }] });
        return bot.request({ ...commit, messages: [{ kind: "text", text: "A colleague takes over." }],
            state: [{ name: "order", value: order }],
            handoff: { reason: "asked", summary: `Order ${order} is late.`, skills: [{ name: "parcels", must: true }],
                slots: [{ name: "order", value: order }] } });
    }
    return bot;
}

// ---- the story -----------------------------------------------------------------------------------------
const late = setTimeout(() => assert.fail("no end after a minute"), 60_000);
const { tenant, signing_secret } = await admin("POST", "/v1/admin/tenants", { name: "Example", origins: [] });
const { key } = await admin("POST", `/v1/admin/tenants/${tenant}/keys`, { role: "bot", name: "robo" });
const { code } = await admin("POST", `/v1/admin/tenants/${tenant}/agents`,
    { name: "Anna", skills: [{ name: "parcels", level: 900 }], languages: ["en"], capacity: 2 });

const bot = startBot(key);
await bot.until("welcome");

let pass = await door("POST", "/v1/agents/sessions", { code }); // the code opens once, the renewal for 12 hours
const agent = new Client(up.ws_url, async () => (pass = await door("POST", "/v1/agents/sessions", { renewal: pass.renewal })).token);
await agent.until("welcome");
await agent.request({ type: "set_presence", status: "online" });

const visit = await door("POST", "/v1/sessions", { tenant });
const customer = new Client(up.ws_url, async () => (await door("POST", "/v1/sessions", { tenant, renewal: visit.renewal })).token);
await customer.until("welcome");
const { conversation } = visit;

await customer.say(conversation, "My parcel is late.");
await customer.until("entry", (entry) => entry.author.kind === "bot");
customer.socket.break();                                    // a tunnel …
await customer.say(conversation, "It is order 4711.");      // … and the words wait in the outbox
const offer = await agent.until("offer");
assert.deepEqual(offer.handoff.slots, [{ name: "order", value: "4711" }]);
await agent.request({ type: "accept", offer: offer.offer });
const { owner } = await agent.until("assigned");
await agent.say(conversation, "Hello, Anna here. It is in Lyon.", { owner });
await agent.say(conversation, "Third late parcel this week.", { visibility: "internal" });
await assert.rejects(agent.say(conversation, "An old hand.", { owner: "1-0000000000000000" })); // fenced
await agent.say(conversation, "It arrives tomorrow.", { owner });
await agent.request({ type: "close", conversation, owner });
await agent.until("released");
await customer.until("entry", (entry) => entry.parts.some((part) => part.kind === "case_closed"));

const expected = ["My parcel is late.", "Which order is it?", "It is order 4711.", "A colleague takes over.",
    "Hello, Anna here. It is in Lyon.", "It arrives tomorrow."];
assert.deepEqual(words(customer, conversation), expected);
assert.equal(customer.frames.filter((frame) => frame.type === "welcome").length, 2);

const phone = new Client(up.ws_url, async () => (await door("POST", "/v1/sessions", { tenant, renewal: visit.renewal })).token);
const { head } = await phone.until("welcome"); // another device, without a cursor
await phone.until("entry", (entry) => entry.at === head);
assert.deepEqual(words(phone, conversation), expected);
await phone.request({ type: "identify", token: contactToken(signing_secret, tenant, "crm-42", "Ada") });
const known = new Client(up.ws_url, async () => contactToken(signing_secret, tenant, "crm-42", "Ada"));
assert.equal((await known.until("welcome")).conversation, conversation);

for (const one of [bot, agent, customer, phone, known]) one.stop();
await admin("DELETE", `/v1/admin/tenants/${tenant}`);
clearTimeout(late);
console.log("the story was played as written");
