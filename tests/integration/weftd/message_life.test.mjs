// SPDX-License-Identifier: Apache-2.0
// Words that were deleted or edited, and notes, on every way to a reader of a real weftd, in both codecs: live, history,
// resumed with a cursor and without, and at the admin door. What is looked for is looked for in the bytes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pack, unpack } from "../../lib/msgpack.mjs";
import { RawSocket } from "../../lib/raw_socket.mjs";
import { startWeftd } from "../../lib/weftd.mjs";

let weftd;
before(async () => { weftd = await startWeftd({ bots: [] }); });
after(() => weftd?.stop());

async function door(path, body) {
    const answer = await fetch(weftd.url + path, { method: "POST", body: JSON.stringify(body) });
    return answer.json();
}

/** One connection, in a codec; keeps what came as frames and as bytes. */
class Peer {
    n = 0;
    count = 0;

    static async enter(codec, credential) {
        const peer = new Peer();
        peer.isBinary = codec === "msgpack";
        peer.socket = await RawSocket.open(weftd.wsUrl, { "Sec-WebSocket-Protocol": `weft.v1.${codec}` });
        peer.welcome = await peer.ask({ type: "hello", ...credential });
        assert.equal(peer.welcome.type, "welcome", JSON.stringify(peer.welcome));
        return peer;
    }
    #read = (message) => Buffer.isBuffer(message) ? unpack(message) : message;
    get frames() { return this.socket.messages.map(this.#read); }
    /** Everything that came, as text: MessagePack keeps texts as they are. */
    get bytes() {
        return this.socket.messages.map((message) => Buffer.isBuffer(message) ? message.toString("latin1") : JSON.stringify(message)).join("\n");
    }
    async next(fits) { return this.#read(await this.socket.next((message) => fits(this.#read(message)))); }
    ask(frame) {
        const id = `q${++this.count}`, whole = { ...frame, id };
        if (this.isBinary) this.socket.binary(pack(whole));
        else this.socket.send(whole);
        return this.next((answer) => answer.id === id);
    }
    async act(frame) {
        const answer = await this.ask({ ...frame, lineage: this.welcome.lineage, n: this.n + 1 });
        this.n += answer.type === "ack";
        return answer;
    }
    say(text, more) { return this.act({ type: "send", body: { kind: "text", text }, ...more }); }
    part(kind) { return this.next((frame) => frame.type === "entry" && frame.parts.some((part) => part.kind === kind)); }
    leave() { this.socket.destroy(); }
}

async function onlyReaders(conversation, credentials, codec, cursor) {
    const seen = [];
    for (const [who, credential] of Object.entries(credentials))
        for (const cursors of [[], [{ conversation, at: cursor }]]) {
            const peer = await Peer.enter(codec, { ...credential, cursors });
            await peer.next((frame) => frame.type === "entry" && frame.conversation === conversation);
            const page = await peer.ask({ type: "history", conversation });
            assert.equal(page.type, "page", JSON.stringify(page));
            seen.push([`${who}, ${codec}, ${cursors.length} cursors`, peer.bytes, peer.frames]);
            peer.leave();
        }
    const records = await weftd.admin("GET", `/v1/admin/conversations/${conversation}/entries`);
    return [...seen, ["the admin door", JSON.stringify(records), []]];
}

for (const codec of ["json", "msgpack"])
    test(`no reader gets words that no longer hold: ${codec}`, async () => {
        const { tenant } = await weftd.admin("POST", "/v1/admin/tenants", { name: codec });
        const { code } = await weftd.admin("POST", `/v1/admin/tenants/${tenant}/agents`, { name: "Anna" });
        const visitor = await door("/v1/sessions", { tenant });
        const ada = await Peer.enter(codec, { token: visitor.token });
        const anna = await Peer.enter(codec, { token: (await door("/v1/agents/sessions", { code })).token });
        await anna.ask({ type: "set_presence", status: "online" });
        const first = await ada.say("hello");
        const { offer } = await anna.next((frame) => frame.type === "offer");
        await anna.ask({ type: "accept", offer });
        const { conversation } = await anna.next((frame) => frame.type === "assigned");
        const tickets = { ada: { ticket: ada.welcome.ticket }, anna: { ticket: anna.welcome.ticket } };

        const secret = await ada.say("secret-one");
        const typo = await ada.say("secret-two");
        const note = await anna.say("secret-note", { conversation, visibility: "internal" });
        assert.equal(note.type, "ack", JSON.stringify(note));
        await anna.next((frame) => frame.type === "entry" && frame.at === typo.at);

        assert.equal((await ada.act({ type: "edit", target: typo.at, body: { kind: "text", text: "harmless" } })).type, "ack");
        assert.equal((await ada.act({ type: "delete", target: secret.at })).type, "ack");
        assert.equal((await ada.act({ type: "react", target: first.at, emoji: "👍", active: true })).type, "ack");
        assert.equal((await anna.act({ type: "delete", conversation, target: secret.at })).code, "no_such_message");
        assert.equal((await ada.act({ type: "react", target: note.at, emoji: "👍", active: true })).code, "no_such_message");
        const deleted = (await anna.part("deleted")).parts[0];
        assert.deepEqual([deleted.target, "body" in deleted], [secret.at, false]);
        assert.equal((await anna.part("edited")).parts[0].body.text, "harmless");
        assert.ok(!ada.bytes.includes("secret-note"), "the customer got the note, live");
        ada.leave();
        anna.leave();

        for (const [who, bytes, frames] of await onlyReaders(conversation, tickets, codec, first.at)) {
            assert.ok(!bytes.includes("secret-one") && !bytes.includes("secret-two"), `${who}: ${bytes}`);
            assert.ok(bytes.includes("harmless") && bytes.includes("This message was deleted."), `${who}: ${bytes}`);
            assert.equal(bytes.includes("secret-note"), !who.startsWith("ada"), who);
            for (const { at, parts } of frames.filter(({ type }) => type === "entry"))
                if (at === secret.at) assert.equal(parts[0].body.kind, "deleted");
        }
    });
