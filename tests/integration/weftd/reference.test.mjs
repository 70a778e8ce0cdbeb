// SPDX-License-Identifier: Apache-2.0
// docs/reference/protocol.md is true: its clients play their story, its shell lines run, and what it says about
// known contacts and receipts holds.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { promisify } from "node:util";
import { contactToken } from "../../../docs/reference/examples/token.mjs";
import { Client } from "../../../docs/reference/examples/weft.mjs";
import { enter } from "../../lib/session.mjs";
import { ROOT, startWeftd } from "../../lib/weftd.mjs";

const run = promisify(execFile);
const REFERENCE = join(ROOT, "docs/reference");
let weftd, tenant, secret;

before(async () => { weftd = await startWeftd({ bots: [] }); });
beforeEach(async () => { // nobody waits in another test's queue
    ({ tenant, signing_secret: secret } = await weftd.admin("POST", "/v1/admin/tenants", { name: "Own" }));
});
after(() => weftd?.stop());

async function door(path, body) {
    const answer = await fetch(weftd.url + path, { method: "POST", body: JSON.stringify(body) });
    return answer.json();
}

const meet = (token) => {
    const session = enter(weftd.wsUrl, token);
    return { ...session, welcome: () => session.until(({ id }) => id === "hello") };
};
const known = (reference) => meet(contactToken(secret, tenant, reference, "Ada"));
const visit = async () => meet((await door("/v1/sessions", { tenant })).token);

test("the clients of the reference play their story", async () => {
    const story = await run(process.execPath, [join(REFERENCE, "examples/client.mjs"), join(weftd.dataDir, "up.json")]);
    assert.equal(story.stdout, "the story was played as written\n");
});

test("the client of the reference says each word once, through the death of the node and of Redis", async () => {
    const { token, conversation } = await door("/v1/sessions", { tenant });
    const client = new Client(weftd.wsUrl, async () => token), said = [], acks = [];
    const speak = (count) => {
        for (let i = 0; i < count; i++) {
            said.push(`word ${said.length}`);
            acks.push(client.say(conversation, said.at(-1)));
        }
        return acks.at(-1);
    };
    await client.until("welcome");
    await speak(8);
    for (const name of ["weftd", "redis"]) {
        const back = weftd.kill(name);
        speak(8);
        await back;
        await speak(8);
    }
    await Promise.all(acks);
    await client.until("entry", ({ parts }) => parts.some(({ body }) => body?.text === said.at(-1)));
    const heard = client.held.get(conversation).flatMap(({ parts }) => parts).filter(({ body }) => body);
    assert.deepEqual(heard.map(({ body }) => body.text), said);
    client.stop();
});

test("the shell lines of the reference run", async () => {
    const blocks = [...readFileSync(join(REFERENCE, "protocol.md"), "utf8").matchAll(/```sh\n(.*?)```/gs)];
    const script = blocks.map(([, lines]) => lines.replace(/^DATA=.*$/m, "").replaceAll("curl ", "curl --fail-with-body "));
    assert.ok(blocks.length > 8);
    await run("bash", ["-euo", "pipefail", "-c", script.join("echo\n")],
        { cwd: ROOT, env: { ...process.env, DATA: weftd.dataDir } });
});

test("a known contact has one conversation on every device, and after its erasure a new one", async () => {
    const phone = known("crm-1"), laptop = known("crm-1");
    const { conversation } = await phone.welcome();
    assert.equal((await laptop.welcome()).conversation, conversation);
    await weftd.admin("DELETE", `/v1/admin/conversations/${conversation}`);
    assert.equal((await phone.until(({ type }) => type === "closed")).code, 4403);
    const again = await known("crm-1").welcome(), twice = await known("crm-1").welcome();
    assert.equal(again.type, "welcome");
    assert.notEqual(again.conversation, conversation);
    assert.equal(twice.conversation, again.conversation);
});

test("a refused identify takes nobody's place", async () => {
    const visitor = await visit();
    await visitor.welcome();
    const token = (reference) => ({ type: "identify", token: contactToken(secret, tenant, reference) });
    const own = await visitor.ask(token("crm-2"));
    assert.equal((await visitor.ask(token("crm-3"))).code, "identity_taken");
    const other = await known("crm-3").welcome();
    assert.equal(other.type, "welcome");
    assert.notEqual(other.conversation, own.conversation);
    assert.equal((await known("crm-2").welcome()).conversation, own.conversation);
    const late = await visit();
    await late.welcome();
    assert.equal((await late.ask(token("crm-3"))).conversation, other.conversation);
});

test("an agent's receipt for a note is not told to the customer", async () => {
    const { code } = await weftd.admin("POST", `/v1/admin/tenants/${tenant}/agents`, { name: "Anna" });
    const agent = meet((await door("/v1/agents/sessions", { code })).token), customer = await visit();
    const { lineage } = await agent.welcome(), words = (text) => ({ body: { kind: "text", text } });
    await agent.ask({ type: "set_presence", status: "online" });
    const { conversation, lineage: theirs } = await customer.welcome();
    await customer.ask({ type: "send", lineage: theirs, n: 1, ...words("Hi") });
    await agent.ask({ type: "accept", offer: (await agent.until(({ type }) => type === "offer")).offer });
    const { owner } = await agent.until(({ type }) => type === "assigned");
    const note = await agent.ask({ type: "send", conversation, lineage, n: 1, visibility: "internal", ...words("Hm") });
    const said = await agent.ask({ type: "send", conversation, lineage, n: 2, owner, ...words("Hello") });
    agent.put({ type: "receipt", conversation, read: note.at });
    agent.put({ type: "receipt", conversation, read: said.at });
    const place = (name) => parseInt(name ?? "0");
    await customer.until(({ type, read }) => type === "receipts" && place(read) === place(said.at));
    assert.equal(JSON.stringify(customer.frames).includes(note.at.split("-")[1]), false);
    assert.ok(JSON.stringify(agent.frames).includes(note.at));
    agent.leave();
});
