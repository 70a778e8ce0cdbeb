// SPDX-License-Identifier: Apache-2.0
// Somebody with one socket, from hello on, who chooses the node that serves them.
//
//   const session = enter(url, token, { bot: … })        sends hello; more: further members of it
//   await session.until((frame) => …)                    the first frame that fits, also one that came already; fails
//                                                     after five minutes, and says what came instead
//   await session.ask({ type: "accept", offer })         its answer
//   await enterWhere(url, token, (node) => …)            welcomed by a node that fits: session.welcome
//   await say(session, "Hello", { owner })               an ack; fails on an error
import assert from "node:assert/strict";
import { connect } from "../../docs/reference/examples/websocket.mjs";

const PATIENCE_MS = 300_000; // a test that waits for ever would tell nobody what for

export function enter(url, token, more = {}) {
    const frames = [], hopes = [];
    const take = (frame) => {
        frames.push(frame);
        for (const hope of hopes) hope(frame);
    };
    const socket = connect(url, "weft.v1.json", {
        open: () => put({ type: "hello", id: "hello", token, ...more }),
        message: (text) => take(JSON.parse(text)),
        close: (code) => take({ type: "closed", code }),
    });
    const put = (frame) => socket.send(JSON.stringify(frame));
    const until = (fits, patience_ms = PATIENCE_MS) => new Promise((done, fail) => {
        const found = frames.find(fits);
        if (found) return done(found);
        const timer = setTimeout(() => fail(new Error(`in ${patience_ms / 1000} s nothing came that fits ${fits}; ` +
            `last came ${frames.slice(-3).map((frame) => JSON.stringify(frame).slice(0, 200)).join(", ") || "nothing"}`)), patience_ms);
        timer.unref(); // it keeps nobody from ending
        hopes.push((frame) => fits(frame) && (clearTimeout(timer), done(frame)));
    });
    let count = 0;
    const ask = (frame) => {
        const id = `${++count}`;
        put({ ...frame, id });
        return until((answer) => answer.id === id);
    };
    const texts = () => frames.filter(({ type }) => type === "entry").flatMap(({ parts }) => parts)
        .filter(({ body }) => body).map(({ body }) => body.text);
    return { frames, put, until, ask, texts, leave: () => socket.break() };
}

export const hasText = (text) => ({ type, parts }) => type === "entry" && parts.some(({ body }) => body?.text === text);

// The kernel chooses the node: ask again until it is one that will do. A node that has just come, or goes, says "later".
export async function enterWhere(url, token, fits, more) {
    for (;;) {
        const session = enter(url, token, more);
        const welcome = await session.until(({ id, type }) => id === "hello" || type === "closed");
        if (welcome.type === "error") assert.equal(welcome.code, "store_unavailable", JSON.stringify(welcome));
        if (welcome.type === "welcome" && fits(welcome.node)) return Object.assign(session, { welcome, said: new Map() });
        session.leave();
    }
}

export async function say(session, text, more = {}) {
    const n = 1 + (session.said.get(more.conversation) ?? 0);
    session.said.set(more.conversation, n);
    const answer = await session.ask({ type: "send", lineage: session.welcome.lineage, n, body: { kind: "text", text }, ...more });
    assert.equal(answer.type, "ack", JSON.stringify(answer));
    return answer;
}
