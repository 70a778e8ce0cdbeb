// SPDX-License-Identifier: Apache-2.0
// A real weftd for a test: its own data folder, a free port, its own Redis, the shipped bot. Everything is told by
// up.json, which is followed by watching; everything is ended by its process id; the folder is removed.
//
//   const weftd = await startWeftd({ assets: "/built/web" });     settings of weftd.yaml over the standard ones here
//   weftd.up  .url  .wsUrl  .dataDir                               up.json as it is now, and what is in it
//   await weftd.admin("POST", "/v1/admin/tenants", { … })          an admin door's answer; throws when it refuses
//   weftd.processOf(welcome.node)                                  "weftd-1": the process of up.json that this node is
//   weftd.hasTold("session.slow")                                 whether its log says so
//   weftd.freeze("redis")                                          SIGSTOP: what is sent from now on is never answered
//   await weftd.kill("redis")                                      SIGKILL; comes back when another process is in its place
//   await weftd.restart()                                          an orderly stop, and a start on the same data and port
//   await weftd.stop()   .stop("SIGKILL")                          the end; all processes at once
//
// WEFT_BUILD: the folder of the build (default: build).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILD = resolve(ROOT, process.env.WEFT_BUILD ?? "build");
export const WEFTD = join(BUILD, "broker/weftd"), WEFT = join(BUILD, "broker/cli/weft");
const PATIENCE_MS = 120_000; // sanitizers and busy machines are slow

export const GUIDE = {
    name: "guide", tenant: "demo",
    command: [join(BUILD, "bots/guide/weft-guide"), "--knowledge", join(ROOT, "bots/guide/knowledge/demo.yaml")],
};

/** One demo tenant with the shipped bot; `bots: []` is a Weft without. masterKeyOf: the Weft whose store it shares.
 *  inFront(dataDir): words of a command that becomes weftd, as `unshare` does. */
export async function startWeftd(settings = {}, { masterKeyOf = null, inFront = () => [] } = {}) {
    return new Weftd(settings, masterKeyOf, inFront).start();
}

class Weftd {
    #child;
    #watcher;
    #waiting = new Map(); // who looks at up.json, and their timers

    constructor(settings, masterKeyOf, inFront) {
        this.dataDir = mkdtempSync(join(tmpdir(), "weft-data-"));
        if (masterKeyOf) {
            mkdirSync(join(this.dataDir, "keys"), { mode: 0o700 });
            cpSync(join(masterKeyOf.dataDir, "keys/master.key"), join(this.dataDir, "keys/master.key"));
        }
        this.configPath = join(this.dataDir, "weftd.yaml");
        this.command = [...inFront(this.dataDir), WEFTD, "--config", this.configPath];
        this.settings = {
            data: ".", listen: { address: "127.0.0.1", port: 0 },
            tenants: [{ id: "demo", name: "Demo" }], bots: [GUIDE], ...settings,
        };
        this.up = null;
    }

    get url() {
        return this.up.url;
    }

    get wsUrl() {
        return this.up.ws_url;
    }

    async start() {
        writeFileSync(this.configPath, JSON.stringify(this.settings)); // JSON is YAML too
        this.#watcher = watch(this.dataDir, () => this.#look());
        process.once("exit", this.#leave); // a test that ends early leaves nobody behind either
        try {
            await this.#launch();
        } catch (error) {
            this.#leave();
            throw error;
        }
        return this;
    }

    // What it supervises dies with it.
    #leave = () => {
        this.#child?.kill("SIGKILL");
        for (const timer of this.#waiting.values()) clearTimeout(timer);
        this.#watcher.close();
        rmSync(this.dataDir, { recursive: true, force: true });
    };

    async #launch() {
        assert.ok(existsSync(WEFTD), `${WEFTD} is not there: build it, or say where it is in WEFT_BUILD`);
        const log = openSync(join(this.dataDir, "weftd.log"), "a");
        this.#child = spawn(this.command[0], this.command.slice(1), { stdio: ["ignore", log, log] });
        closeSync(log);
        this.ended = new Promise((done) => this.#child.once("exit", (code, signal) => done(signal ?? code)));
        const early = this.ended.then((how) => { throw new Error(`weftd ended (${how}):\n${this.log()}`); });
        await Promise.race([this.until("up.json", (up) => up?.supervisor === this.#child.pid), early]);
        early.catch(() => {});
    }

    #look() {
        try {
            this.up = JSON.parse(readFileSync(join(this.dataDir, "up.json"), "utf8"));
        } catch {
            this.up = null;
        }
        for (const look of this.#waiting.keys()) look();
    }

    /** Until up.json is as wanted. */
    until(what, holds) {
        return new Promise((done, fail) => {
            const end = (settle, value) => {
                clearTimeout(timer);
                this.#waiting.delete(look);
                settle(value);
            };
            const look = () => holds(this.up) && end(done, this.up);
            const timer = setTimeout(() => end(fail, new Error(`not in time: ${what}\n${this.log()}`)), PATIENCE_MS);
            this.#waiting.set(look, timer);
            this.#look();
        });
    }

    #wholeLog() {
        return readFileSync(join(this.dataDir, "weftd.log"), "utf8");
    }

    hasTold(words) {
        return this.#wholeLog().includes(words);
    }

    /** Its end. */
    log() {
        return this.#wholeLog().split("\n").slice(-40).join("\n");
    }

    async admin(method, path, body) {
        const token = readFileSync(this.up.admin_token_file, "utf8").trim();
        const answer = await fetch(this.url + path, {
            method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await answer.text();
        assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
        return text === "" ? null : JSON.parse(text);
    }

    #pid(name) {
        const pid = this.up.pids[name];
        assert.ok(pid, `no process ${name} in ${JSON.stringify(this.up.pids)}`);
        return pid;
    }

    /** The nodes' ids, as in `welcome.node`, by their places: of each the last one that was ready. */
    nodes() {
        const told = this.#wholeLog().matchAll(/ node\.ready node=(\d+) .*id=(\w+)/g);
        return [...told].reduce((ids, [, place, id]) => Object.assign(ids, { [place]: id }), []);
    }

    /** The name in up.json of the process that `welcome.node` speaks of. */
    processOf(node) {
        const place = this.nodes().indexOf(node);
        assert.ok(place >= 0, `${node} is gone, or not ready yet:\n${this.log()}`);
        return place === 0 ? "weftd" : `weftd-${place}`;
    }

    /** Until it is killed it takes whatever is sent, and does nothing: what is in the air stays there. */
    freeze(name) {
        process.kill(this.#pid(name), "SIGSTOP");
    }

    /** As a crash: the process `name` of up.json is gone without a word. The supervisor puts another in its place. */
    async kill(name) {
        const gone = this.#pid(name);
        process.kill(gone, "SIGKILL");
        return this.until(`another ${name}`, (up) => up && up.pids[name] > 0 && up.pids[name] !== gone);
    }

    async restart() {
        const { port } = new URL(this.url);
        this.settings.listen = { ...this.settings.listen, port: Number(port) };
        writeFileSync(this.configPath, JSON.stringify(this.settings));
        await this.#end();
        await this.#launch();
    }

    async #end(signal = "SIGTERM") {
        this.#child.kill(signal);
        const late = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
        await this.ended;
        clearTimeout(late);
    }

    async stop(signal) {
        await this.#end(signal);
        process.off("exit", this.#leave);
        this.#leave();
    }
}
