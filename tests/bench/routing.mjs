// SPDX-License-Identifier: Apache-2.0
// What routing costs in a real weftd with its own Redis, every step durable (fsync `always`). One JSON object a run.
//
//   node routing.mjs assignments CASES AGENTS     a backlog is handed out: CASES wait, AGENTS come online at once; from
//                                                 then until the last agent was told of the last assignment
//   node routing.mjs offers AGENTS SHARE SECONDS  AGENTS of one chat each, busy to SHARE: from the moment at which a
//                                                 customer's message is due (whatever the server does) until an agent hears the offer
//
// WEFT_BUILD: the folder of the build. The people live in this process; their CPU time is told, too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "../../docs/reference/examples/websocket.mjs";
import { startWeftd } from "../lib/weftd.mjs";

const MANY = 1_000_000, AT_ONCE = 32, SERVICE_S = 10, TICKS = 100; // TICKS: of /proc, a second
const POLICY = "auto_accept: 0\ncontinuity_ms: 0\n";
const say = (text) => process.stderr.write(`${text}\n`);
const nap = (ms) => new Promise((done) => setTimeout(done, ms));
const exponential = (mean) => -mean * Math.log(1 - Math.random());

// ---- people -----------------------------------------------------------------------------------------------------

/** Keeps no frame: hear(frame) is told of each. ask(frame) is its answer. */
function enter(url, token, hear) {
    const answers = new Map();
    let count = 0;
    const put = (frame) => socket.send(JSON.stringify(frame));
    const ask = (frame, id = `${++count}`) => new Promise((done) => {
        answers.set(id, done);
        put({ ...frame, id });
    });
    const take = (text) => {
        const frame = JSON.parse(text), answered = answers.get(frame.id);
        if (answered) {
            answers.delete(frame.id);
            answered(frame);
        }
        hear(frame);
    };
    let open;
    const opened = new Promise((done) => { open = done; });
    const socket = connect(url, "weft.v1.json", { open: () => open(), message: take, close: () => {} });
    const welcome = opened.then(() => ask({ type: "hello", token }, "hello"));
    return { put, ask, welcome, leave: () => socket.break() };
}

/** So many at a time, until all are done. */
async function each(count, work) {
    let next = 0;
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, async () => {
        while (next < count) await work(next++);
    }));
}

async function open(policy) {
    const limits = ["messages_per_min", "agent_messages_per_min", "sessions_per_min_per_ip"].map((name) => [name, MANY]);
    const weftd = await startWeftd({
        bots: [], durability: "always", log: { level: "warn" },
        limits: { ...Object.fromEntries(limits), connections_max: 20_000, connections_per_ip_max: 20_000, conversations_hot_max: 40_000 },
    });
    for (;;) { // a node that has just come says "later"
        const answer = await weftd.admin("POST", "/v1/admin/tenants/demo/policy", { policy }).catch((error) => error);
        if (!(answer instanceof Error)) return weftd;
        assert.match(answer.message, /503/);
        await nap(100);
    }
}

const post = async (weftd, path, body) => {
    const answer = await fetch(weftd.url + path, { method: "POST", body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
};

async function agents(weftd, count, capacity, hear) {
    const all = new Array(count);
    await each(count, async (i) => {
        const { code } = await weftd.admin("POST", "/v1/admin/tenants/demo/agents", { id: `a${i}`, name: `Agent ${i}`, capacity });
        const { token } = await post(weftd, "/v1/agents/sessions", { code });
        const agent = enter(weftd.wsUrl, token, (frame) => hear(agent, frame));
        assert.equal((await agent.welcome).type, "welcome");
        all[i] = agent;
    });
    return all;
}

async function customer(weftd, hear = () => {}) {
    const { token } = await post(weftd, "/v1/sessions", { tenant: "demo" });
    const one = enter(weftd.wsUrl, token, hear), welcome = await one.welcome;
    assert.equal(welcome.type, "welcome", JSON.stringify(welcome));
    return Object.assign(one, { lineage: welcome.lineage, said: 0 });
}

const speak = (one) => one.ask({ type: "send", lineage: one.lineage, n: ++one.said, body: { kind: "text", text: "Where is my parcel?" } });

async function fetchText(weftd, path) {
    const token = readFileSync(weftd.up.admin_token_file, "utf8").trim();
    return (await fetch(weftd.url + path, { headers: { authorization: `Bearer ${token}` } })).text();
}

async function metric(weftd, name) {
    const text = await fetchText(weftd, "/v1/admin/metrics");
    return Number(new RegExp(`^weft_routing_${name}{tenant="demo"} (\\S+)`, "m").exec(text)[1]);
}

// ---- what it took -----------------------------------------------------------------------------------------------

const processS = (pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
};

function machineS() {
    const [user, nice, system, idle, wait, ...more] = readFileSync("/proc/stat", "utf8").split("\n", 1)[0].split(/ +/).slice(1).map(Number);
    return { busy: (user + nice + system + more[0] + more[1] + more[2]) / TICKS, all: (user + nice + system + idle + wait + more[0] + more[1] + more[2]) / TICKS };
}

function begin(weftd) {
    const { weftd: node, redis } = weftd.up.pids, own = process.cpuUsage(), machine = machineS();
    const before = { node: processS(node), redis: processS(redis), at: performance.now() };
    return () => {
        const now = machineS(), spent = process.cpuUsage(own), wall = (performance.now() - before.at) / 1000;
        const used = { weftd_cpu_s: processS(node) - before.node, redis_cpu_s: processS(redis) - before.redis, people_cpu_s: (spent.user + spent.system) / 1e6 };
        const strangers = now.busy - machine.busy - Object.values(used).reduce((sum, value) => sum + value, 0);
        const invalid = strangers > 0.1 * (now.all - machine.all) + 0.1 ? ["the machine was not quiet"] : [];
        for (const name of Object.keys(used)) used[name] = Number(used[name].toFixed(2));
        return { seconds: Number(wall.toFixed(3)), ...used, invalid };
    };
}

const percentile = (sorted, share) => Number((sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0).toFixed(2));

// ---- a backlog --------------------------------------------------------------------------------------------------

/** How many entries of the pool's log hold the assignments. */
async function batches(weftd) {
    const ASSIGNED = 17; // docs/reference/routing-export.md
    let count = 0;
    for (let from = 1; ;) {
        const lines = (await fetchText(weftd, `/v1/admin/tenants/demo/routing-log?from=${from}`)).split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
        if (lines.length === 0) return count;
        count += lines.filter(({ v }) => v.some(({ k }) => k === ASSIGNED)).length;
        from = 1 + Number.parseInt(lines.at(-1).at, 10);
    }
}

async function assignments(cases, count) {
    const weftd = await open(POLICY.replace("auto_accept: 0", "auto_accept: 1"));
    try {
        const told = new Set();
        let end;
        const all = new Promise((done) => { end = done; });
        const staff = await agents(weftd, count, Math.ceil(cases / count) + 1, (agent, { type, conversation }) => {
            if (type !== "assigned") return;
            told.add(conversation);
            if (told.size === cases) end();
        });
        say(`${count} agents are there; ${cases} customers come`);
        await each(cases, async () => {
            const one = await customer(weftd), answer = await speak(one);
            assert.equal(answer.type, "ack", JSON.stringify(answer));
            one.leave();
        });
        while (await metric(weftd, "waiting") < cases) await nap(50);
        const taken = begin(weftd);
        await Promise.all(staff.map((agent) => agent.ask({ type: "set_presence", status: "online" })));
        const late = setTimeout(() => { throw new Error(`only ${told.size} of ${cases} were assigned`); }, 120_000);
        await all;
        clearTimeout(late);
        const figures = taken();
        return {
            workload: "assignments", durability: "always", cases, agents: count, assignments_per_s: Math.round(cases / figures.seconds),
            pool_entries: await batches(weftd), capacity_breaches: await metric(weftd, "capacity_breaches_total"), ...figures,
        };
    } finally {
        await weftd.stop();
    }
}

// ---- offers -----------------------------------------------------------------------------------------------------

async function offers(count, share, seconds) {
    const weftd = await open(POLICY), rate = count * share / SERVICE_S, waits = [], due = new Map();
    const customers = [];
    let isCounting = false, isOver = false, refused = 0, latest = 0;
    const free = []; // customers who say nothing now
    const onAgent = (agent, frame) => {
        if (frame.type === "offer") {
            const told = due.get(frame.conversation);
            if (told?.isCounted) waits.push(performance.now() - told.at);
            due.delete(frame.conversation);
            agent.put({ type: "accept", id: `o${++latest}`, offer: frame.offer });
        } else if (frame.type === "assigned") {
            const { conversation, owner } = frame;
            setTimeout(() => isOver || agent.put({ type: "close", id: `c${++latest}`, conversation, owner, outcome: "solved" }), 1000 * exponential(SERVICE_S));
        } else if (frame.type === "released") {
            const one = customers.find((each) => each.conversation === frame.conversation);
            if (one) free.push(one);
        } else if (frame.type === "error") refused++;
    };
    try {
        const staff = await agents(weftd, count, 1, onAgent);
        await Promise.all(staff.map((agent) => agent.ask({ type: "set_presence", status: "online" })));
        say(`${count} agents are online; ${Math.round(rate)} customers a second`);
        await each(Math.ceil(count * share * 1.6), async () => {
            const one = await customer(weftd), welcome = await one.welcome;
            one.conversation = welcome.conversation;
            customers.push(one);
            free.push(one);
        });
        const speakNow = async (at) => {
            const one = free.shift();
            if (!one) return void refused++;
            due.set(one.conversation, { at, isCounted: isCounting });
            const answer = await speak(one);
            if (answer.type !== "ack") refused++;
        };
        const busy = [];
        let at = performance.now();
        const warmUntil = at + 2000 * SERVICE_S, until = warmUntil + 1000 * seconds;
        let taken = null, sampler;
        while (at < until) { // open loop: what is late counts from when it was due
            at += exponential(1000 / rate);
            const ahead = at - performance.now();
            if (ahead > 1) await nap(ahead);
            if (taken === null && at >= warmUntil) {
                isCounting = true;
                taken = begin(weftd);
                sampler = setInterval(() => metric(weftd, "utilisation").then((value) => busy.push(value)), 500);
            }
            speakNow(at);
        }
        const figures = taken();
        clearInterval(sampler);
        await nap(2000); // the last offers
        isOver = true;
        waits.sort((a, b) => a - b);
        const unanswered = [...due.values()].filter(({ isCounted }) => isCounted).length;
        return {
            workload: "offers", durability: "always", agents: count, arrivals_per_s: Number((waits.length / seconds).toFixed(1)),
            utilisation: Number((busy.reduce((sum, value) => sum + value, 0) / Math.max(busy.length, 1)).toFixed(3)),
            offer_p50_ms: percentile(waits, 0.5), offer_p99_ms: percentile(waits, 0.99), offer_p999_ms: percentile(waits, 0.999), offer_max_ms: percentile(waits, 1),
            offers: waits.length, not_offered: unanswered, refused, ...figures,
        };
    } finally {
        await weftd.stop();
    }
}

const [workload, ...numbers] = process.argv.slice(2);
const run = { assignments, offers }[workload];
assert.ok(run && numbers.length === run.length, "assignments CASES AGENTS · offers AGENTS SHARE SECONDS");
console.log(JSON.stringify(await run(...numbers.map(Number))));
process.exit(0); // the customers' sockets are of no use any more
