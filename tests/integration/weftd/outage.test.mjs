// SPDX-License-Identifier: Apache-2.0
// Redis is gone: clients are told to send the same again, nothing is acknowledged, and all goes on when it is back.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, watch } from "node:fs";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { contactToken } from "../../../docs/reference/examples/token.mjs";
import { RawSocket } from "../../lib/raw_socket.mjs";
import { startWeftd } from "../../lib/weftd.mjs";

let redis, weftd, folder, tenant, secret;

// A Redis of our own, so that it stays away for as long as the test wants.
async function startRedis() {
    const socket = join(folder, "redis.sock");
    const args = ["--port", "0", "--unixsocket", socket, "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir", folder,
        "--daemonize", "no", "--loglevel", "warning"];
    rmSync(socket, { force: true });
    const there = new Promise((done) => {
        const watcher = watch(folder, () => existsSync(socket) && (watcher.close(), done()));
    });
    const child = spawn("redis-server", args, { stdio: "ignore" });
    child.gone = new Promise((done) => child.once("exit", done));
    await there;
    return child;
}

before(async () => {
    folder = mkdtempSync(join(tmpdir(), "weft-redis-"));
    redis = await startRedis();
    weftd = await startWeftd({ bots: [], redis: { log: { socket: join(folder, "redis.sock") } } });
    ({ tenant, signing_secret: secret } = await weftd.admin("POST", "/v1/admin/tenants", { name: "Outage" }));
});

after(async () => {
    await weftd?.stop();
    redis?.kill("SIGKILL");
    await redis?.gone;
    rmSync(folder, { recursive: true, force: true });
});

const inRedis = (...words) => new Promise((done, fail) =>
    execFile("redis-cli", ["-s", join(folder, "redis.sock"), ...words], (error, out) => (error ? fail(error) : done(out.trim()))));

const WORDS_BYTES = 5000;

/** From now on Redis has so much more than it may have. Not a little: what it has by itself goes up and down by some messages' size. */
async function overfill(bytes) {
    const used = Number(/used_memory:(\d+)/.exec(await inRedis("INFO", "memory"))[1]);
    await inRedis("CONFIG", "SET", "maxmemory", String(used - bytes));
}

test("a full Redis takes nothing new, says so, and still answers, repeats and erases", async () => {
    const socket = await RawSocket.open(weftd.wsUrl);
    const { lineage, conversation } = await socket.hello({ token: contactToken(secret, tenant, "crm-9") });
    let requests = 0;
    const ask = (frame) => {
        const id = `f${++requests}`;
        socket.send({ ...frame, id });
        return socket.next((message) => message.id === id);
    };
    const say = (n) => ask({ type: "send", lineage, n, body: { kind: "text", text: `${n} `.padEnd(WORDS_BYTES, "x") } });
    const acks = [];
    const sayUpTo = async (last) => {
        while (acks.length < last) acks.push(await say(acks.length + 1));
        assert.ok(acks.every(({ type }) => type === "ack"), JSON.stringify(acks.find(({ type }) => type !== "ack")));
    };
    await sayUpTo(20);

    await overfill(50 * WORDS_BYTES);
    const refused = await say(21);
    assert.deepEqual([refused.type, refused.code, refused.retry], ["error", "store_full", "later"], JSON.stringify(refused));
    assert.ok(refused.retry_after_ms > 0);
    assert.equal((await say(20)).at, acks[19].at);
    assert.equal((await ask({ type: "history", conversation, limit: 5 })).type, "page");
    const second = await RawSocket.open(weftd.wsUrl);
    assert.equal((await second.hello({ token: contactToken(secret, tenant, "crm-9") })).type, "welcome");
    second.destroy();

    await inRedis("CONFIG", "SET", "maxmemory", "0");
    await sayUpTo(21);
    const { entries } = await weftd.admin("GET", `/v1/admin/conversations/${conversation}/entries?limit=50`);
    const said = entries.flatMap(({ parts }) => parts).filter(({ kind, n }) => kind === "message" && n).map(({ n }) => n);
    assert.deepEqual(said, Array.from({ length: 21 }, (_, i) => i + 1));

    await sayUpTo(40); // more goes with them than is missing
    await overfill(20 * WORDS_BYTES);
    await weftd.admin("DELETE", `/v1/admin/conversations/${conversation}`);
    assert.equal(await socket.ended, 4403);
    await inRedis("CONFIG", "SET", "maxmemory", "0");
});

test("nothing is acknowledged while Redis is gone, and everything is kept once when it is back", async () => {
    const socket = await RawSocket.open(weftd.wsUrl);
    const { lineage, conversation } = await socket.hello({ token: contactToken(secret, tenant, "crm-1") });
    const say = (id, n) => {
        socket.send({ type: "send", id, lineage, n, body: { kind: "text", text: `message ${n}` } });
        return socket.next((message) => message.id === id);
    };
    assert.equal((await say("before", 1)).type, "ack");

    redis.kill("SIGKILL");
    await redis.gone;
    for (let i = 0; i < 3; i++) {
        const error = await say(`during ${i}`, 2);
        assert.deepEqual([error.type, error.code, error.retry], ["error", "store_unavailable", "same"], JSON.stringify(error));
    }
    const door = await fetch(`${weftd.url}/v1/sessions`, { method: "POST", body: JSON.stringify({ tenant }) });
    assert.equal(door.status, 503);
    assert.equal((await fetch(`${weftd.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${weftd.url}/readyz`)).status, 503);
    const stranger = await RawSocket.open(weftd.wsUrl);
    const refused = await stranger.hello({ token: contactToken(secret, tenant, "crm-2") });
    assert.equal(refused.retry, "same", JSON.stringify(refused));
    stranger.destroy();
    assert.equal(socket.messages.filter(({ type, n }) => type === "ack" && n === 2).length, 0);

    redis = await startRedis();
    let answer;
    for (let i = 0; answer?.type !== "ack"; i++) {
        assert.ok(i < 100, JSON.stringify(answer));
        answer = await say(`after ${i}`, 2);
        if (answer.type === "error") await new Promise((done) => setTimeout(done, answer.retry_after_ms));
    }
    assert.equal((await say("again", 2)).at, answer.at);
    await socket.next((message) => message.type === "entry" && message.at === answer.at);
    const { entries } = await weftd.admin("GET", `/v1/admin/conversations/${conversation}/entries`);
    const said = entries.flatMap(({ parts }) => parts).filter(({ kind, n }) => kind === "message" && n);
    assert.deepEqual(said.map(({ body }) => body.text), ["message 1", "message 2"]);
    socket.destroy();
});
