// SPDX-License-Identifier: Apache-2.0
// A customer who need not wait, with a whole weftd: agreed, gone, kept over a restart, offered to the agent who comes, tried, and
// ended by the customer's own words. The number is nowhere but in the sealed log.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { enter, say } from "../../lib/session.mjs";
import { startWeftd, WEFT } from "../../lib/weftd.mjs";

const POLICY = "queues: [{name: default, callback: [chat, phone], callback_attempts: 2, callback_window_ms: 3600000}]\n";
const NUMBER = "+4930777555333";
let weftd;
const post = async (path, body) => (await fetch(weftd.url + path, { method: "POST", body: JSON.stringify(body) })).json();

async function comeIn(token) {
    const session = enter(weftd.wsUrl, token);
    const welcome = await session.until(({ type }) => type === "welcome" || type === "error");
    assert.equal(welcome.type, "welcome", JSON.stringify(welcome));
    return Object.assign(session, { welcome, said: new Map() });
}

async function desk(id) {
    const { code } = await weftd.admin("POST", "/v1/admin/tenants/demo/agents", { id, name: "Anna" });
    const session = await comeIn((await post("/v1/agents/sessions", { code })).token);
    assert.equal((await session.ask({ type: "set_presence", status: "online" })).type, "done");
    return session;
}

async function take(anna, conversation, fits = () => true) {
    const offer = await anna.until((frame) => frame.type === "offer" && frame.conversation === conversation && fits(frame));
    assert.equal((await anna.ask({ type: "accept", offer: offer.offer })).type, "done");
    const assigned = await anna.until((frame) => frame.type === "assigned" && frame.conversation === conversation && fits(frame));
    return { offer, assigned };
}

function filesBelow(folder) {
    return readdirSync(folder, { withFileTypes: true }).flatMap((one) => {
        const path = join(folder, one.name);
        return one.isDirectory() ? filesBelow(path) : one.isFile() && statSync(path).size > 0 ? [path] : [];
    });
}

before(async () => {
    weftd = await startWeftd({ bots: [] });
    const put = () => weftd.admin("POST", "/v1/admin/tenants/demo/policy", { policy: POLICY }).then(() => true, (error) => {
        if (!/ 503 /.test(error.message)) throw error; // a node that has just come has not read the pool yet
        return new Promise((done) => setTimeout(done, 50, false));
    });
    while (!(await put()));
});
after(() => weftd?.stop());

test("agreed, gone, kept over a restart, offered, not reached, and back by the customer's own words", { timeout: 180_000 }, async () => {
    const { token } = await post("/v1/sessions", { tenant: "demo" });
    const ada = await comeIn(token), conversation = ada.welcome.conversation;
    await say(ada, "Where is my parcel?");
    const { ways, windows } = await ada.until(({ type, ways: some }) => type === "callback" && some);
    assert.deepEqual(ways, ["chat", "phone"]);
    assert.equal(windows.length, 12);
    for (const [wish, code] of [[{ channel: "email", address: "ada@example.org" }, "callback_not_offered"], [{ channel: "phone", address: "soon" }, "callback_bad_address"],
        [{ channel: "phone", address: NUMBER, from_ms: 1 }, "callback_outside_hours"]])
        assert.equal((await ada.ask({ type: "ask_callback", ...wish })).code, code);
    assert.equal((await ada.ask({ type: "ask_callback", channel: "phone", address: "+49 30 777-555-333" })).type, "done");
    const { agreed } = await ada.until(({ type, agreed: some }) => type === "callback" && some);
    assert.deepEqual(agreed, { channel: "phone", address: NUMBER });
    ada.leave();
    await weftd.restart();

    const anna = await desk("anna");
    const { offer, assigned } = await take(anna, conversation);
    const callback = { channel: "phone", address: NUMBER, attempts_max: 2 };
    assert.deepEqual(offer.callback, callback);
    assert.deepEqual(assigned.callback, callback);
    assert.equal((await anna.ask({ type: "callback_outcome", conversation, owner: assigned.owner, reached: false })).type, "done");
    await anna.until((frame) => frame.type === "released" && frame.conversation === conversation);

    const back = await comeIn(token);
    const again = await back.until(({ type, agreed: some }) => type === "callback" && some);
    assert.equal(again.agreed.attempts, 1);
    assert.ok(again.agreed.from_ms > again.agreed.attempts, "not before the next attempt");
    await say(back, "I am here now");
    const second = await take(anna, conversation, (frame) => frame.callback === undefined);
    assert.ok(second.offer.waiting_ms >= offer.waiting_ms, "the age stays");
    await back.until(({ type, parts }) => type === "entry" && parts.some(({ kind, reason }) => kind === "callback" && reason === "returned"));

    const admin = readFileSync(weftd.up.admin_token_file, "utf8").trim();
    const metrics = await (await fetch(weftd.url + "/v1/admin/metrics", { headers: { authorization: `Bearer ${admin}` } })).text();
    assert.match(metrics, /weft_routing_callbacks_total\{tenant="demo",event="not_reached"\} 1/);
    const log = spawnSync(WEFT, ["export-routing", "--up", join(weftd.dataDir, "up.json"), "--tenant", "demo"], { encoding: "utf8" });
    assert.equal(log.status, 0, log.stderr);
    assert.match(log.stdout, /callback_later/);
    for (const path of filesBelow(weftd.dataDir)) {
        const bytes = readFileSync(path);
        assert.ok(!bytes.includes(NUMBER) && !bytes.includes("777-555-333"), `the number lies open in ${path}`);
    }
    for (const session of [anna, back]) session.leave();
});
