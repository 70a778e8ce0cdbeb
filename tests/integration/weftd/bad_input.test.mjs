// SPDX-License-Identifier: Apache-2.0
// Everything that a client can get wrong, as a table: each has its error code and its close code, weftd lives on, and
// nothing of what was sent gets into its log.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { contactToken } from "../../../docs/reference/examples/token.mjs";
import { RawSocket } from "../../lib/raw_socket.mjs";
import { startWeftd } from "../../lib/weftd.mjs";

const CANARY = "canary-7f31c0de"; // in every text that is sent
const NOBODY = null;
let weftd, shop, rival, token, agentToken, botKey, ours, theirs, rivals;

async function door(path, body) {
    const answer = await fetch(weftd.url + path, { method: "POST", body: JSON.stringify(body) });
    return { status: answer.status, ...(await answer.json()) };
}

async function speakAs(credential) {
    const socket = await RawSocket.open(weftd.wsUrl);
    const welcome = await socket.hello(credential);
    assert.equal(welcome.type, "welcome", JSON.stringify(welcome));
    return Object.assign(socket, { welcome });
}

function at(ms, make) { // what `make` gives at another time of day
    const real = Date.now;
    Date.now = () => real() + ms;
    try {
        return make();
    } finally {
        Date.now = real;
    }
}

before(async () => {
    weftd = await startWeftd({ bots: [] });
    shop = await weftd.admin("POST", "/v1/admin/tenants", { name: "Shop", origins: ["https://shop.example"] });
    rival = await weftd.admin("POST", "/v1/admin/tenants", { name: "Rival", origins: ["https://rival.example"] });
    const { code } = await weftd.admin("POST", `/v1/admin/tenants/${shop.tenant}/agents`, { name: "Anna" });
    agentToken = (await door("/v1/agents/sessions", { code })).token;
    botKey = (await weftd.admin("POST", `/v1/admin/tenants/${shop.tenant}/keys`, { role: "bot", name: "robo" })).key;
    ours = await door("/v1/sessions", { tenant: shop.tenant });
    theirs = await door("/v1/sessions", { tenant: shop.tenant });
    rivals = await door("/v1/sessions", { tenant: rival.tenant });
    token = ours.token;
});

after(async () => {
    const log = readFileSync(join(weftd.dataDir, "weftd.log"), "utf8");
    await weftd.stop();
    assert.ok(!log.includes(CANARY), "what people wrote is in the log");
    assert.ok(!log.includes("child.died"), log);
});

// ---- frames -----------------------------------------------------------------------------------------------------

const nested = (depth) => `{"type":"ping","id":"1","x":${"[".repeat(depth)}"${CANARY}"${"]".repeat(depth)}}`;
const many = (count) => JSON.stringify({ type: "ping", id: "1", x: Array(count).fill(CANARY.length) });
const say = (more) => JSON.stringify({ type: "send", id: "1", lineage: "01jd8x2k7q-4t9w2e6r8y0u", n: 1, body: { kind: "text", text: CANARY }, ...more });
const request = (type, more) => JSON.stringify({ type, id: "1", ...more });
const NAME = "1-0011223344556677";

// [what, who, what is sent, error, close code (0: the connection lives on)]
const FRAMES = [
    ["no JSON", "customer", CANARY, "bad_frame", 4400],
    ["a list", "customer", `["${CANARY}"]`, "bad_frame", 4400],
    ["half an object", "customer", `{"type":"ping","id":"${CANARY}`, "bad_frame", 4400],
    ["something behind it", "customer", `{"type":"ping","id":"1"}${CANARY}`, "bad_frame", 4400],
    ["an empty message", "customer", "", "bad_frame", 4400],
    ["no UTF-8", "customer", Buffer.from([...Buffer.from('{"type":"ping","id":"'), 0xc3, 0x28, ...Buffer.from(`${CANARY}"}`)]), "bad_utf8", 1007],
    ["too deep", "customer", nested(9), "too_deep", 4400],
    ["far too deep", "customer", nested(5000), "too_deep", 4400],
    ["too many elements", "customer", many(1100), "too_many_elements", 4400],
    ["a member twice", "customer", `{"type":"ping","id":"1","id":"${CANARY}"}`, "duplicate_key", 4400],
    ["an unknown member twice", "customer", '{"type":"ping","id":"1","x":1,"x":2}', "duplicate_key", 4400],
    ["over 64 KiB", "customer", request("ping", { x: CANARY.repeat(5000) }), "too_large", 1009],
    ["an unknown frame", "customer", request("dance", { x: CANARY }), "unknown_frame", 0],
    ["no type", "customer", `{"id":"1"}`, "missing_field", 0],
    ["no id", "customer", '{"type":"ping"}', "missing_field", 0],
    ["a number for a text", "customer", '{"type":"ping","id":7}', "wrong_type", 0],
    ["a text for a number", "customer", say({ n: CANARY }), "wrong_type", 0],
    ["a list for an object", "customer", say({ body: [CANARY] }), "wrong_type", 0],
    ["an unknown word of an enum", "customer", say({ body: { kind: CANARY, text: "x" } }), "out_of_range", 0],
    ["no name for a name", "customer", request("history", { before: CANARY }), "wrong_type", 0],
    ["too long an id", "customer", request("ping", { id: CANARY.repeat(9) }), "out_of_range", 0],
    ["too long a text", "customer", say({ body: { kind: "text", text: CANARY.repeat(600) } }), "out_of_range", 0],
    ["an empty text", "customer", say({ body: { kind: "text", text: "" } }), "out_of_range", 0],
    ["control characters", "customer", say({ body: { kind: "text", text: `${CANARY}\u0007` } }), "out_of_range", 0],
    ["a file that was never uploaded", "customer", say({ body: { kind: "file", text: CANARY } }), "out_of_range", 0],
    ["a card of a customer", "customer", say({ body: { kind: "card", text: CANARY, cards: [{ title: CANARY }] } }), "forbidden", 0],
    ["a script for an address", "bot", request("commit", { conversation: "x", turn: NAME, messages: [{ kind: "card", text: CANARY, cards: [{ title: CANARY, image: `javascript:${CANARY}` }] }] }), "out_of_range", 0],
    ["a system body", "customer", say({ body: { kind: "system", text: CANARY } }), "forbidden", 0],
    ["a lineage of its own", "customer", say({ lineage: CANARY }), "bad_lineage", 0],
    ["hello again", "customer", request("hello", { token: CANARY }), "hello_twice", 4400],
    ["an event without an id of its own", "customer", request("event", { name: CANARY }), "missing_field", 0],
    ["an event with control characters", "customer", request("event", { event: "e1", name: `${CANARY}\u0007` }), "out_of_range", 0],
    ["too long an event", "customer", request("event", { event: "e1", name: "n", properties: [1, 2, 3, 4, 5].map((i) => ({ name: `p${i}`, value: "x".repeat(2000) })) }), "out_of_range", 0],
    ["an edit", "customer", say({ type: "edit", target: NAME }), "bad_lineage", 0],
    ["a deletion", "customer", say({ type: "delete", target: NAME, body: undefined }), "bad_lineage", 0],
    ["a reaction", "customer", say({ type: "react", target: NAME, body: undefined, emoji: "👍", active: true }), "bad_lineage", 0],
    ["a chunk", "bot", request("chunk", { conversation: "x", turn: NAME, i: 0, text: CANARY }), "unsupported", 0],
    ["an interim message", "bot", request("interim", { conversation: "x", turn: NAME, body: { kind: "text", text: CANARY } }), "unsupported", 0],
    ["a customer accepts", "customer", request("accept", { offer: NAME }), "forbidden", 0],
    ["a customer commits", "customer", request("commit", { conversation: "x", turn: NAME }), "forbidden", 0],
    ["a customer writes a note", "customer", say({ visibility: "internal" }), "forbidden", 0],
    ["a customer comes online", "customer", request("set_presence", { status: "online" }), "forbidden", 0],
    ["an agent commits", "agent", request("commit", { conversation: "x", turn: NAME }), "forbidden", 0],
    ["a bot sends", "bot", say(), "forbidden", 0],
    ["a bot closes", "bot", request("close", { conversation: "x", owner: NAME }), "forbidden", 0],
    ["an offer that was never made", "agent", request("accept", { offer: NAME }), "no_such_offer", 0],
    ["no hello first", NOBODY, '{"type":"ping","id":"1"}', "hello_first", 4401],
    ["no hello but words", NOBODY, say(), "hello_first", 4401],
    ["a hello without a credential", NOBODY, request("hello"), "unauthenticated", 4401],
    ["a bot without its member", NOBODY, () => request("hello", { token: botKey }), "missing_field", 0],
];

const credentials = () => ({ customer: { token }, agent: { token: agentToken }, bot: { token: botKey, bot: { name: "robo", credits: 1 } } });

for (const [what, who, bytes, code, close] of FRAMES)
    test(`a frame: ${what}`, async () => {
        const socket = who === NOBODY ? await RawSocket.open(weftd.wsUrl) : await speakAs(credentials()[who]);
        const sent = typeof bytes === "function" ? bytes() : bytes;
        socket.frame(1, Buffer.from(sent));
        const error = await socket.next((message) => message.type === "error");
        assert.equal(error.code, code, JSON.stringify(error));
        assert.ok(error.message.length > 0 && !error.message.includes(CANARY), error.message);
        if (close > 0) {
            assert.equal(await socket.ended, close);
        } else if (who !== NOBODY) {
            socket.send({ type: "ping", id: "alive" });
            assert.equal((await socket.next((message) => message.type === "pong")).id, "alive");
        }
        socket.destroy();
    });

test("a fragmented message is one message, and too large when it is", async () => {
    const socket = await speakAs({ token });
    const ping = Buffer.from('{"type":"ping","id":"pieces"}');
    socket.frame(1, ping.subarray(0, 9), { fin: false });
    socket.frame(0, ping.subarray(9), { fin: true });
    assert.equal((await socket.next((message) => message.type === "pong")).id, "pieces");
    for (let i = 0; i < 3; i++) socket.frame(i ? 0 : 1, Buffer.alloc(30_000, "x"), { fin: false });
    assert.equal(await socket.ended, 1009);
});

for (const [subprotocol, opcode, what] of [["weft.v1.json", 2, "binary under JSON"], ["weft.v1.msgpack", 1, "text under MessagePack"]])
    test(`the wrong opcode: ${what}`, async () => {
        const socket = await RawSocket.open(weftd.wsUrl, { "Sec-WebSocket-Protocol": subprotocol });
        socket.frame(opcode, Buffer.from(`{"type":"ping","id":"${CANARY}"}`));
        assert.equal(await socket.ended, 1003);
    });

const packed = (...bytes) => Buffer.from(bytes);
const MSGPACK = [
    ["nothing of the kind", packed(0xc1), "bad_frame", 4400],
    ["a map that ends early", packed(0x82, 0xa4, 0x74, 0x79, 0x70, 0x65), "bad_frame", 4400],
    ["a claim of four billion elements", packed(0xdd, 0xff, 0xff, 0xff, 0xff), "bad_frame", 4400],
    ["nested lists", Buffer.concat([packed(0x81, 0xa1, 0x61), Buffer.alloc(200, 0x91), packed(0x01)]), "too_deep", 4400],
    ["a list", packed(0x91, 0x01), "bad_frame", 4400],
    ["a key twice", packed(0x82, 0xa1, 0x61, 0x01, 0xa1, 0x61, 0x02), "duplicate_key", 4400],
    ["no UTF-8", packed(0x81, 0xa2, 0xc3, 0x28, 0x01), "bad_utf8", 1007],
];
for (const [what, bytes, code, close] of MSGPACK)
    test(`MessagePack: ${what}`, async () => {
        const socket = await RawSocket.open(weftd.wsUrl, { "Sec-WebSocket-Protocol": "weft.v1.msgpack" });
        socket.binary(bytes);
        assert.equal(await socket.ended, close);
        assert.ok(socket.messages.some((message) => message.includes(code)), `${code} is not in ${socket.messages}`);
    });

// ---- who one is -------------------------------------------------------------------------------------------------

const flip = (text, i) => text.slice(0, i) + (text[i] === "A" ? "B" : "A") + text.slice(i + 1);
const CREDENTIALS = [
    ["an expired token", () => at(-3_600_000, () => contactToken(shop.signing_secret, shop.tenant, CANARY)), "token_expired"],
    ["a token from the future", () => at(3_600_000, () => contactToken(shop.signing_secret, shop.tenant, CANARY)), "unauthenticated"],
    ["a token that lives too long", () => contactToken(shop.signing_secret, shop.tenant, CANARY, "", 30 * 86400), "unauthenticated"],
    ["another tenant's key", () => contactToken(rival.signing_secret, shop.tenant, CANARY), "unauthenticated"],
    ["a tenant that is not there", () => contactToken(shop.signing_secret, "nowhere", CANARY), "unauthenticated"],
    ["a flipped letter in the claims", () => flip(contactToken(shop.signing_secret, shop.tenant, CANARY), 30), "unauthenticated"],
    ["a flipped letter in the signature", () => flip(contactToken(shop.signing_secret, shop.tenant, CANARY), 200), "unauthenticated"],
    ["a cut token", () => token.slice(0, -40), "unauthenticated"],
    ["no token at all", () => CANARY, "unauthenticated"],
    ["a renewal for a token", () => ours.renewal, "unauthenticated"],
    ["a key of nobody", () => `wk_${shop.tenant}_k0000_${CANARY}`, "unauthenticated"],
    ["a key with another secret", () => flip(botKey, botKey.length - 3), "unauthenticated"],
    ["a key of another tenant", () => botKey.replace(`wk_${shop.tenant}_`, `wk_${rival.tenant}_`), "unauthenticated"],
];
for (const [what, make, code] of CREDENTIALS)
    test(`a credential: ${what}`, async () => {
        const socket = await RawSocket.open(weftd.wsUrl);
        const error = await socket.hello({ token: make() });
        assert.equal(error.code, code, JSON.stringify(error));
        assert.equal(await socket.ended, 4401);
    });

for (const [what, spoil] of [["a flipped letter", (ticket) => flip(ticket, 60)], ["words", () => CANARY], ["another tenant", (ticket) => ticket.replace(/^[^.]*/, rival.tenant)]])
    test(`a ticket: ${what}`, async () => {
        const { welcome } = await speakAs({ token });
        const socket = await RawSocket.open(weftd.wsUrl);
        assert.equal((await socket.hello({ ticket: spoil(welcome.ticket) })).code, "unauthenticated");
        assert.equal(await socket.ended, 4401);
    });

test("a brand's key speaks for its own contacts only", async () => {
    const made = contactToken(shop.signing_secret, shop.tenant, "crm-1");
    const socket = await speakAs({ token: made });
    assert.equal(socket.welcome.role, "customer");
    socket.destroy();
});

// ---- whose it is ------------------------------------------------------------------------------------------------

const elsewhere = () => [["one that is not there", "0".repeat(ours.conversation.length)], ["no id", CANARY],
    ["another contact's", theirs.conversation], ["another tenant's", rivals.conversation]];

test("a conversation that is not one's own is not there", async () => {
    const socket = await speakAs({ token });
    for (const [what, conversation] of elsewhere())
        for (const [type, more] of [["send", { lineage: socket.welcome.lineage, n: 1, body: { kind: "text", text: CANARY } }], ["history", {}]]) {
            const id = `${type} ${what}`;
            socket.send({ type, id, conversation, ...more });
            const error = await socket.next((message) => message.id === id);
            assert.equal(error.code, "unknown_conversation", `${id}: ${JSON.stringify(error)}`);
        }
    socket.destroy();
});

test("an agent does not see what is no business of theirs", async () => {
    const socket = await speakAs({ token: agentToken });
    for (const [what, conversation] of elsewhere())
        for (const [type, more] of [["watch", {}], ["history", {}], ["reopen", {}], ["close", { owner: NAME }],
            ["send", { lineage: socket.welcome.lineage, n: 1, body: { kind: "text", text: CANARY } }],
            ["say", { type: "send", lineage: socket.welcome.lineage, n: 1, owner: NAME, body: { kind: "text", text: CANARY } }]]) {
            const id = `${type} ${what}`;
            socket.send({ type, id, conversation, ...more });
            const answer = await socket.next((message) => message.id === id);
            assert.equal(answer.type, "error", `${id}: ${JSON.stringify(answer)}`);
            // Within a tenant the log itself answers who claims to own it, and says no.
            if (!["close", "reopen", "say"].includes(type)) assert.equal(answer.code, "unknown_conversation", `${id}: ${JSON.stringify(answer)}`);
        }
    assert.deepEqual(socket.messages.filter(({ type }) => type === "page" || type === "entry"), []);
    socket.destroy();
});

test("the same number twice is the same message, or none", async () => {
    const socket = await speakAs({ token: contactToken(shop.signing_secret, shop.tenant, "crm-2") });
    const put = async (id, n, text) => {
        socket.send({ type: "send", id, lineage: socket.welcome.lineage, n, body: { kind: "text", text } });
        return socket.next((message) => message.id === id);
    };
    const first = await put("a", 1, `${CANARY} one`);
    assert.equal(first.type, "ack");
    assert.equal((await put("b", 1, `${CANARY} one`)).at, first.at);
    assert.equal((await put("c", 1, `${CANARY} two`)).code, "different_body");
    const early = await put("d", 3, `${CANARY} three`);
    assert.deepEqual([early.code, early.retry, early.resend_from], ["resend", "resend", 2]);
    assert.equal((await put("e", 2, `${CANARY} two`)).type, "ack");
    assert.equal((await put("f", 3, `${CANARY} three`)).type, "ack");
    socket.destroy();
});

// ---- handshakes and doors ---------------------------------------------------------------------------------------

const HANDSHAKES = [
    ["a foreign origin", { Origin: "https://evil.example" }, 403],
    ["an origin with a longer name", { Origin: "https://shop.example.evil.example" }, 403],
    ["an origin with another port", { Origin: "https://shop.example:444" }, 403],
    ["an origin with another scheme", { Origin: "http://shop.example" }, 403],
    ["no origin's name", { Origin: "null" }, 403],
    ["no subprotocol", { "Sec-WebSocket-Protocol": null }, 400],
    ["another subprotocol", { "Sec-WebSocket-Protocol": "weft.v9" }, 400],
    ["HTTP/2 in the clear", { Upgrade: "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__", Connection: "Upgrade, HTTP2-Settings" }, 0], // ended without a word
    ["no upgrade", { Upgrade: null, Connection: "close" }, 426],
    ["another version", { "Sec-WebSocket-Version": "8" }, 426],
];
for (const [what, headers, status] of HANDSHAKES)
    test(`a handshake: ${what}`, async () => {
        const socket = await RawSocket.open(weftd.wsUrl, headers);
        assert.equal(socket.status, status, socket.head);
        socket.destroy();
    });

test("a page of one brand does not speak for a customer of another", async () => {
    const socket = await RawSocket.open(weftd.wsUrl, { Origin: "https://rival.example" });
    assert.equal(socket.status, 101);
    assert.equal((await socket.hello({ token })).code, "bad_origin");
    assert.equal(await socket.ended, 4403);
});

// [what, method, path, body, headers, status, code]
const DOORS = [
    ["no JSON", "POST", "/v1/sessions", CANARY, {}, 400, "bad_request"],
    ["no tenant", "POST", "/v1/sessions", "{}", {}, 400, "bad_request"],
    ["a tenant of nobody", "POST", "/v1/sessions", `{"tenant":"${CANARY}"}`, {}, 404, "not_found"],
    ["a foreign origin", "POST", "/v1/sessions", () => JSON.stringify({ tenant: shop.tenant }), { origin: "https://rival.example" }, 403, "bad_origin"],
    ["a forged renewal", "POST", "/v1/sessions", () => JSON.stringify({ tenant: shop.tenant, renewal: flip(ours.renewal, 90) }), {}, 401, "unauthenticated"],
    ["another tenant's renewal", "POST", "/v1/sessions", () => JSON.stringify({ tenant: shop.tenant, renewal: rivals.renewal }), {}, 401, "unauthenticated"],
    ["a token for a renewal", "POST", "/v1/sessions", () => JSON.stringify({ tenant: shop.tenant, renewal: token }), {}, 401, "unauthenticated"],
    ["another method", "DELETE", "/v1/sessions", undefined, {}, 405, "bad_request"],
    ["a code of nobody", "POST", "/v1/agents/sessions", `{"code":"${CANARY}"}`, {}, 401, "unauthenticated"],
    ["no admin token", "POST", "/v1/admin/tenants", `{"name":"${CANARY}"}`, {}, 401, "unauthenticated"],
    ["a wrong admin token", "POST", "/v1/admin/tenants", `{"name":"${CANARY}"}`, { authorization: `Bearer ${CANARY}` }, 401, "unauthenticated"],
    ["a customer's token for the admin's", "POST", "/v1/admin/tenants", `{"name":"${CANARY}"}`, () => ({ authorization: `Bearer ${token}` }), 401, "unauthenticated"],
    ["a place that is not there", "GET", "/v1/nowhere", undefined, {}, 404, "not_found"],
];
for (const [what, method, path, body, headers, status, code] of DOORS)
    test(`a door: ${what}`, async () => {
        const answer = await fetch(weftd.url + path, { method, body: typeof body === "function" ? body() : body,
            headers: typeof headers === "function" ? headers() : headers });
        const { error } = await answer.json();
        assert.deepEqual([answer.status, error.code], [status, code], JSON.stringify(error));
        assert.ok(!error.message.includes(CANARY), error.message);
    });

test("weftd is as well as before", async () => {
    const pids = structuredClone(weftd.up.pids);
    assert.equal((await fetch(`${weftd.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${weftd.url}/readyz`)).status, 200);
    const socket = await speakAs({ token });
    socket.send({ type: "send", id: "1", lineage: socket.welcome.lineage, n: 1, body: { kind: "text", text: `${CANARY} at last` } });
    assert.equal((await socket.next((message) => message.id === "1")).type, "ack");
    assert.deepEqual(weftd.up.pids, pids);
    socket.destroy();
});
