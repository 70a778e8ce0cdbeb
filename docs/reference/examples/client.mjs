// SPDX-License-Identifier: Apache-2.0
// A customer, a bot and an agent, written from protocol.md alone. They play the main story against a Weft that
// runs, in a tenant of their own, and end with 0 when everything came as the document says.
//   node client.mjs DATA/up.json
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { connect } from "./websocket.mjs";
import { contactToken } from "./token.mjs";

const up = JSON.parse(await readFile(process.argv[2], "utf8"));
const adminToken = (await readFile(up.admin_token_file, "utf8")).trim();

async function door(method, path, body, headers = {}) {
    const answer = await fetch(up.url + path, { method, headers, body: body && JSON.stringify(body) });
    const value = answer.status === 204 ? {} : await answer.json();
    if (!answer.ok) throw Object.assign(new Error(value.error.message), value.error);
    return value;
}
const admin = (method, path, body) => door(method, path, body, { Authorization: `Bearer ${adminToken}` });
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// One person or bot: one socket at a time, a cursor per conversation, an outbox.
class Client {
    held = new Map();    // conversation -> its entries, in order
    sent = [];           // { conversation, n, body, …, at? }: not acked, and the last acked ones (for healing)
    counts = new Map();  // conversation -> the last n of our lineage there
    waiting = new Map(); // request id -> [resolve, reject]
    hopes = [];          // [test, resolve]: frames that somebody waits for
    frames = [];
    attempt = 0;
    nextId = 0;

    constructor(token, hello = {}) {
        Object.assign(this, { token, helloMore: hello });
        this.open();
    }
    async open() {
        this.isOpen = false;
        const proof = this.ticket ? { ticket: this.ticket } : { token: await this.token() };
        const cursors = [...this.held].filter(([, entries]) => entries.length > 0)
            .map(([conversation, entries]) => ({ conversation, at: entries.at(-1).at }));
        this.socket = connect(up.ws_url, "weft.v1.json", {
            open: () => this.put({ type: "hello", id: "hello", ...proof, cursors, ...this.helloMore }),
            message: (text) => this.take(JSON.parse(text)),
            close: (code) => this.comeBack(code),
        });
    }
    comeBack(code) { // full jitter, and never before the server's own wish
        for (const [, reject] of this.waiting.values()) reject(new Error("the line broke"));
        this.waiting.clear();
        if (code === 4401) this.ticket = undefined;
        if (this.isOver || [1000, 1003, 1007, 1009, 4400, 4403].includes(code)) return;
        const jitter = Math.random() * Math.min(15_000, 400 * 2 ** this.attempt++);
        setTimeout(() => this.open(), (this.notBefore ?? 0) + jitter);
    }
    put(frame) { this.socket.send(JSON.stringify(frame)); }
    request(frame) {
        const id = String(++this.nextId);
        this.put({ ...frame, id });
        return new Promise((...both) => this.waiting.set(id, both));
    }
    async until(type, test = () => true) {
        return this.frames.find((frame) => frame.type === type && test(frame)) ??
            new Promise((resolve) => this.hopes.push([(frame) => frame.type === type && test(frame), resolve]));
    }

    // ---- what comes -------------------------------------------------------------------------------
    take(frame) {
        if (frame.type === "welcome") this.onWelcome(frame);
        else if (frame.type === "entry" && !this.onEntry(frame)) return;
        else if (frame.type === "reset") this.onReset(frame.conversation);
        else if (frame.type === "bye") this.notBefore = frame.retry_after_ms;
        else if (frame.type === "ack" && frame.lineage) this.settle(frame.conversation, frame.lineage, frame.n, frame.at);
        else if (frame.type === "error") this.onError(frame);
        const [resolve, reject] = this.waiting.get(frame.id) ?? [];
        this.waiting.delete(frame.id);
        if (frame.type === "error") reject?.(Object.assign(new Error(frame.message), frame));
        else resolve?.(frame);
        this.frames.push(frame);
        this.hopes = this.hopes.filter(([test, done]) => !(test(frame) && (done(frame), true)));
    }
    onWelcome(welcome) {
        this.lineage ??= welcome.lineage; // ours for as long as we live: later ones are not needed
        Object.assign(this, { ticket: welcome.ticket, isOpen: true, attempt: 0, notBefore: 0 });
        this.sendAgain((one) => !one.at);
    }
    onEntry(entry) { // false: a gap, or something that we hold
        if (!this.held.has(entry.conversation)) this.held.set(entry.conversation, []);
        const entries = this.held.get(entry.conversation), last = entries.at(-1);
        if (last && last.at !== entry.after) {
            if (parseInt(entry.at) > parseInt(last.at)) this.socket.break(); // resume by the cursor
            return false;
        }
        entries.push(entry);
        for (const part of entry.parts)
            if (part.lineage) this.settle(entry.conversation, part.lineage, part.n, entry.at);
        return true;
    }
    onReset(conversation) { // the log lost what we hold: begin anew, and put back what was ours
        this.held.set(conversation, []);
        this.sendAgain((one) => one.conversation === conversation);
    }
    onError({ id, retry, retry_after_ms = 500, resend_from }) {
        const one = this.sent.find((sent) => sent.id === id);
        if (!one) return;
        if (retry === "same" || retry === "later") setTimeout(() => this.isOpen && this.putSend(one), retry_after_ms);
        else if (retry === "resend") this.sendAgain((sent) => sent.conversation === one.conversation && sent.n >= resend_from);
        else this.drop(one);
    }

    // ---- what goes --------------------------------------------------------------------------------
    putSend(one) { this.put({ type: "send", lineage: this.lineage, ...one, at: undefined }); }
    sendAgain(which) { for (const one of this.sent.filter(which)) this.putSend(one); }
    say(conversation, text, more = {}) {
        const n = 1 + (this.counts.get(conversation) ?? 0);
        this.counts.set(conversation, n);
        const one = { id: `s${++this.nextId}`, conversation, n, body: { kind: "text", text }, ...more };
        this.sent.push(one);
        const acked = new Promise((...both) => { [one.done, one.failed] = both; });
        Object.defineProperties(one, { done: { enumerable: false }, failed: { enumerable: false } });
        if (this.isOpen) this.putSend(one);
        return acked;
    }
    settle(conversation, lineage, n, at) {
        const one = this.sent.find((sent) => lineage === this.lineage && sent.conversation === conversation && sent.n === n);
        if (one) one.at = at, one.done(at);
        const acked = this.sent.filter((sent) => sent.at);
        if (acked.length > 64) this.sent.splice(this.sent.indexOf(acked[0]), 1);
    }
    drop(one) { // refused for good: its number was not used, so the ones behind it move up
        this.sent = this.sent.filter((sent) => sent !== one);
        this.counts.set(one.conversation, this.counts.get(one.conversation) - 1);
        for (const later of this.sent) if (later.conversation === one.conversation && later.n > one.n) later.n--;
        one.failed(new Error("refused"));
    }
    stop() {
        this.isOver = true;
        this.socket.close();
    }
}
const words = (client, conversation) => client.held.get(conversation)
    .flatMap((entry) => entry.parts).filter((part) => part.body).map((part) => part.body.text);

// ---- a bot: asks for the order, then hands over --------------------------------------------------------
function startBot(key) {
    const bot = new Client(async () => key, { bot: { name: "robo", version: "1", credits: 4 } });
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
setTimeout(() => { console.error("no end after a minute"); process.exit(1); }, 60_000).unref();
const { tenant, signing_secret } = await admin("POST", "/v1/admin/tenants", { name: "Example", origins: [] });
const { key } = await admin("POST", `/v1/admin/tenants/${tenant}/keys`, { role: "bot", name: "robo" });
const { code } = await admin("POST", `/v1/admin/tenants/${tenant}/agents`,
    { name: "Anna", skills: [{ name: "parcels", level: 900 }], languages: ["en"], capacity: 2 });

const bot = startBot(key);
await bot.until("welcome");

let pass = await door("POST", "/v1/agents/sessions", { code }); // the code opens once, the renewal for 12 hours
const agent = new Client(async () => (pass = await door("POST", "/v1/agents/sessions", { renewal: pass.renewal })).token);
await agent.until("welcome");
await agent.request({ type: "set_presence", status: "online" });

const visit = await door("POST", "/v1/sessions", { tenant });
const customer = new Client(async () => (await door("POST", "/v1/sessions", { tenant, renewal: visit.renewal })).token);
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

const phone = new Client(async () => (await door("POST", "/v1/sessions", { tenant, renewal: visit.renewal })).token);
const { head } = await phone.until("welcome"); // another device, without a cursor
await phone.until("entry", (entry) => entry.at === head);
assert.deepEqual(words(phone, conversation), expected);
await phone.request({ type: "identify", token: contactToken(signing_secret, tenant, "crm-42", "Ada") });
const known = new Client(async () => contactToken(signing_secret, tenant, "crm-42", "Ada"));
assert.equal((await known.until("welcome")).conversation, conversation);

for (const one of [bot, agent, customer, phone, known]) one.stop();
await admin("DELETE", `/v1/admin/tenants/${tenant}`);
console.log("the story was played as written");
