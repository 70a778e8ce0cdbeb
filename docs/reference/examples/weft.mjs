// SPDX-License-Identifier: Apache-2.0
// A client of Weft, written from protocol.md alone: one socket at a time, a cursor per conversation, an outbox, and
// the way back after every kind of break. A real one also keeps its outbox on the device, takes a new lineage when its
// own is refused (bad_lineage, different_body), and shows things.
//   const client = new Client("ws://127.0.0.1:8080/v1/socket", async () => token)
import { connect } from "./websocket.mjs";

export class Client {
    held = new Map();    // conversation -> its entries, in order
    sent = [];           // { conversation, n, body, …, at? }: not acked, and the last acked ones (for healing)
    counts = new Map();  // conversation -> the last n of our lineage there
    heldBack = new Map(); // of sent: they were told to wait, or stand behind one that was -> not before
    waiting = new Map(); // request id -> [resolve, reject]
    hopes = [];          // [test, resolve]: frames that somebody waits for
    frames = [];
    attempt = 0;
    nextId = 0;
    isOpen = false;

    // token: asked whenever no ticket opens the socket. hello: more members for it, such as `bot`.
    constructor(url, token, hello = {}) {
        Object.assign(this, { url, token, helloMore: hello });
        this.open();
    }
    async open() {
        let proof = { ticket: this.ticket };
        try {
            if (!this.ticket) proof = { token: await this.token() };
        } catch {
            return this.comeBack(1006); // no token to be had just now
        }
        const cursors = [...this.held].filter(([, entries]) => entries.length > 0)
            .map(([conversation, entries]) => ({ conversation, at: entries.at(-1).at }));
        this.socket = connect(this.url, "weft.v1.json", {
            open: () => this.put(this.hello = { type: "hello", id: "hello", ...proof, cursors, ...this.helloMore }),
            message: (text) => this.take(JSON.parse(text)),
            close: (code) => this.comeBack(code),
        });
    }
    comeBack(code) { // full jitter, and never before the server's own wish
        this.isOpen = false;
        for (const [, reject] of this.waiting.values()) reject(new Error("the line broke"));
        this.waiting.clear();
        if (code === 4401) this.ticket = undefined;
        if (this.isOver || [1000, 1003, 1007, 1009, 4400, 4403].includes(code)) return;
        if (this.welcomedAt && Date.now() - this.welcomedAt > 1_000) this.attempt = 0;
        this.welcomedAt = 0;
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
        Object.assign(this, { ticket: welcome.ticket, isOpen: true, welcomedAt: Date.now(), notBefore: 0 });
        this.heldBack.clear();
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
    onError({ id, code, retry, retry_after_ms = 500, resend_from }) {
        const again = retry === "same" || retry === "later", { socket } = this;
        if (id === "hello" && again) setTimeout(() => socket === this.socket && this.put(this.hello), retry_after_ms);
        const one = this.sent.find((sent) => sent.id === id);
        if (!one) return;
        if (code === "already_sent") return this.settle(one.conversation, this.lineage, one.n, "kept, somewhere");
        if (again) this.hold(one, retry_after_ms);
        else if (retry === "resend" && this.heldBack.has(this.first(one.conversation))) this.heldBack.set(one, 0);
        else if (retry === "resend") this.sendAgain((sent) => sent.conversation === one.conversation && sent.n >= resend_from);
        else this.drop(one);
    }

    // ---- what goes --------------------------------------------------------------------------------
    putSend(one) {
        this.heldBack.delete(one);
        this.put({ type: "send", lineage: this.lineage, ...one, at: undefined });
    }
    sendAgain(which) { for (const one of this.sent.filter(which)) this.putSend(one); }
    first(conversation) { return this.sent.find((one) => one.conversation === conversation && !one.at); }
    hold(one, ms) { // of all that are told to wait the first one tries again, alone; the next one follows its ack
        this.heldBack.set(one, Date.now() + ms);
        if (!(this.first(one.conversation)?.n < one.n)) this.release(one);
    }
    release(one) {
        const wait_ms = this.heldBack.get(one) - Date.now();
        if (wait_ms > 0) setTimeout(() => this.release(one), wait_ms);
        else if (this.heldBack.has(one) && this.isOpen) this.putSend(one);
    }
    say(conversation, text, more = {}) {
        const n = 1 + (this.counts.get(conversation) ?? 0);
        this.counts.set(conversation, n);
        const one = { id: `s${++this.nextId}`, conversation, n, body: { kind: "text", text }, ...more };
        this.sent.push(one);
        const acked = new Promise((...both) => { [one.done, one.failed] = both; });
        Object.defineProperties(one, { done: { enumerable: false }, failed: { enumerable: false } });
        if ([...this.heldBack.keys()].some((held) => held.conversation === conversation)) this.heldBack.set(one, 0);
        else if (this.isOpen) this.putSend(one);
        return acked;
    }
    settle(conversation, lineage, n, at) {
        const one = this.sent.find((sent) => lineage === this.lineage && sent.conversation === conversation && sent.n === n);
        if (one) {
            one.at = at, one.done(at);
            this.heldBack.delete(one);
            this.release(this.first(conversation));
        }
        const acked = this.sent.filter((sent) => sent.at);
        if (acked.length > 64) this.sent.splice(this.sent.indexOf(acked[0]), 1);
    }
    drop(one) { // refused for good: its number was not used, so the ones behind it move up
        this.sent = this.sent.filter((sent) => sent !== one);
        this.heldBack.delete(one);
        this.counts.set(one.conversation, this.counts.get(one.conversation) - 1);
        for (const later of this.sent) if (later.conversation === one.conversation && later.n > one.n) later.n--;
        one.failed(new Error("refused"));
        this.release(this.first(one.conversation));
    }
    stop() {
        this.isOver = true;
        this.socket.close();
    }
}
