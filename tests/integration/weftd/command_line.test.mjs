// SPDX-License-Identifier: Apache-2.0
// The command line against a real weftd: a customer and an agent talk from two terminals, and the operator's commands do
// what they say.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { RawSocket } from "../../lib/raw_socket.mjs";
import { startWeftd, WEFT } from "../../lib/weftd.mjs";

const PATIENCE_MS = 120_000;
let weftd, folder, up;

before(async () => {
    folder = mkdtempSync(join(tmpdir(), "weft-cli-"));
    weftd = await startWeftd({ bots: [] });
    up = join(weftd.dataDir, "up.json");
    await weftd.admin("POST", "/v1/admin/tenants/demo/agents", { id: "anna", name: "Anna Weber" });
});
after(async () => {
    await weftd?.stop();
    rmSync(folder, { recursive: true, force: true });
});

// A command at work: type lines, wait for words, see how it ends.
function start(...args) {
    const child = spawn(WEFT, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1", HOME: folder } });
    const said = { out: "", words: "" }, hopes = new Set();
    const hear = (stream, name) => stream.on("data", (bytes) => {
        said[name] += bytes;
        for (const hope of hopes) hope();
    });
    hear(child.stdout, "out");
    hear(child.stderr, "words");
    child.stdin.on("error", () => {});
    const ended = new Promise((done) => child.on("close", (code) => done({ code, ...said })));
    const until = (name, pattern) => new Promise((done, fail) => {
        const hope = () => {
            if (!pattern.test(said[name])) return;
            clearTimeout(timer);
            hopes.delete(hope);
            done(said[name]);
        };
        const timer = setTimeout(() => fail(new Error(`no ${pattern} in ${JSON.stringify(said)}`)), PATIENCE_MS);
        hopes.add(hope);
        hope();
    });
    return { ended, said, until, type: (line) => child.stdin.write(line + "\n"), end: () => child.stdin.end() };
}

const run = (...args) => {
    const command = start(...args);
    command.end();
    return command.ended;
};

test("a customer and an agent talk, across a restart, and the customer comes back", { timeout: 600_000 }, async () => {
    const state = join(folder, "state/ada");
    const agent = start("agent", "--up", up, "--agent", "anna");
    await agent.until("words", /you are online/);
    const chat = start("chat", "--up", up, "--state", state, "--name", "Ada");
    await chat.until("words", /connected/);
    assert.equal(statSync(state).mode & 0o777, 0o600);
    chat.type("Where is my parcel?");
    await agent.until("words", /an offer.*Ada/);
    agent.type("y");
    await agent.until("out", /Where is my parcel\?/);
    agent.type("In Lyon.");
    agent.type("/note She is in a hurry");
    await chat.until("out", /Anna Weber: In Lyon\./);
    await agent.until("words", /sent[^]*sent/);

    await weftd.kill("weftd");
    chat.type("And now?");
    await agent.until("out", /And now\?/);
    agent.type("Tomorrow.");
    await chat.until("out", /Anna Weber: Tomorrow\./);
    agent.type("/close solved");
    await chat.until("words", /the case is closed/);
    agent.type("/quit");
    assert.equal((await agent.ended).code, 0);
    chat.type("/quit");
    const { code, out } = await chat.ended;
    assert.equal(code, 0);
    assert.equal(out, "Anna Weber: In Lyon.\nAnna Weber: Tomorrow.\n"); // once each, and no note

    const again = await run("chat", "--up", up, "--state", state, "--wait", "0");
    assert.equal(again.code, 0, again.words);
    const back = start("chat", "--up", up, "--state", state);
    await back.until("out", /you: Where is my parcel\?\nAnna Weber: In Lyon\.\nyou: And now\?\nAnna Weber: Tomorrow\./);
    back.type("/quit");
    await back.ended;
});

test("words from others cannot steer the terminal", async () => {
    const chat = start("chat", "--up", up, "--state", join(folder, "steer"));
    await chat.until("words", /connected/);
    const agent = start("agent", "--up", up, "--agent", "anna");
    await agent.until("words", /online/);
    chat.type("\u009b2Jevil\u0085");
    await agent.until("words", /an offer/);
    agent.type("y");
    await agent.until("out", /evil/);
    assert.ok(!/[\u0080-\u009f]/.test(agent.said.out), JSON.stringify(agent.said.out));
    agent.type("/close");
    await agent.until("words", /chat 1: closed/);
    agent.type("/quit");
    chat.type("/quit");
    await Promise.all([agent.ended, chat.ended]);
});

test("tail and erase", async () => {
    const { conversations } = await weftd.admin("GET", "/v1/admin/tenants/demo/conversations");
    const { id } = conversations[0];
    const shown = await run("tail", id, "--up", up);
    assert.equal(shown.code, 0, shown.words);
    assert.match(shown.out, /customer[^\n]*: Where is my parcel\?/);
    assert.match(shown.out, /agent Anna Weber \(note\): She is in a hurry/);
    const lines = (await run("tail", id, "--up", up, "--json")).out.trim().split("\n").map((line) => JSON.parse(line));
    assert.ok(lines.every((entry) => entry.conversation === id && entry.parts.length > 0));
    assert.equal((await run("erase", id, "--up", up)).code, 64); // nobody to ask
    assert.equal((await run("erase", id, "--up", up, "--yes")).code, 0);
    const gone = await run("tail", id, "--up", up);
    assert.ok(!gone.out.includes("parcel"), gone.out);
    assert.equal((await run("tail", "0".repeat(id.length), "--up", up)).code, 1);
});

test("a link opens the desk once", async () => {
    const { code, out } = await run("link", "--up", up, "--agent", "anna");
    assert.equal(code, 0);
    const [, key] = /#code=(\w+)\n$/.exec(out);
    const enter = () => fetch(`${weftd.url}/v1/agents/sessions`, { method: "POST", body: JSON.stringify({ code: key }) });
    assert.equal((await enter()).status, 200);
    assert.equal((await enter()).status, 401);
    assert.equal((await run("link", "--up", up, "--agent", "nobody")).code, 1);
});

test("a token that the command signs is good, and inspect tells what it says", async () => {
    const { tenant, signing_secret: secret } = await weftd.admin("POST", "/v1/admin/tenants", { name: "Signed" });
    const file = join(folder, "secret");
    writeFileSync(file, secret + "\n");
    const { code, out } = await run("token", "new", "--secret-file", file, "--tenant", tenant, "--contact", "crm-42", "--name", "Ada");
    assert.equal(code, 0);
    const socket = await RawSocket.open(weftd.wsUrl);
    const welcome = await socket.hello({ token: out.trim() });
    assert.deepEqual([welcome.type, welcome.name, welcome.proven], ["welcome", "Ada", true]);
    socket.destroy();
    const shown = await run("token", "inspect", out.trim(), "--json");
    const claims = JSON.parse(shown.out);
    assert.deepEqual([shown.code, claims.tenant, claims.subject, claims.expired], [0, tenant, "x:crm-42", false]);
    assert.equal(claims.expires_s - claims.issued_s, 300);
    assert.equal((await run("token", "inspect", "nonsense")).code, 2);
    assert.equal((await run("token", "new", "--tenant", tenant)).code, 64);
});

test("config", async () => {
    const { code, out } = await run("config", "defaults");
    assert.equal(code, 0);
    const path = join(folder, "weftd.yaml");
    writeFileSync(path, out);
    const checked = await run("config", "check", path);
    assert.equal(checked.code, 0, checked.words);
    writeFileSync(path, "listen:\n  prt: 1\n");
    const bad = await run("config", "check", path);
    assert.equal(bad.code, 1);
    assert.match(bad.words, /weftd\.yaml:2:3: /);
    assert.equal((await run("config", "check", "/nowhere.yaml")).code, 2);
});

test("doctor is content with what runs, and not with what does not", { timeout: 600_000 }, async () => {
    const well = await run("doctor", "--up", up, "--json");
    assert.equal(well.code, 0, well.out);
    const findings = JSON.parse(well.out);
    assert.ok(findings.some(({ about, text, grade }) => about === "redis log" && text === "appendfsync is always" && grade === "ok"));
    const path = join(folder, "ill.yaml");
    writeFileSync(path, `data: ${folder}/ill\nredis: {log: {socket: ${folder}/nothing.sock}}\nlisten: {address: 0.0.0.0, port: ${new URL(weftd.url).port}}\n`);
    const ill = await run("doctor", "--config", path, "--json");
    assert.equal(ill.code, 1, ill.out);
    const bad = JSON.parse(ill.out).filter(({ grade }) => grade !== "ok");
    assert.deepEqual(bad.map(({ about }) => about).sort(), ["port", "redis log", "tenants", "tls"]);
    assert.ok(bad.every(({ fix }) => fix.length > 0));
});

test("help, and commands that are not there", async () => {
    const help = await run("--help");
    assert.equal(help.code, 0);
    for (const [, name] of help.out.matchAll(/^ {2}(\w+) /gm)) {
        const { code, out } = await run(name, "--help");
        assert.equal(code, 0);
        assert.match(out, new RegExp(`^Usage: weft ${name}`));
    }
    const near = await run("repaly");
    assert.equal(near.code, 64);
    assert.match(near.words, /did you mean 'replay'/);
    assert.equal((await run("chat")).code, 64);
    assert.equal((await run("chat", "--up", "/nowhere/up.json")).code, 2);
    assert.equal((await run("tail", "x", "--up", up, "--nonsense")).code, 64);
    assert.ok(!existsSync(join(folder, ".config")));
    assert.ok(readFileSync(up, "utf8").includes("ws_url"));
});
