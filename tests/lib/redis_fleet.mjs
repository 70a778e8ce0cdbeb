// SPDX-License-Identifier: Apache-2.0
// Masters, replicas and Sentinels of a test's own, on free ports of loopback; everything is ended by its process id.
//
//   const fleet = await startFleet({ log: 1, keys: 1 });        a master with so many replicas each, three Sentinels
//   fleet.settings("log")                                       what weftd.yaml says to reach it through the Sentinels
//   fleet.groups.log.servers[0]                                 the first master; then its replicas
//   await fleet.master("log")                                   the server that the Sentinels take for the master now
//   await server.ask("INFO", "replication")                     a Redis command
//   server.freeze()  server.thaw()  await server.kill()  await server.start()
//   await fleet.stop()
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const PATIENCE_MS = 120_000, LOOK_MS = 20;

const freePort = () => new Promise((done) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        server.close(() => done(port));
    });
});

/** Until it holds; what is looked at tells nobody by itself. */
export async function until(what, holds) {
    for (const end = Date.now() + PATIENCE_MS; ; await pause(LOOK_MS)) {
        const found = await holds();
        if (found) return found;
        assert.ok(Date.now() < end, `not in time: ${what}`);
    }
}

// One value of an answer: [value, where the next begins]; undefined: it is not all there yet.
function readValue(text, at) {
    const end = text.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const head = text.slice(at + 1, end), next = end + 2;
    if (text[at] === "$") {
        const len = Number(head);
        if (len < 0) return [null, next];
        return text.length < next + len + 2 ? undefined : [text.slice(next, next + len), next + len + 2];
    }
    if (text[at] !== "*") return [text[at] === "-" ? new Error(head) : head, next];
    const items = [];
    for (let place = next; ; ) {
        if (items.length >= Number(head)) return [items, place];
        const item = readValue(text, place);
        if (item === undefined) return undefined;
        items.push(item[0]);
        place = item[1];
    }
}

class Server {
    child = null;

    constructor(folder, port, lines, args = []) {
        Object.assign(this, { folder, port, args });
        mkdirSync(folder);
        this.path = join(folder, "redis.conf");
        writeFileSync(this.path, [`port ${port}`, "bind 127.0.0.1", `dir ${folder}`, `logfile ${folder}/server.log`, ...lines, ""].join("\n"));
    }

    async start() {
        this.child = spawn("redis-server", [this.path, ...this.args], { stdio: "ignore" });
        this.gone = new Promise((done) => this.child.once("exit", done));
        await until(`a Redis on ${this.port}`, () => this.ask("PING").then(() => true, () => false));
        return this;
    }

    ask(...words) {
        return new Promise((done, fail) => {
            let text = "";
            const wire = net.connect({ host: "127.0.0.1", port: this.port });
            wire.setTimeout(30_000, () => wire.destroy(new Error("no answer")));
            wire.on("error", fail);
            wire.on("close", () => fail(new Error("closed")));
            wire.on("data", (bytes) => {
                text += bytes.toString("latin1");
                const value = readValue(text, 0);
                if (value === undefined) return;
                if (value[0] instanceof Error) fail(value[0]);
                else done(value[0]);
                wire.destroy();
            });
            wire.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
        });
    }

    freeze() {
        this.child.kill("SIGSTOP");
    }

    thaw() {
        this.child.kill("SIGCONT");
    }

    async kill() {
        this.child?.kill("SIGKILL");
        await this.gone;
    }
}

class Fleet {
    groups = {};
    sentinels = [];

    constructor() {
        this.folder = mkdtempSync(join(tmpdir(), "weft-fleet-"));
        process.once("exit", this.#leave);
    }

    #all() {
        return [...Object.values(this.groups).flatMap(({ servers }) => servers), ...this.sentinels];
    }

    #leave = () => {
        for (const server of this.#all()) server.child?.kill("SIGKILL");
        rmSync(this.folder, { recursive: true, force: true });
    };

    async addGroup(name, replicas) {
        const servers = [];
        this.groups[name] = { servers };
        for (let i = 0; i <= replicas; i++) {
            const lines = ["save \"\"", "appendonly yes", "appendfsync always", "repl-diskless-sync-delay 0", "repl-timeout 5", "repl-ping-replica-period 1"];
            if (i > 0) lines.push(`replicaof 127.0.0.1 ${servers[0].port}`);
            servers.push(await new Server(join(this.folder, `${name}-${i}`), await freePort(), lines).start());
        }
        await until(`the replicas of ${name}`, async () =>
            (await servers[0].ask("INFO", "replication")).split("state=online").length === replicas + 1);
    }

    async addSentinels(count) {
        for (let i = 0; i < count; i++) {
            const lines = Object.entries(this.groups).flatMap(([name, { servers }]) => [`sentinel monitor ${name} 127.0.0.1 ${servers[0].port} 2`,
                `sentinel down-after-milliseconds ${name} 1500`, `sentinel failover-timeout ${name} 3000`]);
            this.sentinels.push(await new Server(join(this.folder, `sentinel-${i}`), await freePort(), lines, ["--sentinel"]).start());
        }
        for (const [name, { servers }] of Object.entries(this.groups))
            for (const sentinel of this.sentinels)
                await until("Sentinels that know each other", async () => (await sentinel.ask("INFO", "sentinel"))
                    .includes(`name=${name},status=ok,address=127.0.0.1:${servers[0].port},slaves=${servers.length - 1},sentinels=${count}`));
    }

    settings(name) {
        return { sentinels: this.sentinels.map(({ port }) => `127.0.0.1:${port}`), master: name };
    }

    async master(name) {
        const places = await Promise.all(this.sentinels.map((sentinel) => sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)));
        const ports = new Set(places.map(([, port]) => Number(port)));
        return ports.size === 1 ? this.groups[name].servers.find(({ port }) => ports.has(port)) : null;
    }

    /** Another than this one, which was lost, and all Sentinels agree. */
    failedOver(name, lost) {
        return until(`another master of ${name}`, async () => {
            const master = await this.master(name);
            return master && master !== lost && (await master.ask("INFO", "replication")).includes("role:master") ? master : null;
        });
    }

    async stop() {
        await Promise.all(this.#all().map((server) => server.kill()));
        process.off("exit", this.#leave);
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** groups: replicas by the master's name. */
export async function startFleet(groups, sentinels = 3) {
    const fleet = new Fleet();
    try {
        for (const [name, replicas] of Object.entries(groups)) await fleet.addGroup(name, replicas);
        if (sentinels > 0) await fleet.addSentinels(sentinels);
    } catch (error) {
        await fleet.stop();
        throw error;
    }
    return fleet;
}
