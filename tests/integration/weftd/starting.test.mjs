// SPDX-License-Identifier: Apache-2.0
// What keeps weftd from starting is one clear sentence and an exit code of its own (docs/how-to/operate.md).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startWeftd, WEFTD } from "../../lib/weftd.mjs";

let weftd, folder;

before(async () => {
    folder = mkdtempSync(join(tmpdir(), "weft-start-"));
    weftd = await startWeftd({ bots: [] });
});
after(async () => {
    await weftd?.stop();
    rmSync(folder, { recursive: true, force: true });
});

// Runs weftd until it ends by itself.
function tryToStart(yaml, ...more) {
    const path = join(folder, "weftd.yaml");
    if (yaml !== null) writeFileSync(path, yaml);
    return new Promise((done) => {
        const child = spawn(WEFTD, yaml === null ? more : ["--config", path, ...more], { stdio: ["ignore", "pipe", "pipe"] });
        let words = "";
        child.stderr.on("data", (bytes) => { words += bytes; });
        child.on("close", (code) => done({ code, words }));
    });
}

function expectSentence({ code, words }, wanted, sentence) {
    assert.equal(code, wanted, words);
    assert.match(words, sentence);
    assert.equal(words.trim().split("\n").length, 1, `more than one sentence: ${words}`);
}

test("a second weftd on the same data", async () => {
    expectSentence(await tryToStart(`data: ${weftd.dataDir}\nlisten: {port: 0}\n`), 73, /another weftd \(process \d+\) already runs on the data in /);
    assert.equal((await fetch(`${weftd.url}/readyz`)).status, 200);
});

test("a port that is taken", async () => {
    const taken = net.createServer().listen(0, "127.0.0.1");
    await new Promise((done) => taken.once("listening", done));
    const { port } = taken.address();
    expectSentence(await tryToStart(`data: ${folder}/one\nlisten: {port: ${port}}\n`), 69, new RegExp(`port ${port} .* is taken`));
    taken.close();
});

test("the port of another weftd", async () => {
    const { port } = new URL(weftd.url);
    expectSentence(await tryToStart(`data: ${folder}/two\nlisten: {port: ${port}}\n`), 69, /is taken by another program/);
});

test("a data folder that cannot be written", async () => {
    writeFileSync(join(folder, "file"), "");
    expectSentence(await tryToStart(`data: ${folder}/file/data\n`), 74, /the data folder .*: Not a directory/);
});

test("an unknown setting is told with its line", async () => {
    expectSentence(await tryToStart(`data: ${folder}/three\nlistn:\n  port: 0\n`), 78, /weftd\.yaml:2:1: .*listn/);
});

test("a value out of its range is told with its line", async () => {
    expectSentence(await tryToStart(`data: ${folder}/three\nlisten:\n  port: 70000\n`), 78, /weftd\.yaml:3:9: /);
});

test("a configuration that is not there", async () => {
    expectSentence(await tryToStart(null, "--config", join(folder, "nowhere.yaml")), 78, /nowhere\.yaml/);
});

test("a command line that is not understood", async () => {
    const { code, words } = await tryToStart(null, "--nonsense");
    assert.equal(code, 64);
    assert.match(words, /Usage: weftd --config FILE/);
});
