// SPDX-License-Identifier: Apache-2.0
// A small model of the broker, in memory, for the tests of the browser's side: sessions, welcome, exactly-once
// sends by (lineage, n), ordered entries with `after`, cursors, reset, history, receipts, typing. It follows
// proto/schema.yaml in what it does; it does not route, limit, or check signatures.
//
// Pure: the caller hands in frames (`line.receive`) and takes them (`peer.send`), so that a test can lose,
// delay and cut as it likes. The log outlives every line, as a durable one would.
const NOWHERE = "0-0000000000000000";
const WINDOW = 64;
const SHOWN = 50;

export class ModelBroker {
    constructor({ now = () => Date.now(), random = Math.random } = {}) {
        this.now = now;
        this.random = random;
        this.conversations = new Map();
        this.lines = new Set();
        this.onMessage = () => {}; // (conversation, entry): what answers
        this.refuse = () => null; // (send frame): an error to answer with instead
        this.ended = new Map(); // by contact: the code that refuses whoever comes to that conversation, for good
        this.hellos = 0;
        this.limits = { frame_bytes: 65536, text_bytes: 8192, unacked_sends: WINDOW, history_entries: SHOWN, ping_ms: 25000, dead_ms: 40000 };
    }

    mark() {
        return Array.from({ length: 16 }, () => Math.floor(this.random() * 16).toString(16)).join("");
    }

    conversation(id) {
        if (!this.conversations.has(id))
            this.conversations.set(id, { id, entries: [], lineages: new Map(), typing: new Map() });
        return this.conversations.get(id);
    }

    // A socket: `peer` is {send(frame), close(code)}.
    connect(peer) {
        const line = new Line(this, peer);
        this.lines.add(line);
        return line;
    }

    append(conversation, author, parts, visibility = "public") {
        const last = conversation.entries.at(-1);
        const entry = {
            conversation: conversation.id, at: `${conversation.entries.length + 1}-${this.mark()}`,
            after: last?.at ?? NOWHERE, time_ms: Math.max(this.now(), last?.time_ms ?? 0), author, visibility, parts,
        };
        conversation.entries.push(entry);
        for (const line of this.linesOf(conversation)) line.send({ type: "entry", ...entry });
        return entry;
    }

    say(conversation, author, body) {
        return this.append(conversation, author, [{ kind: "message", body }]);
    }

    tell(conversation, frame) {
        for (const line of this.linesOf(conversation)) line.send({ ...frame, conversation: conversation.id });
    }

    linesOf(conversation) {
        return [...this.lines].filter((line) => line.conversation === conversation);
    }

    // A failover that loses the newest entries: what was taken is gone, lines are cut.
    loseEnd(conversation, count) {
        conversation.entries.splice(Math.max(0, conversation.entries.length - count));
        for (const [lineage, sent] of conversation.lineages) {
            const kept = sent.filter((one) => conversation.entries.some((entry) => entry.at === one.at));
            conversation.lineages.set(lineage, kept);
        }
        this.cut();
    }

    cut(code = 1006) {
        for (const line of [...this.lines]) line.end(code);
    }
}

class Line {
    constructor(broker, peer) {
        this.broker = broker;
        this.peer = peer;
        this.conversation = null;
        this.open = true;
    }

    send(frame) {
        if (this.open) this.peer.send(frame);
    }

    end(code) {
        if (!this.open) return;
        this.open = false;
        this.broker.lines.delete(this);
        this.peer.close(code);
    }

    receive(frame) {
        if (!this.open) return;
        if (!this.conversation && frame.type !== "hello") return this.fail(frame, "hello_first", "token", 4401);
        const act = this["on_" + frame.type];
        if (act) act.call(this, frame);
        else this.fail(frame, "unsupported", "never");
    }

    fail(frame, code, retry, close = 0, more = {}) {
        this.send({ type: "error", id: frame.id, code, message: code, retry, ...more });
        if (close) this.end(close);
    }

    on_hello(frame) {
        this.broker.hellos++;
        const contact = /^(?:token|ticket)\.([\w-]+)/.exec(frame.token ?? frame.ticket ?? "")?.[1];
        if (!contact) return this.fail(frame, "unauthenticated", "token", 4401);
        const over = this.broker.ended.get(contact);
        if (over) return this.fail(frame, over, "never", 4403);
        const conversation = this.broker.conversation(contact);
        const head = conversation.entries.at(-1)?.at;
        this.contact = contact;
        this.send({
            type: "welcome", id: frame.id, role: "customer", tenant: "demo", session: "s_" + this.broker.mark(),
            subject: contact, conversation: contact, proven: false, ...(head ? { head } : {}),
            lineage: "L" + this.broker.mark(), ticket: `ticket.${contact}.${this.broker.mark()}`,
            ticket_expires_in_ms: 86_400_000, durability: "always", time_ms: this.broker.now(),
            limits: this.broker.limits,
        });
        this.conversation = conversation;
        this.stream(frame.cursors?.find((one) => one.conversation === contact)?.at);
    }

    // What follows the cursor; without one that fits, the newest entries from scratch.
    stream(cursor) {
        const { entries, id } = this.conversation;
        let from = Math.max(0, entries.length - SHOWN);
        if (cursor) {
            const held = entries.findIndex((entry) => entry.at === cursor);
            if (held >= 0) from = held + 1;
            else this.send({ type: "reset", conversation: id, reason: parseInt(cursor, 10) > entries.length ? "lost_suffix" : "unknown_cursor" });
        }
        for (const entry of entries.slice(from)) this.send({ type: "entry", ...entry });
    }

    on_ping(frame) {
        this.send({ type: "pong", id: frame.id });
    }

    on_logout() {
        this.send({ type: "bye", reason: "logout", retry_after_ms: 0 });
        this.end(1000);
    }

    on_send(frame) {
        this.take(frame, { kind: "message", body: frame.body, ...(frame.reply_to ? { reply_to: frame.reply_to } : {}) });
    }

    on_edit(frame) {
        this.amend(frame, { kind: "edited", target: frame.target, body: frame.body });
    }

    on_delete(frame) {
        this.amend(frame, { kind: "deleted", target: frame.target });
    }

    on_react(frame) {
        this.amend(frame, { kind: "reacted", target: frame.target, emoji: frame.emoji, active: frame.active });
    }

    amend(frame, part) {
        const meant = this.conversation.entries.find((entry) => entry.at === frame.target);
        const own = meant?.author.kind === "customer" || part.kind === "reacted";
        const gone = this.conversation.entries.some((entry) => entry.parts[0].kind === "deleted" && entry.parts[0].target === frame.target && entry.parts[0].n !== frame.n);
        this.take(frame, part, !meant || !own ? "no_such_message" : gone ? "message_deleted" : null);
    }

    take(frame, said, never = null) {
        const over = this.broker.ended.get(this.contact);
        if (over) return this.fail(frame, over, "never");
        const refused = this.broker.refuse(frame);
        if (refused) return this.fail(frame, refused.code, refused.retry, 0, refused);
        const { lineages } = this.conversation;
        if (!lineages.has(frame.lineage)) lineages.set(frame.lineage, []);
        const sent = lineages.get(frame.lineage);
        const body = JSON.stringify(said);
        const before = sent.find((one) => one.n === frame.n);
        if (before) return before.body === body ? this.ack(frame, before.at) : this.fail(frame, "different_body", "never");
        const next = (sent.at(-1)?.n ?? 0) + 1;
        if (frame.n < next) return this.fail(frame, "already_sent", "never");
        if (frame.n > next) return this.fail(frame, "resend", "resend", 0, { resend_from: next });
        if (never) return this.fail(frame, never, "never");
        const part = { ...said, lineage: frame.lineage, n: frame.n };
        const entry = this.broker.append(this.conversation, { kind: "customer", id: this.contact }, [part]);
        sent.push({ n: frame.n, body, at: entry.at });
        if (sent.length > WINDOW) sent.shift();
        this.ack(frame, entry.at);
        if (said.kind === "message") this.broker.onMessage(this.conversation, entry);
    }

    ack(frame, at) {
        this.send({ type: "ack", id: frame.id, conversation: this.conversation.id, lineage: frame.lineage, n: frame.n, at, time_ms: this.broker.now() });
    }

    on_history(frame) {
        const { entries, id } = this.conversation;
        const to = frame.before ? entries.findIndex((entry) => entry.at === frame.before) + 1 : entries.length;
        const from = Math.max(0, to - Math.min(frame.limit ?? SHOWN, SHOWN));
        this.send({ type: "page", id: frame.id, conversation: id, entries: entries.slice(from, to), more: from > 0 });
    }

    on_receipt(frame) {
        this.others({ type: "receipts", who: { kind: "customer", id: this.contact }, delivered: frame.delivered, read: frame.read });
    }

    on_typing(frame) {
        this.others({ type: "typist", who: { kind: "customer", id: this.contact }, active: frame.active });
    }

    others(frame) {
        for (const line of this.broker.linesOf(this.conversation))
            if (line !== this) line.send({ ...frame, conversation: this.conversation.id });
    }

    on_ask_callback(frame) {
        const { channel, address, from_ms } = frame;
        if (channel === "phone" && !/^\+?[\d ()-]{5,}$/.test(address ?? "")) return this.fail(frame, "callback_bad_address", "never");
        const agreed = { channel, ...(address && { address: address.replace(/[ ()-]/g, "") }), ...(from_ms && { from_ms, until_ms: from_ms + 3_600_000 }) };
        this.broker.append(this.conversation, { kind: "customer", id: this.contact }, [{ kind: "callback", reason: "asked", callback: agreed }]);
        this.broker.tell(this.conversation, { type: "callback", agreed });
        this.send({ type: "done", id: frame.id });
    }

    on_cancel_callback(frame) {
        this.broker.append(this.conversation, { kind: "customer", id: this.contact }, [{ kind: "callback", reason: "cancelled" }]);
        this.broker.tell(this.conversation, { type: "callback", ways: ["chat", "phone"] });
        this.send({ type: "done", id: frame.id });
    }

    on_identify(frame) {
        const contact = /^token\.([\w-]+)/.exec(frame.token)?.[1];
        if (!contact) return this.fail(frame, "unauthenticated", "token", 4401);
        this.send({ type: "done", id: frame.id, conversation: contact });
    }
}
