// SPDX-License-Identifier: Apache-2.0
// Why a case went to whom, told by the command line from the pool's log: `weft explain`, the policy file while Weft runs
// (watched, and read at SIGHUP), and `weft replay-routing` under another policy.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { enter, say } from "../../lib/session.mjs";
import { startWeftd, WEFT } from "../../lib/weftd.mjs";

const LIMIT = { timeout: 600_000 };
let weftd, up, policyFile, exported;
let declined, taken; // the conversations of two cases
const post = async (path, body) => (await fetch(weftd.url + path, { method: "POST", body: JSON.stringify(body) })).json();

function weft(...args) {
    const { status, stdout, stderr } = spawnSync(WEFT, args, { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
    return { code: status, out: stdout, words: stderr };
}

const explain = (request, ...more) => {
    const { code, out, words } = weft("explain", request, "--json", ...(more.length > 0 ? more : ["--up", up]));
    assert.equal(code, 0, words);
    return out.trim().split("\n").map((line) => JSON.parse(line));
};

async function comeIn(token) {
    const session = enter(weftd.wsUrl, token);
    const welcome = await session.until(({ type }) => type === "welcome" || type === "error");
    assert.equal(welcome.type, "welcome", JSON.stringify(welcome));
    return Object.assign(session, { welcome, said: new Map() });
}

async function desk(record, status = "online") {
    const { code } = await weftd.admin("POST", "/v1/admin/tenants/demo/agents", { capacity: 2, ...record });
    const session = await comeIn((await post("/v1/agents/sessions", { code })).token);
    assert.equal((await session.ask({ type: "set_presence", status })).type, "done");
    return session;
}

const done = async (session, frame) => assert.equal((await session.ask(frame)).type, "done");
const offerOf = (session, conversation) => session.until((frame) => frame.type === "offer" && frame.conversation === conversation);

/** A customer whom cleo, alone, takes: their conversation and cleo's ownership. */
async function takenBy(cleo) {
    const customer = await comeIn((await post("/v1/sessions", { tenant: "demo" })).token);
    await say(customer, "Where is my parcel?");
    const { conversation, offer } = await cleo.until(({ type, offer: name }) => type === "offer" && !cleo.seen.has(name));
    cleo.seen.add(offer);
    await done(cleo, { type: "accept", offer });
    return cleo.until((frame) => frame.type === "assigned" && frame.conversation === conversation);
}

const PARCELS = { reason: "transferred", skills: [{ name: "parcels", must: true }] };
const handOn = (cleo, { conversation, owner }) => done(cleo, { type: "transfer", conversation, owner, handoff: PARCELS });

before(async () => {
    weftd = await startWeftd({ bots: [] });
    up = join(weftd.dataDir, "up.json");
    policyFile = join(weftd.dataDir, "policy.yaml");
    writeFileSync(policyFile, "offer_ms: 60000\n");
    weftd.settings.policy_file = "policy.yaml";
    await weftd.restart();
});
after(() => weftd?.stop());

// ---- the policy file --------------------------------------------------------------------------------------------

const policy = () => weftd.admin("GET", "/v1/admin/tenants/demo/policy").catch(() => ({})); // a node that has just come
async function until(holds) {
    while (!(await holds())) await new Promise((next) => setTimeout(next, 50));
}

/** In one step, and as old and as long as the file that was there: its times do not tell that it is another one. */
function replaceUnseen(text) {
    const other = `${policyFile}.new`, { mtimeNs, size } = statSync(policyFile, { bigint: true });
    assert.equal(BigInt(text.length), size);
    assert.equal(mtimeNs % 1_000_000_000n, 0n);
    writeFileSync(other, text);
    utimesSync(other, Number(mtimeNs / 1_000_000_000n), Number(mtimeNs / 1_000_000_000n));
    renameSync(other, policyFile);
}

test("the policy file is watched, and read at SIGHUP", LIMIT, async () => {
    await until(async () => (await policy()).policy === "offer_ms: 60000\n");
    const { version } = await policy();
    writeFileSync(policyFile, "offer_ms: 61000\n");
    utimesSync(policyFile, 1_700_000_000, 1_700_000_000);
    await until(async () => (await policy()).policy === "offer_ms: 61000\n");
    assert.equal((await policy()).version, version + 1);
    replaceUnseen("offer_ms: 62000\n");
    process.kill(weftd.up.supervisor, "SIGHUP");
    await until(async () => (await policy()).policy === "offer_ms: 62000\n");
    assert.equal((await policy()).version, version + 2);
});

// ---- explain ----------------------------------------------------------------------------------------------------

test("explain tells candidates, terms, who was out and why, the runner-up and the policy", LIMIT, async () => {
    const cleo = Object.assign(await desk({ id: "cleo", name: "Cleo", skills: [{ name: "refunds" }] }), { seen: new Set() });
    const cases = [await takenBy(cleo), await takenBy(cleo)];
    [taken, declined] = cases.map(({ conversation }) => conversation);
    const ben = await desk({ id: "ben", name: "Ben", skills: [{ name: "parcels", level: 400 }] });
    const anna = await desk({ id: "anna", name: "Anna", skills: [{ name: "parcels" }] });
    await desk({ id: "dora", name: "Dora", skills: [{ name: "parcels" }] }, "away");
    await handOn(cleo, cases[0]);
    await done(anna, { type: "accept", offer: (await offerOf(anna, taken)).offer });
    await anna.until((frame) => frame.type === "assigned" && frame.conversation === taken);
    await handOn(cleo, cases[1]);
    await done(anna, { type: "decline", offer: (await offerOf(anna, declined)).offer });
    await done(ben, { type: "accept", offer: (await offerOf(ben, declined)).offer });
    await ben.until((frame) => frame.type === "assigned" && frame.conversation === declined);

    const [alone, second, third] = explain(declined);
    assert.deepEqual([alone.agent, second.agent, third.agent], ["cleo", "anna", "ben"]);
    const { version } = await policy();
    for (const decision of [alone, second, third]) {
        assert.deepEqual([decision.conversation, decision.policy, decision.chance], [declined, version, 1000]);
        const chosen = decision.candidates[0]; // the best one was taken, and the core says today what was recorded then
        assert.deepEqual([chosen.agent, chosen.verdict, chosen.terms], [decision.agent, "eligible", decision.recorded]);
        assert.equal(chosen.score, Object.values(chosen.terms).reduce((sum, value) => sum + value, 0));
    }
    const verdicts = ({ candidates }) => Object.fromEntries(candidates.map(({ agent, verdict }) => [agent, verdict]));
    assert.equal(second.agents, 4);
    assert.equal(second.candidates[1].agent, "ben"); // the runner-up, by skill
    assert.ok(second.candidates[1].terms.skill < second.candidates[0].terms.skill);
    assert.deepEqual(verdicts(second), { anna: "eligible", ben: "eligible", cleo: verdicts(second).cleo, dora: "not_online" });
    assert.match(verdicts(second).cleo, /excluded|lacks_skill/); // who hands it on, and cannot do it either
    assert.deepEqual([verdicts(third).anna, verdicts(third).ben], ["excluded", "eligible"]);
    const excluded = third.candidates.find(({ agent }) => agent === "anna");
    assert.ok(excluded.until_ms > third.time_ms);

    assert.deepEqual(explain(`${declined}:${second.request}`), [second, third]); // one request of the conversation
    const shown = weft("explain", declined, "--up", up, "--candidates", "1");
    assert.match(shown.out, /: anna {2}\(policy \d+, gap \d+ per mille, chance 1000 per mille, 4 agents\)\n {2}recorded: skill 1000/);
    assert.ok(!/ben .*eligible/.test(shown.out.split("\n\n")[1])); // one candidate a decision
    const nobody = weft("explain", "0".repeat(declined.length), "--up", up);
    assert.deepEqual([nobody.code, nobody.out], [1, ""]);
});

test("an exported log explains the same, without a server", LIMIT, async () => {
    const { code, out, words } = weft("export-routing", "--up", up);
    assert.equal(code, 0, words);
    exported = join(weftd.dataDir, "log.jsonl");
    writeFileSync(exported, out);
    assert.deepEqual(explain(declined, "--log", exported), explain(declined));
});

// ---- replay -----------------------------------------------------------------------------------------------------

test("a replay under another policy tells whose agent changes", LIMIT, () => {
    const replay = (text) => {
        const path = join(weftd.dataDir, "tried.yaml");
        writeFileSync(path, text);
        const { code, out, words } = weft("replay-routing", exported, "--policy", path, "--json");
        assert.equal(code, 0, words);
        return JSON.parse(out.trim().split("\n").at(-1));
    };
    const same = replay("offer_ms: 62000\n");
    assert.deepEqual([same.requests, same.changed_agent, same.changed_wait, same.changes], [4, 0, 0, []]);
    assert.equal(same.recorded.answered, 4);
    const blind = replay("offer_ms: 62000\nweights: {skill: 0}\n"); // then whoever was idle for longest: ben
    const change = blind.changes.find(({ request }) => request.startsWith(`${taken}:`));
    assert.deepEqual([change?.before.agent, change?.after.agent], ["anna", "ben"]);
    assert.ok(change.before.terms.includes("skill 1000") && !change.after.terms.includes("skill"));
    assert.equal(blind.requests, same.requests);
    assert.equal(blind.before.answered, same.before.answered);
});

test("a log or a policy that is none is refused with a sentence", () => {
    const bad = join(weftd.dataDir, "bad.yaml");
    writeFileSync(bad, "weights: {charm: 5}\n");
    const policyIsBad = weft("replay-routing", exported, "--policy", bad);
    assert.equal(policyIsBad.code, 2);
    assert.match(policyIsBad.words, /bad\.yaml:1:\d+: unknown setting 'charm'/);
    const logIsBad = weft("replay-routing", bad, "--policy", policyFile);
    assert.equal(logIsBad.code, 2);
    assert.match(logIsBad.words, /bad\.yaml/);
    assert.equal(weft("replay-routing", exported).code, 64);
    assert.equal(weft("explain", declined, "--log", bad).code, 2);
});
