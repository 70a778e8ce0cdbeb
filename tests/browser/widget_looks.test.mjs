// SPDX-License-Identifier: Apache-2.0
// The widget as people meet it: a whole conversation, its looks in every scheme, keyboard and screen reader.
//   node --test tests/browser/widget_looks.test.mjs      (screenshots: build/screenshots)
import assert from "node:assert/strict";
import { test } from "node:test";
import { shoot, violations } from "./lib/browser.mjs";
import { ANNA, Stage } from "./lib/stage.mjs";
import { bubble, field, launcher, mine, open, panel, settled, texts, write } from "./lib/widget.mjs";

const stage = new Stage();

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
    stage.play();
    const page = await stage.visit();
    await launcher(page).waitFor();
    assert.equal(stage.broker.hellos, 0, "nothing is asked of the server before the panel is opened");
    await shoot(page, "widget-closed");
    await open(page);
    await shoot(page, "widget-empty");
    await write(page, "Hello, where is my parcel? It should have been here on Monday.");
    await page.locator("weft-chat .replies").waitFor();
    await shoot(page, "widget-replies");
    await page.locator("weft-chat .replies button", { hasText: "France" }).click();
    await page.locator("weft-chat .titles p", { hasText: "number 2 in line. About 1 min." }).waitFor();
    assert.equal(await page.locator("weft-chat .replies").count(), 0);
    assert.equal(stage.conversation().entries.findLast((entry) => entry.parts[0].body?.text === "France").parts[0].body.chosen, "fr");
    await write(page, "Good, thank you");
    await page.locator("weft-chat .typing").waitFor();
    await shoot(page, "widget-agent");
    assert.deepEqual(await texts(page), stage.log());
    assert.equal(await page.locator('weft-chat a[href="https://example.org/parcels/4711"]').getAttribute("rel"), "noopener noreferrer nofollow");
    assert.deepEqual(page.complaints, [], "nothing complains, under default-src 'none' and Trusted Types");
});

test("looks right and passes axe: dark, phone, right to left, closed", async () => {
    stage.play();
    for (const [name, options] of [["dark", { dark: true }], ["phone", { phone: true }], ["phone-dark", { phone: true, dark: true }]]) {
        const page = await stage.visit(options);
        assert.deepEqual(await violations(page), []);
        await open(page);
        await playThrough(page);
        await shoot(page, "widget-" + name);
        assert.deepEqual(await violations(page), [], name);
        assert.deepEqual(page.complaints, [], name);
    }
    const page = await stage.visit();
    await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
    await open(page);
    await write(page, "שלום, איפה החבילה שלי?");
    await settled(page, 1);
    stage.broker.say(stage.conversation("c4"), { ...ANNA, name: "نور" }, { kind: "text", text: "صباح الخير! الطرد 4711 يغادر ليون اليوم." });
    stage.broker.say(stage.conversation("c4"), { ...ANNA, name: "نور" }, { kind: "text", text: "An English sentence keeps its own direction." });
    await bubble(page, "English").waitFor();
    await shoot(page, "widget-rtl");
    assert.deepEqual(await violations(page), []);
    const [first, second] = [await mine(page).locator(".bubble").boundingBox(), await bubble(page, "English").boundingBox()];
    assert.ok(first.x < second.x, "own words stand at the end of the line, which is left here");
});

test("keyboard and screen reader: focus, Esc, names, a log that grows", async () => {
    const page = await stage.visit();
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
    stage.broker.say(stage.conversation(), ANNA, { kind: "text", text: "Yes." });
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

test("closed: unread in badge and title, until it is read", async () => {
    const page = await stage.visit();
    await open(page);
    await write(page, "hello");
    await settled(page, 1);
    await page.evaluate(() => {
        globalThis.told = [];
        Weft("on", "unread", (count) => told.push(count));
        Weft("on", "message", (message) => told.push(message.text));
    });
    await page.keyboard.press("Escape");
    stage.broker.say(stage.conversation(), ANNA, { kind: "text", text: "one" });
    stage.broker.say(stage.conversation(), ANNA, { kind: "text", text: "two" });
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

test("opened by the page's own button, focus goes in and comes back to it", async () => {
    const page = await stage.visit();
    await page.locator("#ask").focus();
    await page.keyboard.press("Enter");
    await field(page).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.localName), "weft-chat");
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.id), "ask");
});
