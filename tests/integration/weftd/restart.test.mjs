// SPDX-License-Identifier: Apache-2.0
// A rolling restart costs a reconnect and nothing else; a changed configuration takes effect while Weft runs, and a bad
// one takes none.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { contactToken } from "../../../docs/reference/examples/token.mjs";
import { RawSocket } from "../../lib/raw_socket.mjs";
import { startWeftd, WEFT } from "../../lib/weftd.mjs";

const DIALOGUES = fileURLToPath(new URL("dialogues.jsonl", import.meta.url));
let weftd, up;

before(async () => {
    weftd = await startWeftd({ bots: [], timeouts: { drain_ms: 3000 } });
    up = join(weftd.dataDir, "up.json");
});
after(() => weftd?.stop());

const run = (...words) => new Promise((done) =>
    execFile(WEFT, words, (error, out, err) => done({ code: error?.code ?? 0, out, err })));

async function restartDuringReplay(broker, times) {
    const at = join(broker.dataDir, "up.json"), nodes = broker.up.nodes.length;
    const child = spawn(WEFT, ["replay", DIALOGUES, "--up", at, "--json", "--pace", "100"], { stdio: ["ignore", "pipe", "pipe"] });
    let out = "", words = "";
    child.stdout.on("data", (bytes) => { out += bytes; });
    const ended = new Promise((done) => child.on("close", done));
    await new Promise((done) => child.stderr.on("data", (bytes) => (words += bytes).includes("playing") && done()));
    for (let i = 0; i < times; i++) {
        const before = new Set(broker.up.nodes);
        const { code, out: said, err } = await run("restart", "--rolling", "--up", at);
        assert.equal(code, 0, err);
        assert.match(said, new RegExp(`node ${nodes} of ${nodes} is followed`));
        const after = JSON.parse(readFileSync(at, "utf8")).nodes;
        assert.deepEqual([after.length, after.filter((pid) => before.has(pid))], [nodes, []]);
    }
    assert.equal(await ended, 0, words);
    const result = JSON.parse(out.trim().split("\n").at(-1));
    assert.deepEqual([result.lost, result.duplicated, result.disordered, result.stuck], [0, 0, 0, 0]);
    assert.ok(result.reconnects > 0, out);
}

test("two rolling restarts during a replay: nothing lost, doubled or disordered", () => restartDuringReplay(weftd, 2));

test("a rolling restart of three nodes during a replay: the same", async () => {
    const several = await startWeftd({ bots: [], processes: 3, timeouts: { drain_ms: 3000 } });
    try {
        await restartDuringReplay(several, 1);
    } finally {
        await several.stop();
    }
});

test("clients are told when to come back, each at another time", async () => {
    const { tenant, signing_secret: secret } = await weftd.admin("POST", "/v1/admin/tenants", { name: "Rolling" });
    const sockets = await Promise.all(Array.from({ length: 8 }, () => RawSocket.open(weftd.wsUrl)));
    await Promise.all(sockets.map((socket, i) => socket.hello({ token: contactToken(secret, tenant, `crm-${i}`) })));
    const byes = sockets.map((socket) => socket.next(({ type }) => type === "bye"));
    assert.equal((await run("restart", "--rolling", "--up", up)).code, 0);
    const waits = (await Promise.all(byes)).map(({ reason, retry_after_ms: wait }) => (assert.equal(reason, "draining"), wait));
    assert.deepEqual(await Promise.all(sockets.map(({ ended }) => ended)), Array(8).fill(1001));
    assert.ok(new Set(waits).size > 1, JSON.stringify(waits));
});

const configure = (settings) => writeFileSync(weftd.configPath, JSON.stringify({ ...weftd.settings, ...settings }));

test("a reload takes effect on those who are connected", async () => {
    const { tenant, signing_secret: secret } = await weftd.admin("POST", "/v1/admin/tenants", { name: "Reload" });
    const socket = await RawSocket.open(weftd.wsUrl);
    const { lineage } = await socket.hello({ token: contactToken(secret, tenant, "crm-1") });
    let n = 0;
    const say = () => {
        socket.send({ type: "send", id: `s${++n}`, lineage, n, body: { kind: "text", text: "again" } });
        return socket.next(({ id }) => id === `s${n}`);
    };
    assert.equal((await say()).type, "ack");
    configure({ limits: { messages_per_min: 1 }, tenants: [...weftd.settings.tenants, { id: "newcomer", name: "New" }] });
    const { code, err } = await run("reload", "--up", up);
    assert.equal(code, 0, err);
    let answer;
    do answer = await say(); while (answer.type === "ack"); // until the nodes have read it
    assert.equal(answer.code, "rate_limited");
    socket.destroy();
    let status;
    do status = (await fetch(`${weftd.url}/v1/sessions`, { method: "POST", body: JSON.stringify({ tenant: "newcomer" }) })).status;
    while (status !== 200);
});

test("a bad file keeps the old one and names the line", async () => {
    writeFileSync(weftd.configPath, "data: .\nlimitz: {messages_per_min: 3}\n");
    const { code, err } = await run("reload", "--up", up);
    assert.equal(code, 1);
    assert.match(err, /weftd\.yaml:2:1: unknown setting 'limitz'.*nothing was changed/);
    process.kill(weftd.up.supervisor, "SIGHUP"); // past the command: the nodes refuse it as well
    while (!weftd.hasTold("node.reload_refused")) await new Promise((done) => setImmediate(done));
    assert.equal((await fetch(`${weftd.url}/readyz`)).status, 200);
    configure({ data: "/elsewhere" });
    assert.equal((await run("reload", "--up", up)).code, 0);
    while (!weftd.hasTold("node.reload_needs_restart node=0 setting=data")) await new Promise((done) => setImmediate(done));
});

test("a Weft that is not up cannot be reloaded or restarted", async () => {
    for (const words of [["reload"], ["restart", "--rolling"]]) {
        const { code, err } = await run(...words, "--up", "/nowhere/up.json");
        assert.equal(code, 2, err);
    }
    assert.equal((await run("restart", "--up", up)).code, 64);
});
