// SPDX-License-Identifier: Apache-2.0
// Files in a bucket, on two nodes: the same as in a folder, and what a store far away does to it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { peopleOf } from "../../lib/people.mjs";
import { SECRET, startStore } from "../../lib/s3_stand_in.mjs";
import { startWeftd, WEFT } from "../../lib/weftd.mjs";

const LIMIT = 4_000_000;
let folder, secretFile, store, weftd, people, tenant;

before(async () => {
    folder = mkdtempSync(join(tmpdir(), "weft-s3-"));
    secretFile = join(folder, "s3.secret");
    writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 });
    store = await startStore();
    weftd = await startWeftd({ bots: [], processes: 2, limits: { upload_bytes: LIMIT }, files: store.files(secretFile) });
    people = peopleOf(weftd);
    tenant = await people.makeTenant("Own");
});
after(async () => {
    await weftd?.stop();
    store?.stop();
    rmSync(folder, { recursive: true, force: true });
});

const keys = async (of) => Object.keys((await store.tell()).objects).filter((key) => key.includes(of));
function doctor() {
    try {
        return execFileSync(WEFT, ["doctor", "--config", weftd.configPath, "--json"], { encoding: "utf8" });
    } catch (error) {
        return error.stdout; // other checks may fail on a small machine
    }
}
const findings = () => JSON.parse(doctor()).filter((finding) => finding.about === "files");

test("a file goes into the bucket, is kept, comes out of it at either node, and goes with its message", async () => {
    const ada = await people.visitor(tenant), bytes = Buffer.alloc(3_000_000);
    for (let i = 0; i < bytes.length; i++) bytes[i] = i * 7 >> 3;
    const up = await people.upload(ada.token, bytes, "name=large.bin");
    assert.deepEqual([up.status, up.bytes], [201, bytes.length]);
    assert.deepEqual(await keys(ada.conversation), [`weft/loose/${ada.conversation}/${up.upload}`]);
    const ack = await ada.file(up.upload);
    assert.equal(ack.type, "ack");
    assert.deepEqual(await keys(ada.conversation), [`weft/kept/${ada.conversation}/${up.upload}`]);
    const { url } = await ada.shown(up.upload);
    for (let i = 0; i < 4; i++) assert.deepEqual(Buffer.from(await (await people.get(url)).arrayBuffer()), bytes);
    assert.equal((await ada.act({ type: "delete", target: ack.at })).type, "ack");
    assert.equal((await people.get(url)).status, 410);
    await weftd.admin("DELETE", `/v1/admin/conversations/${ada.conversation}`);
    assert.deepEqual(await keys(ada.conversation), []);
});

test("a store that is away, or full, is said to be, and words go on", async () => {
    const ada = await people.visitor(tenant), bytes = Buffer.alloc(200_000, "x");
    const code = async (answer) => { const { status, error } = await answer; return `${status} ${error?.code}`; };
    await store.tell("fault=full&verb=PUT&count=1");
    assert.equal(await code(people.upload(ada.token, bytes)), "507 store_full");
    await store.tell("fault=cut&verb=PUT&count=3");
    assert.equal(await code(people.upload(ada.token, bytes)), "503 store_unavailable");
    await store.tell("fault=none");
    assert.deepEqual(await keys(ada.conversation), []);
    const up = await people.upload(ada.token, bytes);
    await store.tell("fault=503&verb=HEAD&count=3");
    assert.equal((await ada.file(up.upload)).code, "store_unavailable");
    assert.equal((await ada.act({ type: "send", body: { kind: "text", text: "Hello" } })).type, "ack");
    assert.equal((await ada.file(up.upload)).type, "ack");
    const { url } = await ada.shown(up.upload);
    await store.tell("fault=503&verb=GET&count=3");
    assert.equal((await people.get(url)).status, 503);
    await store.tell("fault=cut&verb=GET&after=1&count=3"); // the head comes, the rest does not
    const broken = await people.get(url);
    assert.equal(broken.status, 200);
    await assert.rejects(broken.arrayBuffer()); // never taken for a whole file
    await store.tell("fault=none");
    assert.deepEqual(Buffer.from(await (await people.get(url)).arrayBuffer()), bytes);
});

test("the doctor looks into the bucket, and says what is wrong with it", async () => {
    assert.deepEqual(findings().map((finding) => finding.grade), ["ok"]);
    assert.deepEqual(await keys("probe"), []);
    writeFileSync(secretFile, "another\n");
    assert.match(JSON.stringify(findings()), /"fail".*cannot list \(403 SignatureDoesNotMatch\)/);
    writeFileSync(secretFile, `${SECRET}\n`);
});
