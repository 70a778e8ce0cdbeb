// SPDX-License-Identifier: Apache-2.0
// The widget in a real browser, against the model server under weftd's own security policy.
//   node --test tests/browser/widget.test.mjs      (WEFT_WEB: a built folder; else it is built)
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ModelServer } from "../lib/model_server.mjs";
import { openBrowser, openDevice, openPage, shoot, violations } from "./lib/browser.mjs";
import { banner, bubble, bubbles, field, launcher, mine, open, panel, settled, texts, write } from "./lib/widget.mjs";

const GUIDE = { kind: "bot", id: "guide", name: "Guide" };
const ANNA = { kind: "agent", id: "a1", name: "Anna Berg" };
let root, browser, server, devices;

before(async () => {
    root = process.env.WEFT_WEB ?? mkdtempSync(join(tmpdir(), "weft-widget-"));
    if (!process.env.WEFT_WEB) {
        const built = spawnSync(process.execPath, [fileURLToPath(new URL("../../broker/web/build.mjs", import.meta.url)), root], { encoding: "utf8" });
        assert.equal(built.status, 0, built.stderr);
    }
    browser = await openBrowser();
});
after(async () => {
    await browser?.close();
    if (!process.env.WEFT_WEB) rmSync(root, { recursive: true });
});
beforeEach(async () => {
    devices = [];
    server = await new ModelServer(root).start();
});
afterEach(async () => {
    await Promise.all(devices.map((one) => one.close()));
    await server.stop();
});

async function device(options) {
    const one = await openDevice(browser, options);
    one.setDefaultTimeout(15_000);
    devices.push(one);
    return one;
}
const visit = async (options, path = "") => openPage(await device(options), server.url + path);
const conversation = (id = "c1") => server.broker.conversation(id);
const log = (id) => conversation(id).entries.flatMap((entry) => entry.parts).filter((part) => part.body).map((part) => part.body.text);

// Reads as a real one: a bot asks, offers answers, hands over; an agent takes the chat.
function play() {
    const { broker } = server;
    broker.onMessage = (thread, entry) => {
        const { text } = entry.parts[0].body;
        if (text.includes("parcel")) {
            broker.append(thread, { kind: "system" }, [{ kind: "case_opened" }, { kind: "owner", owner: "bot", id: "guide", name: "Guide" }]);
            broker.say(thread, GUIDE, { kind: "text", text: "I can look that up. Which country is it going to?" });
            broker.say(thread, GUIDE, { kind: "quick_replies", text: "Pick one, or just write.", options: [{ title: "France", value: "fr" }, { title: "Norway", value: "no" }, { title: "Somewhere else" }] });
        } else if (text === "France") {
            broker.say(thread, GUIDE, { kind: "text", text: "Parcel 4711 waits in Lyon since Tuesday: https://example.org/parcels/4711. A colleague can call the depot." });
            broker.append(thread, { kind: "system" }, [{ kind: "queued", reason: "asked" }]);
            broker.tell(thread, { type: "queue", position: 2, wait_ms: 60_000 });
        } else if (text.includes("thank")) {
            broker.append(thread, { kind: "system" }, [{ kind: "owner", owner: "agent", id: ANNA.id, name: ANNA.name }]);
            broker.tell(thread, { type: "receipts", who: ANNA, delivered: entry.at, read: entry.at });
            broker.say(thread, ANNA, { kind: "text", text: "Good morning! I have the depot on the line: it leaves Lyon today." });
            broker.tell(thread, { type: "typist", who: ANNA, active: true });
        }
    };
}

async function playThrough(page) {
    await write(page, "Hello, where is my parcel? It should have been here on Monday.");
    await page.locator("weft-chat .replies button", { hasText: "France" }).click();
    await page.locator("weft-chat .titles p", { hasText: "number 2" }).waitFor();
    await write(page, "Good, thank you");
    await page.locator("weft-chat h2", { hasText: "Anna Berg" }).waitFor();
    await page.locator("weft-chat .typing").waitFor();
    await mine(page, "read").last().waitFor();
}

test("a conversation: words, answers to choose from, a place in line, a person", async () => {
    play();
    const page = await visit();
    await launcher(page).waitFor();
    assert.equal(server.broker.hellos, 0, "nothing is asked of the server before the panel is opened");
    await shoot(page, "widget-closed");
    await open(page);
    await shoot(page, "widget-empty");
    await write(page, "Hello, where is my parcel? It should have been here on Monday.");
    await page.locator("weft-chat .replies").waitFor();
    await shoot(page, "widget-replies");
    await page.locator("weft-chat .replies button", { hasText: "France" }).click();
    await page.locator("weft-chat .titles p", { hasText: "number 2 in line. About 1 min." }).waitFor();
    assert.equal(await page.locator("weft-chat .replies").count(), 0);
    assert.equal(conversation().entries.findLast((entry) => entry.parts[0].body?.text === "France").parts[0].body.chosen, "fr");
    await write(page, "Good, thank you");
    await page.locator("weft-chat .typing").waitFor();
    await shoot(page, "widget-agent");
    assert.deepEqual(await texts(page), log());
    assert.equal(await page.locator('weft-chat a[href="https://example.org/parcels/4711"]').getAttribute("rel"), "noopener noreferrer nofollow");
    assert.deepEqual(page.complaints, [], "nothing complains, under default-src 'none' and Trusted Types");
});

test("looks right and passes axe: dark, phone, right to left, closed", async () => {
    play();
    for (const [name, options] of [["dark", { dark: true }], ["phone", { phone: true }], ["phone-dark", { phone: true, dark: true }]]) {
        const page = await visit(options);
        assert.deepEqual(await violations(page), []);
        await open(page);
        await playThrough(page);
        await shoot(page, "widget-" + name);
        assert.deepEqual(await violations(page), [], name);
        assert.deepEqual(page.complaints, [], name);
    }
    const page = await visit();
    await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
    await open(page);
    await write(page, "שלום, איפה החבילה שלי?");
    await settled(page, 1);
    server.broker.say(conversation("c4"), { ...ANNA, name: "نور" }, { kind: "text", text: "صباح الخير! الطرد 4711 يغادر ليون اليوم." });
    server.broker.say(conversation("c4"), { ...ANNA, name: "نور" }, { kind: "text", text: "An English sentence keeps its own direction." });
    await bubble(page, "English").waitFor();
    await shoot(page, "widget-rtl");
    assert.deepEqual(await violations(page), []);
    const [first, second] = [await mine(page).locator(".bubble").boundingBox(), await bubble(page, "English").boundingBox()];
    assert.ok(first.x < second.x, "own words stand at the end of the line, which is left here");
});

test("keyboard and screen reader: focus, Esc, names, a log that grows", async () => {
    const page = await visit();
    await launcher(page).focus();
    await page.keyboard.press("Enter");
    await field(page).waitFor();
    const focused = () => page.evaluate(() => document.activeElement.shadowRoot?.activeElement?.getAttribute("aria-label"));
    assert.equal(await focused(), "Write a message");
    assert.equal(await panel(page).getAttribute("role"), "dialog");
    assert.equal(await page.getByRole("dialog", { name: "Fjord & Fell" }).count(), 1);
    await page.evaluate(() => {
        const log = document.querySelector("weft-chat").shadowRoot.querySelector('[role="log"]');
        globalThis.heard = [];
        new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach((node) => heard.push(node.innerText))))
            .observe(log, { childList: true });
    });
    await page.keyboard.type("Is anybody there?");
    await page.keyboard.press("Enter");
    await settled(page, 1);
    server.broker.say(conversation(), ANNA, { kind: "text", text: "Yes." });
    await bubble(page, "Yes.").waitFor();
    const heard = await page.evaluate(() => globalThis.heard);
    assert.equal(heard.length, 3, `a day, and two messages were added, once each: ${JSON.stringify(heard)}`);
    assert.match(heard[1], /You[^]*Is anybody there\?/);
    assert.match(heard[2], /Anna Berg[^]*Yes\./);
    await page.keyboard.press("Shift+Enter");
    assert.equal(await field(page).inputValue(), "\n");
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });
    assert.equal(await focused(), "Open chat");
    const targets = await page.evaluate(() => [...document.querySelector("weft-chat").shadowRoot.querySelectorAll("button")]
        .map((one) => one.getBoundingClientRect()).filter((box) => box.width < 24 || box.height < 24).length);
    assert.equal(targets, 0);
});

test("the server goes and comes back in mid-sentence", async () => {
    const page = await visit();
    await open(page);
    await write(page, "before");
    await settled(page, 1);
    await page.evaluate(() => { globalThis.sameDocument = true; });
    await field(page).pressSequentially("half a sen");
    await server.stop();
    await banner(page).waitFor();
    await shoot(page, "widget-offline");
    await field(page).pressSequentially("tence");
    await field(page).press("Enter");
    await write(page, "and one more");
    await settled(page, 2, ["sending"]);
    await server.start();
    await settled(page, 3);
    await banner(page).waitFor({ state: "detached" });
    assert.deepEqual(log(), ["before", "half a sentence", "and one more"]);
    assert.deepEqual(await texts(page), log());
    assert.equal(await page.evaluate(() => globalThis.sameDocument), true, "without a reload");
});

test("a short break shows no banner", async () => {
    const page = await visit();
    await open(page);
    await write(page, "before");
    await settled(page, 1);
    await page.evaluate(() => {
        globalThis.banners = 0;
        const at = document.querySelector("weft-chat").shadowRoot.querySelector(".banner");
        new MutationObserver(() => globalThis.banners++).observe(at, { childList: true });
    });
    const hellos = server.broker.hellos;
    server.broker.cut();
    await write(page, "after");
    await settled(page, 2);
    assert.equal(server.broker.hellos, hellos + 1);
    assert.equal(await page.evaluate(() => globalThis.banners), 0);
});

test("two tabs: one contact, both see all, each word once", async () => {
    const tabs = await device();
    const [left, right] = [await openPage(tabs, server.url), await openPage(tabs, server.url)];
    await Promise.all([open(left), open(right)]);
    await Promise.all([[left, "left"], [right, "right"]].map(async ([tab, name]) => {
        for (const i of [1, 2, 3]) await write(tab, `${name} ${i}`);
    }));
    await Promise.all([settled(left, 6), settled(right, 6)]);
    assert.equal(server.contacts, 1, "only one of them made the contact");
    assert.deepEqual([...log()].sort(), ["left 1", "left 2", "left 3", "right 1", "right 2", "right 3"]);
    assert.deepEqual(await texts(left), log());
    assert.deepEqual(await texts(right), log());
    const lineages = new Set(conversation().entries.map((entry) => entry.parts[0].lineage));
    assert.equal(lineages.size, 2, "no lineage is used by two tabs");
});

test("unsent words outlive the page, and are sent once", async () => {
    const page = await visit();
    await open(page);
    await write(page, "first");
    await settled(page, 1);
    server.broker.refuse = () => ({ code: "store_unavailable", retry: "same" });
    await write(page, "second");
    await settled(page, 1, ["sending"]);
    await field(page).fill("a draft");
    await page.reload();
    await bubble(page, "second").waitFor();
    assert.equal(await field(page).inputValue(), "a draft", "open, with its draft, as it was left");
    server.broker.refuse = () => null;
    await settled(page, 2);
    assert.deepEqual(log(), ["first", "second"]);
    assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("weft:lane:")
        && JSON.parse(localStorage[key]).words.some((word) => word.status !== "acked")).length), 0);
});

test("a laptop's sleep: the dead line is found, what was missed comes", async () => {
    const page = await (await device()).newPage();
    await page.clock.install();
    await page.goto(server.url);
    await open(page);
    await write(page, "good night");
    await settled(page, 1);
    server.deaf = true; // the line dies without a word
    server.broker.say(conversation(), ANNA, { kind: "text", text: "said while you slept" });
    const { hellos } = server.broker;
    await page.clock.fastForward("08:00:00");
    server.deaf = false;
    for (const line of [...server.broker.lines]) line.send = () => {}; // the old line stays dead
    await bubble(page, "said while you slept").waitFor();
    assert.equal(server.broker.hellos, hellos + 1);
    assert.deepEqual(await texts(page), log());
});

test("closed: unread in badge and title, until it is read", async () => {
    const page = await visit();
    await open(page);
    await write(page, "hello");
    await settled(page, 1);
    await page.evaluate(() => {
        globalThis.told = [];
        Weft("on", "unread", (count) => told.push(count));
        Weft("on", "message", (message) => told.push(message.text));
    });
    await page.keyboard.press("Escape");
    server.broker.say(conversation(), ANNA, { kind: "text", text: "one" });
    server.broker.say(conversation(), ANNA, { kind: "text", text: "two" });
    await page.locator("weft-chat .badge", { hasText: "2" }).waitFor();
    await shoot(page, "widget-unread");
    assert.match(await page.title(), /^\(2\) Fjord/);
    assert.equal(await launcher(page).getAttribute("aria-label"), "Open chat, 2 unread");
    await page.reload();
    await page.locator("weft-chat .badge", { hasText: "2" }).waitFor();
    await open(page);
    await page.waitForFunction(() => !document.title.startsWith("("));
    await page.reload();
    await launcher(page).waitFor();
    assert.equal(await page.locator("weft-chat .badge").count(), 0);
});

test("history: older words come at the top, and the reader stays where they are", async () => {
    const thread = conversation("c1");
    for (let i = 1; i <= 120; i++) server.broker.say(thread, i % 3 ? ANNA : { kind: "customer", id: "c1" }, { kind: "text", text: `line ${i}.` });
    const page = await visit();
    await open(page);
    await bubble(page, "line 120.").waitFor();
    assert.equal(await bubbles(page).count(), 50);
    const place = () => page.evaluate(() => {
        const at = document.querySelector("weft-chat").shadowRoot;
        return [...at.querySelectorAll(".bubble")].find((one) => one.innerText === "line 71.").getBoundingClientRect().top;
    });
    await page.locator("weft-chat .log").evaluate((one) => { one.scrollTop = 10; });
    const before = await place();
    await bubble(page, "line 60.").waitFor({ state: "attached" });
    assert.ok(Math.abs((await place()) - before) < 40, "line 71 moved");
    for (const expected of [41, 11, 1]) {
        await page.locator("weft-chat .log").evaluate((one) => { one.scrollTop = 0; });
        await bubble(page, `line ${expected}.`).first().waitFor({ state: "attached" });
    }
    assert.deepEqual(await texts(page), log());
    server.broker.say(thread, ANNA, { kind: "text", text: "below" });
    await page.locator("weft-chat .below").click();
    await page.locator("weft-chat .below").waitFor({ state: "detached" });
});

test("a refused message says so, and can be tried again or taken away", async () => {
    const page = await visit();
    await open(page);
    server.broker.refuse = () => ({ code: "forbidden", retry: "never" });
    await write(page, "one");
    await write(page, "two");
    await settled(page, 2, ["failed"]);
    await shoot(page, "widget-failed");
    assert.deepEqual(await violations(page), []);
    server.broker.refuse = () => null;
    const failed = page.locator('weft-chat [role="alert"]');
    await failed.first().getByRole("button", { name: "Try again" }).click();
    await settled(page, 1);
    await failed.getByRole("button", { name: "Remove" }).click();
    await failed.waitFor({ state: "detached" });
    assert.deepEqual(log(), ["one"]);
    await write(page, "x".repeat(8193));
    await page.locator('weft-chat form [role="alert"]').waitFor();
    assert.equal((await field(page).inputValue()).length, 8193, "nothing that was written is lost");
});

test("the same person on a phone: a token that the brand signed", async () => {
    const desktop = await visit({}, "#token=token.ada");
    const phone = await visit({ phone: true }, "#token=token.ada");
    assert.equal(new URL(desktop.url()).hash, "");
    await open(desktop);
    await open(phone);
    await write(desktop, "from the desk");
    await bubble(phone, "from the desk").waitFor();
    await write(phone, "from the phone");
    await bubble(desktop, "from the phone").waitFor();
    assert.deepEqual(log("ada"), ["from the desk", "from the phone"]);
});

test("an anonymous visitor proves who they are, and goes on as that contact", async () => {
    const page = await visit();
    await open(page);
    await write(page, "who am I?");
    await settled(page, 1);
    await page.evaluate(() => Weft("identify", async () => "token.ada"));
    await bubble(page, "who am I?").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => JSON.parse(localStorage["weft:demo"]).renewal), undefined);
    await write(page, "now you know");
    await settled(page, 1);
    assert.deepEqual(log("c1"), ["who am I?"]);
    assert.deepEqual(log("ada"), ["now you know"]);
});

test("opened by the page's own button, focus goes in and comes back to it", async () => {
    const page = await visit();
    await page.locator("#ask").focus();
    await page.keyboard.press("Enter");
    await field(page).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.localName), "weft-chat");
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.id), "ask");
});

test("the module gives the same widget to pages with a bundler", async () => {
    const page = await visit();
    await page.evaluate(async () => {
        Weft("shutdown");
        const { Weft: module } = await import("/weft-module.js");
        module("boot", { tenant: "demo", name: "By module" });
        module("show");
    });
    await page.locator("weft-chat h2", { hasText: "By module" }).waitFor();
    assert.deepEqual(page.complaints, []);
});

test("shutdown forgets the contact; boot begins anew", async () => {
    const page = await visit();
    await open(page);
    await write(page, "hello");
    await settled(page, 1);
    await page.evaluate(() => Weft("shutdown"));
    await page.locator("weft-chat").waitFor({ state: "detached" });
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
    await page.evaluate(() => Weft("boot", { tenant: "demo", color: "#5b3cc4", side: "start", name: "Other" }));
    await page.evaluate(() => Weft("show"));
    await write(page, "somebody else");
    await settled(page, 1);
    await shoot(page, "widget-start-side");
    assert.deepEqual(log("c2"), ["somebody else"]);
});
