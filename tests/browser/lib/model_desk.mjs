// SPDX-License-Identifier: Apache-2.0
// A small model of the broker's side towards agents, in memory, for the tests of the desk: sessions, presence,
// offers, ownership with its tokens, exactly-once sends, entries with `after`, cursors, history, receipts, typing.
// It follows proto/schema.yaml in what it does; offers are made by the test, not by routing.
import { ModelServer } from "../../lib/model_server.mjs";

const NOWHERE = "0-0000000000000000";
const SHOWN = 50;
const LIMITS = { frame_bytes: 65536, text_bytes: 8192, unacked_sends: 64, history_entries: 50, ping_ms: 25000, dead_ms: 40000 };

export class ModelDesk {
    constructor({ now = () => Date.now() } = {}) {
        this.now = now;
        this.marks = 0;
        this.agents = new Map();
        this.codes = new Map();
        this.conversations = new Map();
        this.offers = new Map();
        this.lines = new Set();
        this.hellos = 0;
        this.taken = []; // every frame from agents, for the tests
        this.refuse = () => null; // (frame): an error to answer with instead
        this.limits = LIMITS;
        this.shown = SHOWN;
        this.cases = []; // what list_cases answers
        this.explained = { state: "waiting", policy: 0, agents: 0, candidates: [] };
        this.offersReopened = false; // a case that is opened again comes as an offer, not at once
    }

    mark() {
        return (++this.marks * 0x9e3779b1 >>> 0).toString(16).padStart(16, "0");
    }

    addAgent(id, name, { status = "offline", capacity = 4, chats = 0 } = {}) {
        this.agents.set(id, { id, name, status, capacity, chats });
        return this.agents.get(id);
    }

    code(agent) {
        const code = `code-${this.mark()}`;
        this.codes.set(code, agent);
        return code;
    }

    enter({ code, renewal }) {
        const id = code ? this.codes.get(code) : /^renewal\.(\w+)$/.exec(renewal ?? "")?.[1];
        if (code) this.codes.delete(code);
        const agent = this.agents.get(id);
        if (!agent || agent.gone) return null;
        return { token: `token.${id}`, expires_in_ms: 300_000, agent: id, name: agent.name, tenant: "Fabrik Outdoor", renewal: `renewal.${id}` };
    }

    // ---- what happens in the world -----------------------------------------------------------------

    conversation(id, { contact = "Visitor", proven = false, handoff } = {}) {
        if (!this.conversations.has(id)) {
            this.conversations.set(id, { id, contact, proven, handoff, entries: [], owner: null, closed: null, lineages: new Map(), readers: new Map() });
        }
        return this.conversations.get(id);
    }

    append(conversation, author, parts, { visibility = "public", time_ms } = {}) {
        const last = conversation.entries.at(-1);
        const entry = {
            conversation: conversation.id, at: `${conversation.entries.length + 1}-${this.mark()}`, after: last?.at ?? NOWHERE,
            time_ms: Math.max(time_ms ?? this.now(), last?.time_ms ?? 0), author, visibility, parts,
        };
        conversation.entries.push(entry);
        this.toOwner(conversation, { type: "entry", ...entry });
        return entry;
    }

    customerSays(id, text, options = {}) {
        const body = { kind: "text", text, ...(options.chosen ? { chosen: options.chosen } : {}) };
        return this.append(this.conversations.get(id), { kind: "customer", id }, [{ kind: "message", body }], options);
    }

    botSays(id, text, options = {}) {
        const body = options.options ? { kind: "quick_replies", text, options: options.options } : { kind: "text", text };
        return this.append(this.conversations.get(id), { kind: "bot", id: "guide", name: "Guide" }, [{ kind: "message", body }], options);
    }

    customerReads(id, at) {
        const read = at ?? this.conversations.get(id).entries.at(-1).at;
        this.toOwner(this.conversations.get(id), { type: "receipts", conversation: id, who: { kind: "customer", id }, delivered: read, read });
    }

    customerTypes(id, active = true) {
        this.toOwner(this.conversations.get(id), { type: "typist", conversation: id, who: { kind: "customer", id }, active });
    }

    offer(agent, id, { expires_in_ms = 30_000, waiting_ms = 12_000, terms = [] } = {}) {
        const conversation = this.conversations.get(id);
        const offer = `${this.offers.size + 41}-${this.mark()}`;
        this.offers.set(offer, { offer, agent, id, expires_at: this.now() + expires_in_ms, waiting_ms, terms });
        this.tellOffer(offer);
        return { offer, conversation };
    }

    tellOffer(name) {
        const { agent, id, expires_at, waiting_ms, terms } = this.offers.get(name);
        const { contact, handoff, callback } = this.conversations.get(id);
        this.toAgent(agent, { type: "offer", offer: name, conversation: id, expires_in_ms: expires_at - this.now(), waiting_ms, contact, handoff, terms, callback });
    }

    withdraw(offer, reason = "withdrawn") {
        const { agent } = this.offers.get(offer);
        this.offers.delete(offer);
        this.toAgent(agent, { type: "cancel", offer, reason });
    }

    give(agent, id) {
        const conversation = this.conversations.get(id);
        conversation.closed = null;
        conversation.owner = { agent, token: null };
        const { name } = this.agents.get(agent);
        const entry = this.append(conversation, { kind: "system" }, [{ kind: "owner", owner: "agent", id: agent, name }]);
        conversation.owner.token = entry.at;
        this.assign(conversation);
        return entry;
    }

    assign(conversation, line) {
        const { id, contact, proven, handoff, owner, callback } = conversation;
        const frame = { type: "assigned", conversation: id, owner: owner.token, contact, proven, handoff, callback };
        if (line) line.send(frame);
        else {
            for (const each of this.linesOf(owner.agent)) {
                each.send(frame);
                each.stream(conversation);
            }
        }
    }

    // Somebody else owns it from now on; `quietly`: this agent's desk does not hear of it.
    takeAway(id, to, { quietly = false } = {}) {
        const conversation = this.conversations.get(id);
        const was = conversation.owner.agent;
        conversation.owner = { agent: to, token: null };
        const entry = this.append(conversation, { kind: "system" }, [{ kind: "owner", owner: "agent", id: to, name: this.agents.get(to)?.name }]);
        conversation.owner.token = entry.at;
        if (!quietly) this.toAgent(was, { type: "released", conversation: id, reason: "transferred" });
    }

    setPresence(id, status, more = {}) {
        const agent = Object.assign(this.agents.get(id), { status }, more);
        for (const line of this.lines) line.send({ type: "presence", agent: id, name: agent.name, status, chats: agent.chats, capacity: agent.capacity });
    }

    cut(code = 1006) {
        for (const line of [...this.lines]) line.end(code);
    }

    // ---- lines --------------------------------------------------------------------------------------

    connect(peer) {
        const line = new Line(this, peer);
        this.lines.add(line);
        return line;
    }

    linesOf(agent) {
        return [...this.lines].filter((line) => line.agent === agent);
    }

    toAgent(agent, frame) {
        for (const line of this.linesOf(agent)) line.send(frame);
    }

    toOwner(conversation, frame) {
        for (const line of this.lines) if (line.streams.has(conversation.id) && line.mayHear(conversation)) line.send(frame);
    }
}

class Line {
    constructor(desk, peer) {
        this.desk = desk;
        this.peer = peer;
        this.agent = null;
        this.streams = new Set();
        this.helping = new Set(); // read along, or joined
        this.open = true;
    }

    send(frame) {
        if (this.open) this.peer.send(frame);
    }

    end(code) {
        if (!this.open) return;
        this.open = false;
        this.desk.lines.delete(this);
        this.peer.close(code);
    }

    receive(frame) {
        if (!this.open) return;
        this.desk.taken.push(frame);
        const refused = this.desk.refuse(frame);
        if (refused) return this.fail(frame, refused.code, refused.retry ?? "never", 0, refused);
        const act = this[`on_${frame.type}`];
        if (act) act.call(this, frame);
        else this.fail(frame, "unsupported", "never");
    }

    fail(frame, code, retry, close = 0, more = {}) {
        this.send({ type: "error", id: frame.id, code, message: `Refused: ${code}.`, retry, ...more });
        if (close) this.end(close);
    }

    done(frame, more = {}) {
        this.send({ type: "done", id: frame.id, ...more });
    }

    on_hello(frame) {
        const { desk } = this;
        desk.hellos++;
        const id = /^(?:token|ticket)\.(\w+)/.exec(frame.token ?? frame.ticket ?? "")?.[1];
        const agent = desk.agents.get(id);
        if (!agent || agent.gone) return this.fail(frame, "unauthenticated", "token", 4401);
        this.agent = id;
        this.send({
            type: "welcome", id: frame.id, role: "agent", tenant: "fabrik", session: `s_${desk.mark()}`, subject: id, name: agent.name,
            lineage: `L${desk.mark()}`, ticket: `ticket.${id}.${desk.mark()}`, ticket_expires_in_ms: 86_400_000, durability: "always",
            status: agent.status, supervisor: agent.supervisor === true, time_ms: desk.now(), limits: this.desk.limits,
        });
        for (const { id: other, name, status, chats, capacity } of desk.agents.values()) this.send({ type: "presence", agent: other, name, status, chats, capacity });
        for (const conversation of desk.conversations.values()) {
            if (conversation.owner?.agent !== id || conversation.closed) continue;
            desk.assign(conversation, this);
            this.stream(conversation, frame.cursors?.find((cursor) => cursor.conversation === conversation.id)?.at);
        }
        for (const offer of desk.offers.values()) if (offer.agent === id) desk.tellOffer(offer.offer);
    }

    // What follows the cursor; without one that fits, the newest entries from scratch.
    stream(conversation, cursor) {
        const { entries, id, readers } = conversation;
        let from = Math.max(0, entries.length - this.desk.shown);
        if (cursor) {
            const held = entries.findIndex((entry) => entry.at === cursor);
            if (held >= 0) from = held + 1;
            else this.send({ type: "reset", conversation: id, reason: "unknown_cursor" });
        }
        this.streams.add(id);
        for (const entry of entries.slice(from)) this.send({ type: "entry", ...entry });
        for (const receipts of readers.values()) this.send(receipts);
    }

    // The owner, and whoever looks on or was asked in.
    mayHear({ id, owner }) {
        return owner?.agent === this.agent || this.helping.has(id);
    }

    on_watch(frame) {
        const conversation = this.desk.conversations.get(frame.conversation);
        if (!this.desk.agents.get(this.agent).supervisor && !conversation.invited?.has(this.agent)) return this.fail(frame, "unknown_conversation");
        this.helping.add(frame.conversation);
        this.done(frame);
        this.stream(conversation, frame.at);
    }

    on_unwatch(frame) {
        this.helping.delete(frame.conversation);
        this.done(frame);
    }

    on_invite(frame) {
        const conversation = this.owned(frame);
        if (!conversation) return;
        (conversation.invited ??= new Set()).add(frame.agent);
        this.desk.append(conversation, { kind: "agent", id: this.agent }, [{ kind: "invited", id: frame.agent }], { visibility: "internal" });
        this.desk.toAgent(frame.agent, { type: "invited", conversation: conversation.id, by: this.agent, name: this.desk.agents.get(this.agent).name });
        this.done(frame);
    }

    on_join(frame) {
        const conversation = this.desk.conversations.get(frame.conversation);
        const { name, supervisor } = this.desk.agents.get(this.agent);
        if (!supervisor && !conversation.invited?.has(this.agent)) return this.fail(frame, "not_invited", "never");
        this.helping.add(frame.conversation);
        const entry = this.desk.append(conversation, { kind: "agent", id: this.agent, name }, [{ kind: "participant", id: this.agent, name, active: true }]);
        (conversation.beside ??= new Map()).set(this.agent, entry.at);
        this.done(frame, { at: entry.at });
        this.stream(conversation);
    }

    on_leave(frame) {
        const conversation = this.desk.conversations.get(frame.conversation);
        const { name } = this.desk.agents.get(this.agent);
        conversation.beside.delete(this.agent);
        this.desk.append(conversation, { kind: "agent", id: this.agent, name }, [{ kind: "participant", id: this.agent, name, active: false }]);
        this.helping.delete(frame.conversation);
        this.done(frame);
    }

    on_take_over(frame) {
        this.desk.takeAway(frame.conversation, this.agent);
        this.desk.assign(this.desk.conversations.get(frame.conversation));
        this.done(frame);
    }

    on_wrapped_up(frame) {
        this.send({ type: "wrap_up", conversation: frame.conversation, ends_in_ms: 0 });
        this.done(frame);
    }

    on_list_cases(frame) {
        if (!this.desk.agents.get(this.agent).supervisor) return this.fail(frame, "forbidden", "never");
        this.send({ type: "cases", id: frame.id, cases: this.desk.cases });
    }

    on_explain(frame) {
        this.send({ type: "explained", id: frame.id, conversation: frame.conversation, ...this.desk.explained });
    }

    on_ping(frame) {
        this.send({ type: "pong", id: frame.id });
    }

    on_logout() {
        this.send({ type: "bye", reason: "logout", retry_after_ms: 0 });
        this.end(1000);
    }

    on_set_presence(frame) {
        this.desk.setPresence(this.agent, frame.status);
        this.done(frame);
    }

    on_accept(frame) {
        const offer = this.desk.offers.get(frame.offer);
        if (!offer || offer.agent !== this.agent || offer.expires_at < this.desk.now()) return this.fail(frame, "no_such_offer", "never");
        this.desk.offers.delete(frame.offer);
        this.done(frame);
        this.desk.give(this.agent, offer.id);
    }

    on_decline(frame) {
        if (!this.desk.offers.has(frame.offer)) return this.fail(frame, "no_such_offer", "never");
        this.desk.withdraw(frame.offer);
        this.done(frame);
    }

    owned(frame) {
        const conversation = this.desk.conversations.get(frame.conversation);
        if (!conversation) return this.fail(frame, "unknown_conversation", "never"), null;
        if (conversation.beside?.get(this.agent) === frame.owner) return conversation;
        if (conversation.owner?.agent !== this.agent || conversation.owner.token !== frame.owner) return this.fail(frame, "fenced", "never"), null;
        if (conversation.closed) return this.fail(frame, "case_closed", "never"), null;
        return conversation;
    }

    on_send(frame) {
        const note = frame.visibility === "internal";
        const conversation = note ? this.desk.conversations.get(frame.conversation) : this.owned(frame);
        const answer = frame.reply_to ? { reply_to: frame.reply_to } : {};
        if (conversation) this.take(conversation, frame, { kind: note ? "note" : "message", body: frame.body, ...answer }, note);
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
        const conversation = this.desk.conversations.get(frame.conversation);
        const meant = conversation?.entries.find((entry) => entry.at === frame.target);
        if (!meant || (part.kind !== "reacted" && meant.author.id !== this.agent)) return this.fail(frame, "no_such_message", "never");
        this.take(conversation, frame, part, meant.visibility === "internal");
    }

    take(conversation, frame, said, note) {
        if (!conversation.lineages.has(frame.lineage)) conversation.lineages.set(frame.lineage, []);
        const sent = conversation.lineages.get(frame.lineage);
        const body = JSON.stringify(said);
        const before = sent.find((one) => one.n === frame.n);
        if (before) return before.body === body ? this.ack(frame, before.at) : this.fail(frame, "different_body", "never");
        const next = (sent.at(-1)?.n ?? 0) + 1;
        if (frame.n > next) return this.fail(frame, "resend", "resend", 0, { resend_from: next });
        const part = { ...said, lineage: frame.lineage, n: frame.n };
        const { name } = this.desk.agents.get(this.agent);
        const entry = this.desk.append(conversation, { kind: "agent", id: this.agent, name }, [part], { visibility: note ? "internal" : "public" });
        sent.push({ n: frame.n, body, at: entry.at });
        this.ack(frame, entry.at);
    }

    ack(frame, at) {
        this.send({ type: "ack", id: frame.id, conversation: frame.conversation, lineage: frame.lineage, n: frame.n, at, time_ms: this.desk.now() });
    }

    on_history(frame) {
        const { entries, id } = this.desk.conversations.get(frame.conversation);
        const to = frame.before ? entries.findIndex((entry) => entry.at === frame.before) + 1 : entries.length;
        const from = Math.max(0, to - Math.min(frame.limit ?? SHOWN, SHOWN));
        this.send({ type: "page", id: frame.id, conversation: id, entries: entries.slice(from, to), more: from > 0 });
        const words = this.desk.withPage; // are said in the same moment, once
        this.desk.withPage = null;
        if (words) this.desk.customerSays(id, words);
    }

    on_receipt(frame) {
        const conversation = this.desk.conversations.get(frame.conversation);
        const receipts = { type: "receipts", conversation: frame.conversation, who: { kind: "agent", id: this.agent }, delivered: frame.delivered, read: frame.read };
        conversation.readers.set(this.agent, receipts);
    }

    on_typing() {}

    on_close(frame) {
        const conversation = this.owned(frame);
        if (!conversation) return;
        const entry = this.desk.append(conversation, { kind: "agent", id: this.agent }, [{ kind: "case_closed", reason: frame.reason ?? "solved" }]);
        conversation.closed = frame.reason ?? "solved";
        this.send({ type: "released", conversation: conversation.id, reason: "closed" });
        this.done(frame, { at: entry.at });
    }

    on_callback_outcome(frame) {
        const conversation = this.owned(frame);
        if (!conversation) return;
        const author = { kind: "agent", id: this.agent }, { callback } = conversation;
        if (frame.reached) {
            conversation.callback = undefined;
            this.desk.append(conversation, author, [{ kind: "callback", reason: "reached" }]);
        } else {
            conversation.callback = { ...callback, attempts: (callback.attempts ?? 0) + 1 };
            const parts = [{ kind: "owner", owner: "none" }, { kind: "queued", reason: "not_reached" }, { kind: "callback", reason: "not_reached", callback: conversation.callback }];
            this.desk.append(conversation, author, parts);
            conversation.owner = null;
            this.send({ type: "released", conversation: conversation.id, reason: "requeued" });
        }
        this.done(frame);
    }

    on_reopen(frame) {
        const conversation = this.desk.conversations.get(frame.conversation);
        if (!conversation?.closed) return this.fail(frame, "case_open", "never");
        this.desk.append(conversation, { kind: "agent", id: this.agent }, [{ kind: "case_opened" }]);
        this.done(frame);
        if (this.desk.offersReopened) this.desk.offer(this.agent, conversation.id);
        else this.desk.give(this.agent, conversation.id);
    }

    on_transfer(frame) {
        const conversation = this.owned(frame);
        if (!conversation) return;
        if (frame.to_agent && !this.desk.agents.has(frame.to_agent)) return this.fail(frame, "no_such_agent", "never");
        this.desk.append(conversation, { kind: "agent", id: this.agent }, [{ kind: "queued", reason: "transfer", handoff: frame.handoff }]);
        conversation.owner = null;
        conversation.handoff = frame.handoff;
        this.send({ type: "released", conversation: conversation.id, reason: "transferred" });
        this.done(frame);
    }
}

/** The model behind a real port, with the agents' door. */
export class DeskServer extends ModelServer {
    constructor(root, desk = new ModelDesk()) {
        super(root, desk);
        this.desk = desk;
    }

    link(agent) {
        return `${this.url}desk/#code=${this.desk.code(agent)}`;
    }

    async session(request, response) {
        let text = "";
        for await (const piece of request) text += piece;
        const entrance = this.desk.enter(JSON.parse(text));
        response.writeHead(entrance ? 200 : 401, { "content-type": "application/json" });
        response.end(JSON.stringify(entrance ?? { error: { code: "unauthenticated", message: "The credential is not valid.", retry: "token" } }));
    }

    async serve(request, response) {
        const { pathname } = new URL(request.url, this.url);
        if (request.method === "POST" && pathname === "/v1/agents/sessions") return this.session(request, response);
        return super.serve(request, response);
    }
}
