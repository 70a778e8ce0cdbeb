// SPDX-License-Identifier: Apache-2.0
// The life of a message over a real weftd: what a customer does to their words an agent sees at once, and the other way round;
// a page that is loaded again shows the same.
// And its death: a conversation that a failover took back whole, with its birth.
//   node --test tests/browser/life.test.mjs      (a build of weftd in WEFT_BUILD)
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as desk from "./lib/desk.mjs";
import { JourneyStage } from "./lib/journey_stage.mjs";
import { bubble, open, settled, write } from "./lib/widget.mjs";

const stage = new JourneyStage();

before(() => stage.open());
after(() => stage.close());

async function customerDoes(page, text, ...names) {
    const row = page.locator("weft-chat .row").filter({ has: page.locator(".bubble", { hasText: text }) });
    await row.hover();
    await row.locator(".more").click();
    for (const name of names) await page.locator("weft-chat [role=menu] button", { hasText: name }).click();
}

async function agentDoes(page, text, ...names) {
    const row = page.locator(".row").filter({ has: page.locator(".bubble", { hasText: text }) });
    await row.hover();
    await row.locator(".more").click();
    for (const name of names) await page.locator("[role=menu] button", { hasText: name }).click();
}

test("a customer and an agent edit, delete, react and reply", async () => {
    const ben = await stage.agent("ben", "Ben Okafor", ["returns", "parcels", "products", "general"]);
    await desk.goOnline(ben);
    const ada = await stage.customer("ada", "ada-1", "Ada Bellini");
    await open(ada);
    await write(ada, "I want to talk to a person, please");
    await desk.accept(ben);
    await write(ada, "My ordre is 4711");
    await write(ada, "My card is 4111 1111");
    await settled(ada, 3);
    await desk.said(ben, "4111").waitFor();

    await customerDoes(ada, "ordre", "Edit");
    await ada.locator("weft-chat .edit textarea").fill("My order is 4711");
    await ada.locator("weft-chat .edit textarea").press("Enter");
    await desk.said(ben, "My order is 4711").waitFor();
    await customerDoes(ada, "4111", "Delete", "Delete");
    await desk.said(ben, "deleted").waitFor();
    assert.equal(await desk.said(ben, "4111 1111").count(), 0);

    await agentDoes(ben, "My order", "👍");
    await ada.locator("weft-chat .reactions", { hasText: "👍" }).waitFor();
    await agentDoes(ben, "My order", "Reply");
    await desk.reply(ben, "It is in Lyn");
    await ada.locator("weft-chat .quote", { hasText: "My order is 4711" }).waitFor();
    await agentDoes(ben, "It is in Lyn", "Edit");
    await ben.locator(".editor textarea").fill("It is in Lyon");
    await ben.locator(".editor textarea").press("Enter");
    await bubble(ada, "It is in Lyon").waitFor();
    await stage.shoot(ada, "life-widget");
    await stage.shoot(ben, "life-desk");
    for (const page of [ada, ben]) await stage.expectGood(page);

    const before = await ada.locator("weft-chat .bubble").allInnerTexts();
    assert.equal(before.join().includes("4111"), false);
    await ada.reload();
    await bubble(ada, "It is in Lyon").waitFor();
    await ada.locator("weft-chat .reactions").waitFor();
    assert.deepEqual(await ada.locator("weft-chat .bubble").allInnerTexts(), before);
});

/** Redis' answer to a short command, past Weft. */
async function askRedis(words) {
    const socket = connect(join(stage.weftd.dataDir, "run/log.sock"));
    socket.write(`${words}\r\n`);
    const [answer] = await once(socket, "data");
    socket.destroy();
    return String(answer);
}

const conversations = async () => (await stage.weftd.admin("GET", "/v1/admin/tenants/demo/conversations")).conversations.map(({ id }) => id);

test("a customer whose conversation was lost with its birth begins anew, with what nobody had acked", async () => {
    await stage.leave();
    const known = await conversations();
    const ada = await stage.screen("ada", `${stage.weftd.url}/`);
    await open(ada);
    await write(ada, "Is this kept?");
    await settled(ada, 1);
    const [lost] = (await conversations()).filter((id) => !known.includes(id));
    const [, key] = /(\{\w+\}c:\w+)/.exec(await askRedis(`SCAN 0 MATCH *c:${lost} COUNT 100000`));
    assert.match(await askRedis(`DEL ${key}`), /^:1/);
    await stage.weftd.kill("redis"); // whoever follows it reads it again, as after a failover
    await write(ada, "And this?");
    await bubble(ada, "Is this kept?").waitFor({ state: "detached" });
    await settled(ada, 1);
    const [fresh] = (await conversations()).filter((id) => ![...known, lost].includes(id));
    const { entries } = await stage.weftd.admin("GET", `/v1/admin/conversations/${fresh}/entries?limit=50`);
    const said = entries.flatMap(({ author, parts }) => (author.kind === "customer" ? parts : [])).flatMap(({ body }) => (body ? [body.text] : []));
    assert.deepEqual(said, ["And this?"]);
    await stage.expectGood(ada, { refused: 401 });
    await ada.reload();
    await bubble(ada, "And this?").waitFor();
});
