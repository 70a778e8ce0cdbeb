// SPDX-License-Identifier: Apache-2.0
// Routing from outside: what of a policy is refused and in which words, what an agent's record keeps, a case that nobody can
// take, a transfer to a queue, an agent out of schedule.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { enter, say } from "../../lib/session.mjs";
import { startWeftd, WEFT } from "../../lib/weftd.mjs";

let weftd, up;
const here = []; // who came in during a test
const post = async (path, body) => (await fetch(weftd.url + path, { method: "POST", body: JSON.stringify(body) })).json();
const agentRecord = (record) => weftd.admin("POST", "/v1/admin/tenants/demo/agents", record);
const policyOf = (tenant) => weftd.admin("GET", `/v1/admin/tenants/${tenant}/policy`);

function weft(...args) {
    const { status, stdout, stderr } = spawnSync(WEFT, args, { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
    return { code: status, words: stdout + stderr };
}

async function comeIn(session) {
    const welcome = await session.until(({ type }) => type === "welcome" || type === "error");
    here.push(session);
    assert.equal(welcome.type, "welcome", JSON.stringify(welcome));
    return Object.assign(session, { welcome, said: new Map() });
}

async function desk(id) {
    const { code } = await agentRecord({ id });
    const session = await comeIn(enter(weftd.wsUrl, (await post("/v1/agents/sessions", { code })).token));
    assert.equal((await session.ask({ type: "set_presence", status: "online" })).type, "done");
    return session;
}

async function customer() {
    const { token } = await post("/v1/sessions", { tenant: "demo" });
    return comeIn(enter(weftd.wsUrl, token));
}

before(async () => {
    weftd = await startWeftd({ bots: [] });
    up = join(weftd.dataDir, "up.json");
    await agentRecord({ id: "anna", name: "Anna", skills: [{ name: "parcels", level: 700 }], queues: ["default"], capacity: 3 });
    await agentRecord({ id: "ben", name: "Ben", skills: [{ name: "refunds" }], queues: ["money"], capacity: 3 });
});
// Also when a test fails: whoever stays takes the next one's cases, and it waits for ever.
afterEach(() => {
    for (const session of here.splice(0)) session.leave();
});
after(() => weftd?.stop());

// ---- policies ---------------------------------------------------------------------------------------------------

// [what, the text, what is said of it]
const BAD = [
    ["an unknown term", "weights:\n  charm: 5\n", ":2:3: unknown setting 'charm' in 'weights' (did you mean 'calm'?)"],
    ["a circle of overflows", "queues:\n  - {name: a, overflow: [b]}\n  - {name: b, overflow: [a after 5]}\n", ":2:5: 'a' overflows in a circle"],
    ["a negative weight", "channels: [{name: mail, weight: -3}]\n", ":1:33: 'channels[0].weight' must be a whole number, not '-3'"],
    ["hours that overlap", "queues:\n  - name: a\n    hours: [mon-fri 09:00-17:00, tue 16:00-18:00]\n", ":3:34: 'tue 16:00-18:00' overlaps hours that stand before it"],
];
const ASTROLOGY = "queues:\n  - name: stars\n    skills: [astrology]\n", NOBODY_HAS_IT = ":3:14: nobody has the skill 'astrology' that 'stars' needs";

test("a bad policy is refused with file, line and sentence, and the one before stays", async () => {
    const path = join(weftd.dataDir, "tried.yaml");
    const put = (text) => {
        writeFileSync(path, text);
        return weft("policy", "put", path, "--up", up, "--tenant", "demo");
    };
    assert.deepEqual(put("offer_ms: 60000\n").code, 0);
    for (const [what, text, sentence] of BAD) {
        const { code, words } = put(text);
        assert.notEqual(code, 0, what);
        assert.ok(words.includes(path + sentence), `${what}: ${words}`);
    }
    const { code, words } = put(ASTROLOGY);
    assert.notEqual(code, 0);
    assert.ok(words.includes(NOBODY_HAS_IT), words);
    assert.deepEqual((({ version, policy }) => ({ version, policy }))(await policyOf("demo")), { version: 1, policy: "offer_ms: 60000\n" });
});

test("a bad policy file changes nothing at a reload, and is told with its line", async () => {
    const other = await startWeftd({ bots: [] });
    const path = join(other.dataDir, "policy.yaml"), hears = (words) => until(() => other.hasTold(words));
    const inForce = () => other.admin("GET", "/v1/admin/tenants/demo/policy").catch(() => ({})); // a node that has just come
    const until = async (holds) => {
        while (!(await holds())) await new Promise((done) => setTimeout(done, 50));
    };
    try {
        writeFileSync(path, "offer_ms: 60000\n");
        other.settings.policy_file = "policy.yaml";
        await other.restart();
        await until(async () => (await inForce()).version === 1);
        for (const [, text, sentence] of BAD) {
            writeFileSync(path, text);
            await hears(`policy.yaml${sentence}`);
        }
        writeFileSync(path, ASTROLOGY);
        await hears(NOBODY_HAS_IT);
        assert.equal((await inForce()).policy, "offer_ms: 60000\n");
        await other.admin("POST", "/v1/admin/tenants/demo/agents", { id: "zoe", name: "Zoe", skills: [{ name: "astrology", level: 1 }] });
        await until(async () => (await inForce()).policy === ASTROLOGY); // now somebody has it
    } finally {
        await other.stop();
    }
});

// ---- agents -----------------------------------------------------------------------------------------------------

test("an agent's record keeps what is not said, and refuses what cannot be", async () => {
    const presence = async (session, id) => (await session.until(({ type, agent }) => type === "presence" && agent === id)).capacity;
    await agentRecord({ id: "carl", name: "Carl", capacity: 2, queues: ["night"], supervisor: true });
    await agentRecord({ id: "carl", capacity: 7 });
    const carl = await desk("carl");
    assert.equal(await presence(carl, "carl"), 7);
    await assert.rejects(agentRecord({ id: "carl", capacity: -1 }), /400.*capacity/);
    await assert.rejects(agentRecord({ id: "carl", channels: [{ name: "mail", weight: -1 }] }), /400.*weight/);
});

// ---- cases ------------------------------------------------------------------------------------------------------

test("a case that nobody can take is reported at once and offered to whoever is there; a transfer to a queue goes to its agents", { timeout: 600_000 }, async () => {
    const anna = await desk("anna"), ben = await desk("ben"), ada = await customer();
    await say(ada, "Where is my parcel?");
    const offer = await anna.until(({ type }) => type === "offer");
    assert.equal((await anna.ask({ type: "accept", offer: offer.offer })).type, "done");
    const { owner, conversation } = await anna.until(({ type }) => type === "assigned");
    assert.equal((await anna.ask({ type: "transfer", conversation, owner, handoff: { reason: "transferred", queue: "money" } })).type, "done");
    const second = await ben.until(({ type }) => type === "offer");
    assert.equal(second.conversation, conversation);
    assert.equal((await ben.ask({ type: "accept", offer: second.offer })).type, "done");
    const own = await ben.until(({ type }) => type === "assigned");
    assert.equal(anna.frames.filter(({ type }) => type === "offer").length, 1);

    const handoff = { reason: "transferred", queue: "stars", skills: [{ name: "astrology", must: true, level: 900 }] };
    assert.equal((await ben.ask({ type: "transfer", conversation, owner: own.owner, handoff })).type, "done");
    const third = await anna.until(({ type, offer: name }) => type === "offer" && name !== offer.offer); // in nobody's queue, with nobody's skill
    assert.equal(third.conversation, conversation);
    assert.match(readFileSync(join(weftd.dataDir, "weftd.log"), "utf8"), /case\.stranded .*queue=stars skill=astrology/);
});

test("an agent out of schedule is offered nothing until the shift begins", { timeout: 600_000 }, async () => {
    const put = (hours) => weftd.admin("POST", "/v1/admin/tenants/demo/policy", { policy: `shifts: [{name: night, hours: [${hours}]}]\n` });
    await put(""); // never
    await agentRecord({ id: "anna", shift: "night" });
    const anna = await desk("anna"), ada = await customer();
    await say(ada, "Is anybody there?");
    const { conversation } = await ada.until(({ type, position }) => type === "queue" && position > 0);
    const { version } = await put("sun-sat 00:00-24:00");
    await anna.until((frame) => frame.type === "offer" && frame.conversation === conversation);
    const log = weft("export-routing", "--up", up, "--tenant", "demo").words.trim().split("\n").flatMap((line) => JSON.parse(line).v);
    assert.deepEqual(log.filter(({ k, c }) => k === 6 && c === conversation).map(({ p }) => p), [version]); // not a moment before
    assert.deepEqual(log.filter(({ k }) => k === 21).map(({ sh, fl }) => [sh, fl]), [["night", 8], ["night", undefined]]);
});
