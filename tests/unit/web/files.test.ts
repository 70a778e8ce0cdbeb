// SPDX-License-Identifier: Apache-2.0
// Files on their way up: the upload as a function, and the tray that several of them wait in until they are sent.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Session, Tray, WeftError, fileBody, freshUrl, ticketOf, upload, type Uploaded, type UploadOptions } from "../../../broker/web/client/index.ts";
import { World } from "./world.ts";

// What of XMLHttpRequest the upload uses; the test answers.
class Request {
    static all: Request[] = [];
    upload: { onprogress: (event: { loaded: number }) => void } = { onprogress: () => {} };
    onload = (): void => {};
    onerror = (): void => {};
    onabort = (): void => {};
    status = 0;
    responseText = "";
    url = "";
    head = "";
    body: unknown;

    open(_: string, url: string): void { this.url = url; }
    setRequestHeader(_: string, value: string): void { this.head = value; }
    send(body: unknown): void {
        this.body = body;
        Request.all.push(this);
    }
    abort(): void { this.onabort(); }
    answer(status: number, text: string): void {
        Object.assign(this, { status, responseText: text });
        this.onload();
    }
}

const settle = (): Promise<void> => new Promise((done) => setImmediate(done));
const file = (name: string, size = 10): File => new File([new Uint8Array(size)], name);
const sent: Uploaded = { upload: "u1", name: "a b.pdf", type: "application/pdf", bytes: 10 };

beforeEach(() => {
    Request.all = [];
    (globalThis as any).XMLHttpRequest = Request;
    (globalThis as any).File ??= class extends Blob { constructor(parts: BlobPart[], readonly name: string) { super(parts); } };
});
afterEach(() => { delete (globalThis as any).XMLHttpRequest; });

async function begin(more: Partial<UploadOptions> = {}) {
    const asked: boolean[] = [];
    const token = async (refused: boolean): Promise<string> => { asked.push(refused); return `t${asked.length}`; };
    const outcome = upload(file("a b.pdf"), { url: "https://chat.example/at/", token, ...more });
    outcome.catch(() => {});
    await settle();
    return { outcome, asked, request: Request.all[0]! };
}

test("an upload names the file, carries the token, tells how far it is, and ends with what the server found", async () => {
    const seen: number[] = [];
    const { outcome, request } = await begin({ conversation: "c1", onProgress: (bytes) => seen.push(bytes) });
    assert.equal(request.url, "https://chat.example/at/v1/uploads?name=a%20b.pdf&conversation=c1");
    assert.equal(request.head, "Bearer t1");
    request.upload.onprogress({ loaded: 5 });
    request.answer(201, JSON.stringify(sent));
    assert.deepEqual(await outcome, sent);
    assert.deepEqual(seen, [5]);
    assert.deepEqual(fileBody(sent), { kind: "file", text: "a b.pdf", ...sent });
});

test("a token that no longer opens is replaced once", async () => {
    const { outcome, asked, request } = await begin();
    const refusal = JSON.stringify({ error: { code: "token_expired", message: "", retry: "token" } });
    request.answer(401, refusal);
    await settle();
    assert.deepEqual(asked, [false, true]);
    Request.all[1]!.answer(401, refusal);
    await assert.rejects(outcome, { code: "token_expired" });
    assert.equal(Request.all.length, 2);
});

test("refused, broken, cancelled, and answered by somebody else: each its own code", async () => {
    const endings: [string, (request: Request, stop: AbortController) => void][] = [
        ["too_large", (request) => request.answer(413, JSON.stringify({ error: { code: "too_large", message: "", retry: "never" } }))],
        ["too_large", (request) => request.answer(413, "<html>nginx</html>")],
        ["disconnected", (request) => request.answer(502, "<html>Bad Gateway</html>")],
        ["disconnected", (request) => request.onerror()],
        ["cancelled", (_, stop) => stop.abort()],
    ];
    for (const [code, end] of endings) {
        Request.all = [];
        const stop = new AbortController();
        const { outcome, request } = await begin({ signal: stop.signal });
        end(request, stop);
        await assert.rejects(outcome, { code });
    }
    const { outcome } = await begin({ signal: AbortSignal.abort() });
    await assert.rejects(outcome, { code: "cancelled" });
});

interface Run { name: string; done: (value: Uploaded) => void; fail: (error: WeftError) => void; options: Pick<UploadOptions, "onProgress" | "signal"> }

function stage(limit: number | undefined = 100) {
    const runs: Run[] = [];
    let changes = 0;
    const tray = new Tray({
        upload: (one, options) => new Promise((done, fail) => runs.push({ name: one.name, done, fail, options })),
        limit: () => limit, changed: () => { changes += 1; },
    });
    return { tray, runs, changes: () => changes, states: () => tray.items.map((one) => one.error ?? (one.ready ? "ready" : "open")) };
}

test("three go up at a time; what is ready is taken once, in its order", async () => {
    const { tray, runs, states } = stage();
    tray.add([1, 2, 3, 4].map((n) => file(`${n}`)));
    assert.deepEqual(runs.map(({ name }) => name), ["1", "2", "3"]);
    runs[1]!.done({ ...sent, upload: "two" });
    await settle();
    assert.deepEqual(runs.map(({ name }) => name), ["1", "2", "3", "4"]);
    runs[0]!.done({ ...sent, upload: "one" });
    await settle();
    assert.deepEqual(states(), ["ready", "ready", "open", "open"]);
    assert.deepEqual(tray.take().map((one) => one.upload), ["one", "two"]);
    assert.deepEqual(tray.take(), []);
    assert.equal(tray.busy, true);
});

test("what cannot be taken is said before a byte has left; ten at most", () => {
    const { tray, runs, states } = stage();
    tray.add([file("large", 101), file("empty", 0), file("good", 100)]);
    assert.deepEqual(states(), ["too_large", "empty", "open"]);
    assert.deepEqual(runs.map(({ name }) => name), ["good"]);
    tray.add(Array.from({ length: 9 }, (_, n) => file(`${n}`)));
    assert.equal(tray.items.length, 10);
    assert.equal(tray.full, true);
    const closed = stage(0);
    closed.tray.add([file("any")]);
    assert.deepEqual(closed.states(), ["unsupported"]);
});

test("broken: it waits for a second try; refused for a moment: it is tried by itself; taken away: it is cancelled", async () => {
    const { tray, runs, states } = stage();
    tray.add([file("a"), file("b")]);
    runs[0]!.fail(new WeftError("disconnected", "", "same"));
    runs[1]!.fail(new WeftError("busy", "", "same", 1));
    await settle();
    assert.deepEqual(states(), ["disconnected", "open"]);
    assert.equal(tray.failed, true);
    while (runs.length < 3) await settle();
    assert.equal(runs[2]!.name, "b");
    tray.retry(tray.items[0]!);
    assert.equal(runs[3]!.name, "a");
    tray.remove(tray.items[1]!);
    assert.equal(runs[2]!.options.signal!.aborted, true);
    runs[3]!.done(sent);
    await settle();
    assert.deepEqual(states(), ["ready"]);
    tray.add([file("c")]);
    runs[4]!.fail(new WeftError("quota", "", "later", 3_600_000));
    await settle();
    assert.deepEqual(states(), ["ready", "quota"], "an hour is not waited for");
});

test("the session's ticket opens the door; one that is refused is replaced by coming back; addresses are asked for anew", async () => {
    const world = new World(3);
    const session = new Session({ url: "ws://x/v1/socket", token: async () => "token.ada", client: { name: "test", version: "1" }, role: "customer", environment: world });
    const waits = ticketOf(session)(false);
    session.connection.start();
    await world.pass(1_000);
    const first = await waits;
    assert.equal(first, session.welcome!.ticket);
    const second = ticketOf(session)(true);
    await world.pass(2_000);
    assert.notEqual(await second, first);
    const conversation = world.broker.conversation("ada");
    const entry = world.broker.say(conversation, { kind: "agent", id: "a" }, { ...fileBody(sent), url: "/v1/files/u1?new" });
    await world.pass(100);
    const asked = freshUrl(session, "ada", entry.at, "u1");
    await world.pass(500);
    assert.equal(await asked, "/v1/files/u1?new");
    const gone = freshUrl(session, "ada", entry.at, "u2");
    gone.catch(() => {});
    await world.pass(500);
    await assert.rejects(gone, { code: "not_found" });
    session.connection.stop();
});
