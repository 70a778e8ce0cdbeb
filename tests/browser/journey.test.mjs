// SPDX-License-Identifier: Apache-2.0
// The whole journey, nothing made up: weftd with its own Redis, the shipped bot with the demo's knowledge, a customer
// at a desktop and on a phone, two agents at their desks. Processes are killed in mid-sentence; the log, read from the
// store, says at each stage what every screen must show: each word once, in one order.
//   node --test tests/browser/journey.test.mjs      (pictures: WEFT_SCREENSHOTS, else build/screenshots)
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as desk from "./lib/desk.mjs";
import { JourneyStage } from "./lib/journey_stage.mjs";
import { bubble, field, mine, open, settled, write } from "./lib/widget.mjs";

const stage = new JourneyStage();
let desktop;
let phone;
let ben;
let chloe;

before(() => stage.open());
after(() => stage.close());

const NOTE = "She called twice before. Offer her the courier.";

/** How many own words of the customer the log holds: the number that must have settled. */
const ownCount = (log) => log.filter((word) => word.by === "customer").length;

/** Shown on a customer's screen, and settled there. */
async function customerSees(page, log) {
    await settled(page, ownCount(log));
    const expected = log.filter((word) => !word.internal).map((word) => word.text);
    await page.waitForFunction((texts) => {
        const shown = [...document.querySelector("weft-chat").shadowRoot.querySelectorAll(".bubble")].map((one) => one.innerText);
        return JSON.stringify(shown) === JSON.stringify(texts);
    }, expected).catch(async () => assert.deepEqual(await page.locator("weft-chat .bubble").allInnerTexts(), expected, page.title_));
}

/** A size that has been drawn: a page that is sized twice within one frame sees neither. */
async function resize(page, size) {
    await page.setViewportSize(size);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function agentSees(page, log) {
    const expected = log.map((word) => word.text);
    const size = page.viewportSize();
    await resize(page, { ...size, height: 6000 }); // only rows within sight are in the document
    await page.waitForFunction((texts) => {
        const shown = [...document.querySelectorAll("[data-column] .bubble")].map((one) => one.innerText);
        return JSON.stringify(shown) === JSON.stringify(texts);
    }, expected).catch(async () => assert.deepEqual(await desk.shownTexts(page), expected, page.title_));
    await resize(page, size);
}

/** All screens show the log; what each author wrote stands there once, in the order in which they wrote it. */
async function allAgree(written) {
    const customers = [desktop, phone].filter(Boolean);
    for (const page of customers) await settledBut(page);
    for (const page of agents()) await desk.allSent(page);
    const log = await stage.log();
    for (const [who, words] of Object.entries(written)) {
        const theirs = log.map((word) => word.text).filter((text) => words.includes(text));
        assert.deepEqual(theirs, words, `what ${who} wrote: once, in order`);
    }
    await Promise.all([...customers.map((page) => customerSees(page, log)), ...agents().map((page) => agentSees(page, log))]);
    return log;
}

const agents = () => [ben, chloe].filter((page) => page && page.hasChat);

/** Until none of the customer's own words is still on its way. */
const settledBut = (page) => page.waitForFunction(() =>
    !document.querySelector("weft-chat").shadowRoot.querySelector('.row[data-status="sending"], .row[data-status="failed"]'));

test("a bot answers, asks for what is missing, and hands over to a person when asked", async () => {
    desktop = await stage.customer("desktop", "crm-42", "Maria Lindgren");
    await stage.shoot(desktop, "01-shop");
    await open(desktop);
    await write(desktop, "Hi, how long does delivery take?");
    await bubble(desktop, "Parcels take 2 to 3 working days").waitFor();
    await stage.shoot(desktop, "02-bot-answers");
    await write(desktop, "My parcel arrived damaged");
    await bubble(desktop, "What is the order number?").waitFor();
    await write(desktop, "WS-20931");
    await bubble(desktop, "And what is wrong with it").waitFor();
    await write(desktop, "I would rather talk to a person, please");
    await bubble(desktop, "I am handing you over to a colleague").waitFor();
    await desktop.locator("weft-chat .titles p", { hasText: "next in line" }).waitFor();
    await stage.shoot(desktop, "03-in-line");
    await stage.expectGood(desktop);
});

test("the agent is offered the case with its packet, accepts, and has the whole story", async () => {
    ben = await stage.agent("ben", "Ben Carter", ["service", "orders", "complaints"]);
    await stage.shoot(ben, "04-desk-offline");
    await desk.goOnline(ben);
    const card = desk.offer(ben);
    await card.waitFor();
    const words = await card.innerText();
    for (const part of ["Maria Lindgren", "The customer asked for a person", "damaged", "complaints"])
        assert.ok(words.includes(part), `${part} in the offer: ${words}`);
    await stage.shoot(ben, "05-offer");
    await stage.expectGood(ben);
    await desk.accept(ben);
    ben.hasChat = true;
    const packet = await desk.column(ben).locator(".packet").innerText();
    for (const part of ["WS-20931", "Trouble", "not known yet", "Delivery times and costs"])
        assert.ok(packet.includes(part), `${part} in the packet: ${packet}`);
    await desktop.locator("weft-chat h2", { hasText: "Ben Carter" }).waitFor();
    await agentSees(ben, await stage.log());
    await stage.shoot(ben, "06-accepted");
});

test("both write; typing, receipts; a note that the customer never gets", async () => {
    await desk.composer(ben).pressSequentially("Hello Ma");
    await desktop.locator("weft-chat .typing").waitFor();
    await stage.shoot(desktop, "07-agent-types");
    await desk.reply(ben, "Hello Maria, Ben here. I am sorry about that. What exactly is broken?");
    await bubble(desktop, "Ben here").waitFor();
    await ben.locator(".progress-read").waitFor();
    await field(desktop).pressSequentially("The");
    await desk.column(ben).locator(".typing", { hasText: "Maria Lindgren is typing" }).waitFor();
    await write(desktop, "The buckle of the left strap. We leave on Saturday!");
    await desk.said(ben, "We leave on Saturday").waitFor();
    await mine(desktop, "read").last().waitFor();
    await desk.note(ben, NOTE);
    await allAgree({});
    await stage.shoot(ben, "08-note");
    await stage.shoot(desktop, "08-widget");
});

test("the same customer on a phone has the whole conversation, and goes on there", async () => {
    phone = await stage.customer("phone", "crm-42", "Maria Lindgren", { phone: true, through: stage.line.url });
    await stage.shoot(phone, "09-phone-shop");
    await open(phone);
    await write(phone, "I am on the train now, same me");
    await bubble(desktop, "same me").waitFor();
    await allAgree({ customer: ["Hi, how long does delivery take?", "I am on the train now, same me"] });
    await stage.shoot(phone, "10-phone");
    await Promise.all([stage.expectGood(phone), stage.expectGood(desktop), stage.expectGood(ben)]);
});

/**
 * `name` dies in mid-sentence: words are in both composers; one message was sent the moment before, one is in the air
 * and will never be answered. Nobody does anything about it.
 */
async function survives(name, round) {
    const half = { customer: `Can it be brought to the ${round} `, agent: `I ask the courier for the ${round} ` };
    const phones = [`Sent the moment before, ${round}`, `In the air as it died, ${round}`, `And after that, ${round}`];
    await field(desktop).pressSequentially(half.customer);
    await desk.composer(ben).pressSequentially(half.agent);
    await write(phone, phones[0]);
    stage.weftd.freeze(name);
    await write(phone, phones[1]);
    const killed = stage.weftd.kill(name);
    await Promise.all([
        field(desktop).pressSequentially("door?").then(() => field(desktop).press("Enter")),
        desk.composer(ben).pressSequentially("time.").then(() => desk.send(ben, `${half.agent}time.`)),
    ]);
    await killed;
    await write(phone, phones[2]);
    await desk.reply(ben, `Done, ${round}.`);
    await allAgree({
        "the phone": phones,
        "the desktop": [`${half.customer}door?`],
        "the agent": [`${half.agent}time.`, `Done, ${round}.`],
    });
    await ben.locator(".line-live").waitFor();
    await Promise.all([desktop, phone, ben].map((page) => stage.expectGood(page, { axe: false })));
}

test("the broker is killed in mid-sentence: nothing lost, doubled or out of order on three screens", () => survives("weftd", "first"));

test("its Redis is killed in mid-sentence: the same", () => survives("redis", "second"));

test("the bot is killed: the conversation with the agent does not notice, and it is back for the next", async () => {
    await stage.weftd.kill("bot");
    await write(desktop, "Still here?");
    await desk.said(ben, "Still here?").waitFor();
    await desk.reply(ben, "Of course.");
    await allAgree({ both: ["Still here?", "Of course."] });
});

test("a phone that slept on a dead line catches up by itself", async () => {
    await phone.device.setOffline(true);
    stage.line.die();
    await write(desktop, "Said while the phone slept");
    await desk.reply(ben, "Answered while the phone slept");
    await write(phone, "Written without a line");
    await mine(phone, "sending").waitFor();
    await bubble(desktop, "Answered while the phone slept").waitFor();
    assert.equal(await bubble(phone, "Answered while the phone slept").count(), 0);
    await phone.locator("weft-chat .banner p").waitFor();
    await stage.shoot(phone, "11-phone-offline");
    stage.line.revive();
    await phone.device.setOffline(false);
    await bubble(phone, "Answered while the phone slept").waitFor();
    await allAgree({ them: ["Said while the phone slept", "Answered while the phone slept", "Written without a line"] });
    await phone.locator("weft-chat .banner p").waitFor({ state: "detached" });
    await stage.expectGood(phone);
});

test("right to left, and in the dark", async () => {
    await write(phone, "هل يمكن توصيلها غدًا؟ رقم الطلب WS-20931");
    await desk.said(ben, "WS-20931").last().waitFor();
    await desk.reply(ben, "نعم، غدًا قبل الظهر.");
    await bubble(phone, "نعم").waitFor();
    await allAgree({});
    for (const page of [desktop, phone, ben]) {
        await page.emulateMedia({ colorScheme: "dark" });
        await stage.shoot(page, `12-dark-${page.title_}`);
        await stage.expectGood(page);
        await page.emulateMedia({ colorScheme: "light" });
    }
});

test("the agent hands the case on with a summary; the second has the story and closes it", async () => {
    chloe = await stage.agent("chloe", "Chloé Martin", ["service", "orders", "complaints"]);
    await desk.goOnline(chloe);
    await desk.transfer(ben, "Chloé Martin", "Strap of WS-20931 is broken, Maria leaves on Saturday. Courier is asked for.");
    await stage.shoot(ben, "13-transfer");
    await ben.locator("dialog button[type=submit]").click();
    await desk.column(ben).locator(".ended").waitFor();
    ben.hasChat = false;
    await desk.offer(chloe).filter({ hasText: "Courier is asked for" }).waitFor();
    await stage.shoot(chloe, "14-offer-by-colleague");
    await desk.accept(chloe);
    chloe.hasChat = true;
    await allAgree({});
    await desk.reply(chloe, "Chloé here, I take over from Ben. The courier comes tomorrow at ten.");
    await desktop.locator("weft-chat h2", { hasText: "Chloé Martin" }).waitFor();
    await write(phone, "Perfect, thank you both!");
    await desk.said(chloe, "thank you both").waitFor();
    await desk.close(chloe, "Solved");
    await desktop.locator("weft-chat .event", { hasText: "This matter is closed" }).waitFor();
    await stage.shoot(chloe, "15-closed");
    await stage.shoot(phone, "15-closed-phone");
    await allAgree({});
    await Promise.all([ben, chloe, desktop, phone].map((page) => stage.expectGood(page)));
});

test("the customer comes back: a new case begins with the bot, on the same thread", async () => {
    await write(phone, "How do I return something?");
    await bubble(phone, "You may return anything unused within 30 days").waitFor();
    await bubble(desktop, "You may return anything unused within 30 days").waitFor();
    chloe.hasChat = false;
    await allAgree({ customer: ["Hi, how long does delivery take?", "Perfect, thank you both!", "How do I return something?"] });
    await stage.shoot(phone, "16-back-with-the-bot");
    await stage.shoot(desktop, "16-back-with-the-bot-desktop");
});

test("the note reached no customer, in no frame and in no document", async () => {
    for (const page of [desktop, phone]) {
        assert.ok(page.frames.some((frame) => frame.includes("Ben here")), "frames are seen");
        assert.ok(!page.frames.some((frame) => frame.includes(NOTE)), page.title_);
        assert.equal(await bubble(page, NOTE).count(), 0);
    }
    assert.ok(ben.frames.some((frame) => frame.includes(NOTE)));
});

test("the pages run under Trusted Types", async () => {
    for (const page of [desktop, chloe]) {
        assert.ok(await page.evaluate(() => {
            try {
                document.createElement("p").innerHTML = "<b>no</b>";
                return false;
            } catch (error) {
                return error instanceof TypeError;
            }
        }));
    }
});
