// SPDX-License-Identifier: Apache-2.0
// The acceptance tool is itself accepted: it finds nothing where nothing is wrong, also while everything is killed around
// it, and each planted fault is convicted.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ROOT, startWeftd, WEFT } from "../../lib/weftd.mjs";

const OWN = fileURLToPath(new URL("dialogues.jsonl", import.meta.url));
const REAL = join(ROOT, "../shared/data/dialogues/sgd_dev.jsonl");
const LIMIT = { timeout: 600_000 }, PACE = "600", BETWEEN_MS = 500;
const CLEAN = { lost: 0, duplicated: 0, disordered: 0, mismatched: 0, stuck: 0, misrouted: 0 };
let weftd;

before(async () => {
    weftd = await startWeftd({ bots: [] });
});
after(() => weftd?.stop());

// started: the first dialogues have begun.
function replay(file, ...more) {
    return replayOn(weftd, file, ...more);
}

function replayOn(broker, file, ...more) {
    const child = spawn(WEFT, ["replay", file, "--up", join(broker.dataDir, "up.json"), "--json", ...more], { stdio: ["ignore", "pipe", "pipe"] });
    let out = "", words = "";
    child.stdout.on("data", (bytes) => { out += bytes; });
    const started = new Promise((done) => child.stderr.on("data", (bytes) => {
        words += bytes;
        if (words.includes("playing")) done();
    }));
    const ended = new Promise((done) => child.on("close", (code, signal) => {
        const last = out.trim().split("\n").at(-1);
        done({ code, signal, words, result: last ? JSON.parse(last) : null });
    }));
    return { child, started, ended, tenant: () => /as tenant (\S+)/.exec(words)?.[1] };
}

function expectClean({ code, words, result }, dialogues, messages) {
    assert.equal(code, 0, words);
    const { lost, duplicated, disordered, mismatched, stuck, misrouted } = result;
    assert.deepEqual({ lost, duplicated, disordered, mismatched, stuck, misrouted }, CLEAN, words);
    assert.equal(result.dialogues, dialogues);
    if (messages) assert.equal(result.messages, messages);
    assert.ok(result.ack_ms_p50 > 0 && result.ack_ms_p99 >= result.ack_ms_p50);
    assert.ok(result.deliver_ms_p50 > 0 && result.deliver_ms_p99 >= result.deliver_ms_p50);
}

async function isGone(tenant) {
    const token = readFileSync(weftd.up.admin_token_file, "utf8").trim();
    const answer = await fetch(`${weftd.url}/v1/admin/tenants/${tenant}/conversations`, { headers: { authorization: `Bearer ${token}` } });
    return answer.status === 404;
}

test("every turn arrives once, in order, byte for byte; and the tenant is gone afterwards", async () => {
    const run = replay(OWN);
    expectClean(await run.ended, 5, 30);
    assert.ok(await isGone(run.tenant()));
});

for (const [how, sums] of [["lose", { lost: 3 }], ["double", { duplicated: 3 }], ["swap", { disordered: 3 }], ["mutate", { mismatched: 3 }]])
    test(`a planted fault is convicted, in all three views: ${how}`, async () => {
        const { code, result, words } = await replay(OWN, "--plant", how).ended;
        assert.equal(code, 1, words);
        for (const [name, least] of Object.entries(sums)) assert.ok(result[name] >= least, `${name}: ${JSON.stringify(result)}`);
        assert.equal(result.stuck, 0, words);
    });

test("a signal ends it, and the tenant is gone", async () => {
    const run = replay(OWN, "--pace", "60000");
    await run.started;
    run.child.kill("SIGINT");
    const { code, result } = await run.ended;
    assert.equal(code, 2);
    assert.equal(result, null);
    assert.ok(await isGone(run.tenant()));
});

// Each of `names` is killed once while dialogues are played, and others are played until all of them were: how much of one
// run a process takes to come back is the machine's.
async function killDuring(broker, names, play, isClean) {
    const left = [...names];
    while (left.length > 0) {
        const run = play();
        let isOver = false, kills = 0;
        run.ended.then(() => { isOver = true; });
        await run.started;
        for (; !isOver && left.length > 0; kills++) {
            await broker.kill(left.shift());
            await Promise.race([run.ended, pause(BETWEEN_MS)]); // let it get somewhere
        }
        const ended = await run.ended;
        isClean(ended);
        assert.ok(kills > 0, "it was over before the first kill");
    }
}

const isOwnClean = (ended) => expectClean(ended, 5, 30);

test("every turn arrives once while weftd, Redis and the keys are killed", LIMIT, async () => {
    await killDuring(weftd, ["weftd", "redis", "weftd", "keys"], () => replay(OWN, "--pace", PACE), (ended) => {
        isOwnClean(ended);
        assert.ok(ended.result.reconnects > 0);
    });
});

// Customers, agents and the bot are wherever the kernel put them.
for (const processes of [2, 3])
    test(`${processes} nodes: every turn arrives once, also while each of them is killed`, LIMIT, async () => {
        const several = await startWeftd({ bots: [], processes });
        try {
            isOwnClean(await replayOn(several, OWN).ended);
            const names = ["weftd", "weftd-1", "redis", `weftd-${processes - 1}`];
            await killDuring(several, names, () => replayOn(several, OWN, "--pace", PACE), isOwnClean);
        } finally {
            await several.stop();
        }
    });

test("real dialogues on two nodes, while everything is killed", { ...LIMIT, skip: existsSync(REAL) ? false : `${REAL} is not there` }, async () => {
    const several = await startWeftd({ bots: [], processes: 2 });
    try {
        await killDuring(several, ["weftd", "redis", "weftd-1", "keys"],
            () => replayOn(several, REAL, "--limit", "40", "--concurrency", "40", "--pace", "300"), (ended) => expectClean(ended, 40));
    } finally {
        await several.stop();
    }
});

test("what it cannot play is told with its line, and is no verdict", async () => {
    const path = join(weftd.dataDir, "bad.jsonl");
    writeFileSync(path, `${readFileSync(OWN, "utf8").split("\n")[0]}\n{"id": "x", "services": [], "turns": [{"who": "robot", "text": "hi"}]}\n`);
    const { code, words, result } = await replay(path).ended;
    assert.deepEqual([code, result], [2, null]);
    assert.match(words, /bad\.jsonl:2: a turn's 'who' is customer or agent/);
});
