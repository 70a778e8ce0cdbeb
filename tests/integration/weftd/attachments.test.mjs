// SPDX-License-Identifier: Apache-2.0
// Files, over raw HTTP, on two nodes: what is taken, what is refused, who gets them, and what is left of them.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { connect as dial } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { peopleOf } from "../../lib/people.mjs";
import { startWeftd } from "../../lib/weftd.mjs";

const LIMIT = 300000, QUOTA = 900000;
const PNG = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(100000, "pixels")]);
let weftd, tenant, agent, enter, get, makeTenant, upload, visit;
const visitor = (of = tenant) => visit(of);

before(async () => {
    weftd = await startWeftd({ bots: [], processes: 2, limits: { upload_bytes: LIMIT, upload_bytes_per_contact: QUOTA } });
    ({ agent, enter, get, makeTenant, upload, visitor: visit } = peopleOf(weftd));
    tenant = await makeTenant("Own");
});
after(() => weftd?.stop());

function files(folder = join(weftd.dataDir, "files")) {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
        .map((one) => join(one.parentPath ?? one.path, one.name));
}

test("welcome tells how large a file may be, and how long words may be edited", async () => {
    const { limits } = (await visitor()).welcome;
    assert.deepEqual([limits.upload_bytes, limits.edit_ms, limits.text_bytes], [LIMIT, 900000, 8192]);
});

test("a file goes up, is said, is shown, comes down, and lies sealed on the disk", async () => {
    const ada = await visitor();
    const up = await upload(ada.token, PNG, `name=${encodeURIComponent("dir/Grüße & 100%.png")}`, { "Content-Type": "text/html" });
    assert.deepEqual([up.status, up.name, up.type, up.bytes], [201, "Grüße & 100%.png", "image/png", PNG.length]);
    assert.equal((await ada.file(up.upload)).type, "ack");
    const body = await ada.shown(up.upload);
    assert.deepEqual([body.name, body.type, body.bytes, body.kind], [up.name, "image/png", PNG.length, "file"]);
    const answer = await get(body.url);
    assert.equal(answer.status, 200);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), PNG);
    assert.equal(answer.headers.get("content-type"), "image/png");
    assert.match(answer.headers.get("content-disposition"), /^inline; filename\*=UTF-8''Gr%C3%BC%C3%9Fe%20%26%20100%25\.png$/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(answer.headers.get("content-security-policy"), "default-src 'none'; sandbox");
    assert.match(answer.headers.get("cache-control"), /private/);
    const head = await fetch(weftd.url + body.url, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("content-length")], [200, `${PNG.length}`]);
    for (const path of files()) assert.ok(!readFileSync(path).includes("pixels"), path);
    const records = await weftd.admin("GET", `/v1/admin/conversations/${ada.conversation}/entries`);
    assert.match(JSON.stringify(records), /\/v1\/files\//);
    for (let i = 0; i < 6; i++) { // whichever node answers
        const other = await enter(ada.token);
        const page = await other.ask({ type: "history", conversation: ada.conversation });
        const url = page.entries.flatMap((entry) => entry.parts).find((part) => part.body?.kind === "file").body.url;
        assert.equal((await get(url)).status, 200);
        other.leave();
    }
});

test("types come from the bytes, and what could run is never shown in place", async () => {
    const ada = await visitor();
    for (const [bytes, type] of [["<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "application/octet-stream"],
        ["<!doctype html><script>alert(1)</script>", "application/octet-stream"], ["%PDF-1.7\n", "application/pdf"],
        ["Just words.", "text/plain; charset=utf-8"], [Buffer.from("ffd8ffe000104a46", "hex"), "image/jpeg"]]) {
        const up = await upload(ada.token, bytes, "name=x.png", { "Content-Type": "image/png" });
        assert.deepEqual([up.status, up.type], [201, type]);
        await ada.file(up.upload);
        const answer = await get((await ada.shown(up.upload)).url);
        assert.equal(answer.headers.get("content-disposition").startsWith("attachment"), type !== "image/jpeg", type);
        assert.equal(answer.headers.get("content-type"), type);
        assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
        assert.equal(answer.headers.get("content-security-policy"), "default-src 'none'; sandbox");
        await answer.arrayBuffer();
    }
});

test("what is too large, empty, nobody's, or too much is refused", async () => {
    const ada = await visitor(), eve = await visitor(await makeTenant("Other"));
    const code = async (answer) => { const { status, error } = await answer; return `${status} ${error?.code}`; };
    assert.equal(await code(upload(ada.token, Buffer.alloc(LIMIT + 1))), "413 too_large");
    assert.equal(await code(upload(ada.token, "")), "400 bad_request");
    assert.equal(await code(upload("v4.public.forged", PNG)), "401 unauthenticated");
    assert.equal(await code(upload("", PNG)), "401 unauthenticated");
    assert.equal(await code(upload(ada.token, PNG, "name=a%01b")), "400 bad_request");
    assert.equal(await code(upload(ada.token, PNG, "name=a", { Origin: "https://evil.example" })), "403 bad_origin");
    assert.equal(await code(upload(ada.token, PNG, `name=a&conversation=${eve.conversation}`)), "404 unknown_conversation");
    const anna = await agent(tenant, "Anna");
    for (const other of [eve.conversation, ada.conversation, "nonsense", ""])
        assert.equal(await code(upload(anna.token, PNG, `name=a&conversation=${other}`)), "404 unknown_conversation", other);
    for (let i = 0; i < 3; i++) assert.equal((await upload(ada.token, Buffer.alloc(LIMIT - 10000, "x"))).status, 201);
    const over = await upload(ada.token, Buffer.alloc(LIMIT, "x"));
    assert.equal(`${over.status} ${over.error.code}`, "429 quota");
    assert.ok(over.error.retry_after_ms > 0);
    const ticket = await upload(eve.welcome.ticket, PNG);
    assert.equal(ticket.status, 201);
    assert.equal((await ada.file(ticket.upload)).code, "no_such_upload"); // of another conversation
    assert.equal((await ada.file("0".repeat(26))).code, "no_such_upload");
    assert.equal((await ada.file("../../etc/passwd")).code, "out_of_range");
});

test("an address that was forged, or bent to another file, opens nothing", async () => {
    const ada = await visitor();
    const [one, two] = [await upload(ada.token, "one"), await upload(ada.token, "two")];
    await ada.file(one.upload);
    await ada.file(two.upload);
    const url = (await ada.shown(one.upload)).url, other = (await ada.shown(two.upload)).url;
    assert.equal(await (await get(url)).text(), "one");
    const query = (text) => text.slice(text.indexOf("?"));
    for (const bent of [`/v1/files/${two.upload}${query(url)}`, url.replace(/until=\d+/, "until=99999999999999"), url.replace(/at=\d+/, "at=1"),
        url.replace(/.$/, (c) => c === "A" ? "B" : "A"), url.slice(0, -1), `/v1/files/${one.upload}`, `/v1/files/${one.upload}${query(other)}`,
        url.replace(/in=./, (c) => c === "in=0" ? "in=1" : "in=0")])
        assert.equal((await get(bent)).status, 403, bent);
});

test("a deleted message's file is gone, and so is an erased conversation's, on the disk too", async () => {
    const ada = await visitor();
    const [one, two] = [await upload(ada.token, "one"), await upload(ada.token, "two")];
    const ack = await ada.file(one.upload);
    await ada.file(two.upload);
    const url = (await ada.shown(one.upload)).url, other = (await ada.shown(two.upload)).url;
    await (await get(url)).text();
    assert.equal((await ada.act({ type: "delete", target: ack.at })).type, "ack");
    for (let i = 0; i < 6; i++) assert.equal((await get(url)).status, 410); // on either node
    assert.equal(await (await get(other)).text(), "two");
    const before = files().filter((path) => path.includes(ada.conversation)).length;
    assert.equal(before, 2);
    await weftd.admin("DELETE", `/v1/admin/conversations/${ada.conversation}`);
    assert.deepEqual(files().filter((path) => path.includes(ada.conversation)), []);
    for (let i = 0; i < 6; i++) assert.equal((await get(other)).status, 410);
});

test("half an upload leaves nothing", async () => {
    const ada = await visitor();
    const socket = dial(new URL(weftd.url).port, "127.0.0.1");
    socket.write(`POST /v1/uploads?name=half HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\nContent-Length: 200000\r\n\r\n`);
    socket.write(Buffer.alloc(150000, "h"));
    const mine = () => files().filter((path) => path.includes(ada.conversation));
    while (!mine().some((path) => path.endsWith(".part") && statSync(path).size > 100000)) await new Promise((turn) => setTimeout(turn, 20));
    socket.destroy();
    while (mine().length > 0) await new Promise((turn) => setTimeout(turn, 20));
});

test("an address ends after its time, with the error that every door gives", async () => {
    const short = await startWeftd({ bots: [], timeouts: { file_url_ms: 1000 } });
    try {
        const people = peopleOf(short), ada = await people.visitor(await people.makeTenant("Short"));
        const up = await people.upload(ada.token, "soon gone");
        await ada.file(up.upload);
        const { url } = await ada.shown(up.upload);
        let answer;
        do answer = await people.get(url); while (answer.status === 200 && await answer.text() === "soon gone");
        assert.equal(answer.status, 403);
        const { error } = await answer.json();
        assert.deepEqual([error.code, error.retry], ["forbidden", "never"]);
        assert.match(error.message, /expired/);
        do { // each look makes a new one
            const page = await ada.ask({ type: "history", conversation: ada.conversation });
            answer = await people.get(page.entries.flatMap((entry) => entry.parts).find((part) => part.body?.kind === "file").body.url);
        } while (answer.status === 403); // gone before it was asked for
        assert.equal(await answer.text(), "soon gone");
    } finally {
        await short.stop();
    }
});

test("an agent uploads into the case that is theirs, and the customer gets it", async () => {
    const ada = await visitor(), anna = await agent(tenant, "Anna");
    await ada.act({ type: "send", body: { kind: "text", text: "May I have the form?" } });
    await anna.ask({ type: "set_presence", status: "online" });
    const { offer, conversation } = await anna.until((frame) => frame.type === "offer" && frame.conversation === ada.conversation);
    await anna.ask({ type: "accept", offer });
    const { owner } = await anna.until((frame) => frame.type === "assigned");
    const up = await upload(anna.token, "%PDF-1.7 the form", `name=form.pdf&conversation=${conversation}`);
    assert.deepEqual([up.status, up.type], [201, "application/pdf"]);
    const answer = await anna.act({ type: "send", conversation, owner, body: { kind: "file", text: "form.pdf", upload: up.upload } });
    assert.equal(answer.type, "ack", JSON.stringify(answer));
    const { url } = await ada.shown(up.upload);
    assert.equal(await (await get(url)).text(), "%PDF-1.7 the form");
});

test("nobody gets past the limit by saying less, or nothing, of the length", async () => {
    const ada = await visitor();
    const first = (head, body) => new Promise((done) => {
        const socket = dial(new URL(weftd.url).port, "127.0.0.1");
        let heard = "";
        socket.on("data", (bytes) => heard += bytes).on("error", () => {}).on("close", () => done(heard));
        socket.write(`POST /v1/uploads?name=a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\n${head}\r\n\r\n`);
        socket.write(body);
    });
    const chunked = await first("Transfer-Encoding: chunked", `${(LIMIT * 2).toString(16)}\r\n${"x".repeat(1000)}`);
    assert.match(chunked, /^HTTP\/1\.1 4\d\d /);
    const longer = await first("Content-Length: 10", "x".repeat(LIMIT * 2)); // what follows is no part of it
    assert.ok(longer === "" || longer.includes('"bytes":10}'), longer);
    assert.ok(files().every((path) => !path.includes(ada.conversation) || statSync(path).size < 2000));
});
