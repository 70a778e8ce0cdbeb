// SPDX-License-Identifier: Apache-2.0
// The life of a message in the widget: what others do to theirs, what the customer does to their own, answers to cards, lists
// and forms. All of it is the second load, which must not come before it is needed.
//   node --test tests/browser/widget_life.test.mjs      (screenshots: build/screenshots)
import assert from "node:assert/strict";
import { test } from "node:test";
import { shoot, violations } from "./lib/browser.mjs";
import { ANNA, GUIDE, Stage } from "./lib/stage.mjs";
import { bubble, open, settled, texts, write } from "./lib/widget.mjs";

const stage = new Stage();

const row = (page, text) => page.locator("weft-chat .row").filter({ hasText: text });
const menu = (page) => page.locator("weft-chat [role=menu]");
const item = (page, name) => menu(page).locator("button", { hasText: name });
const parts = () => stage.conversation().entries.map((entry) => entry.parts[0]);
const rich = (page) => page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/rich-")).length);

async function actions(page, text) {
    await row(page, text).hover();
    await row(page, text).locator(".more").click();
    await item(page, "Reply").waitFor();
}

const amend = (part, who = ANNA) => stage.broker.append(stage.conversation(), who, [part]);

test("words alone need no second load; a live edit, deletion and reaction bring it, and show at once", async () => {
    const page = await stage.visit();
    await open(page);
    await write(page, "hello");
    await settled(page, 1);
    const conversation = stage.conversation();
    const first = stage.broker.say(conversation, ANNA, { kind: "text", text: "It leaves on Mondy." });
    const second = stage.broker.say(conversation, ANNA, { kind: "text", text: "Card 4111" });
    await bubble(page, "4111").waitFor();
    assert.equal(await rich(page), 0);
    amend({ kind: "edited", target: first.at, body: { kind: "text", text: "It leaves on Monday." } });
    await bubble(page, "Monday").waitFor();
    amend({ kind: "deleted", target: second.at });
    await bubble(page, "deleted").waitFor();
    amend({ kind: "reacted", target: conversation.entries[0].at, emoji: "🙏", active: true });
    await row(page, "hello").locator(".reactions button").waitFor();
    assert.equal(await rich(page), 1);
    assert.deepEqual(await texts(page), ["hello", "It leaves on Monday.", "This message was deleted."]);
    await page.reload();
    await bubble(page, "Monday").waitFor();
    assert.deepEqual(await texts(page), ["hello", "It leaves on Monday.", "This message was deleted."]);
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(page.complaints, [], "nothing complains, under default-src 'none' and Trusted Types");
});

test("a customer edits, deletes, reacts and replies, with the keyboard alone", async () => {
    const page = await stage.visit();
    await open(page);
    await write(page, "My ordre is 4711");
    await settled(page, 1);
    stage.broker.say(stage.conversation(), ANNA, { kind: "text", text: "Which size?" });
    await bubble(page, "size").waitFor();
    await row(page, "ordre").locator(".more").focus();
    await page.keyboard.press("Enter");
    await menu(page).waitFor();
    await page.keyboard.press("Escape");
    await menu(page).waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.querySelector("weft-chat").shadowRoot.activeElement.className), "icon more", "the focus is back");
    await page.keyboard.press("Enter");
    await menu(page).waitFor();
    for (const key of ["End", "ArrowUp", "Enter"]) await page.keyboard.press(key); // … Reply, Edit, Delete
    const editor = page.locator("weft-chat .edit textarea");
    await editor.fill("My order is 4711");
    await shoot(page, "widget-life-edit");
    await editor.press("Enter");
    await row(page, "My order is 4711").locator("text=edited").waitFor();
    await actions(page, "size");
    await shoot(page, "widget-life-menu");
    assert.deepEqual(await violations(page), []);
    await menu(page).locator("[role=menuitemcheckbox]").first().click();
    await row(page, "size").locator(".reactions [aria-pressed=true]").waitFor();
    await actions(page, "size");
    await item(page, "Reply").click();
    await page.locator("weft-chat .above", { hasText: "Which size?" }).waitFor();
    await write(page, "Number 39");
    await row(page, "Number 39").locator(".quote", { hasText: "Which size?" }).waitFor();
    await settled(page, 2);
    assert.equal(await page.locator("weft-chat .above").count(), 0);
    await actions(page, "Number 39");
    await item(page, "Delete").click();
    await item(page, "Delete").click();
    await bubble(page, "deleted").waitFor();
    await row(page, "size").locator(".reactions button").click();
    await page.locator("weft-chat .reactions").waitFor({ state: "detached" });
    await stage.until(() => parts().length === 7);
    assert.deepEqual(parts().map((part) => part.kind), ["message", "message", "edited", "reacted", "message", "deleted", "reacted"]);
    assert.equal(parts()[4].reply_to, stage.conversation().entries[1].at);
    assert.deepEqual(page.complaints, []);
});

test("an edit that comes too late is said to be, and goes away", async () => {
    const page = await stage.visit();
    await open(page);
    await write(page, "old words");
    await settled(page, 1);
    stage.broker.refuse = (frame) => (frame.type === "edit" ? { code: "too_late", retry: "never" } : null);
    await actions(page, "old words");
    await item(page, "Edit").click();
    await page.locator("weft-chat .edit textarea").fill("new words");
    await page.locator("weft-chat .edit textarea").press("Enter");
    const failed = row(page, "old words").locator("[role=alert]");
    await failed.filter({ hasText: "too old" }).waitFor();
    await failed.locator("button").click();
    await failed.waitFor({ state: "detached" });
    assert.deepEqual(await texts(page), ["old words"]);
});

function offer() {
    const thread = stage.conversation();
    const say = (body) => stage.broker.say(thread, GUIDE, body);
    const card = (n, title) => ({ title, subtitle: `From ${n} €`, actions: [{ title: `Take the ${title}`, value: `tent:${n}` }, { title: "Read more", url: "https://example.org/tents" }] });
    say({ kind: "carousel", text: "Two tents would fit.", cards: [card(249, "Alto 2"), card(319, "Alto 3")] });
    say({ kind: "list", text: "Where shall we send it?", items: [{ title: "Home", text: "12 Harbour Street", value: "home" }, { title: "A pick-up point" }] });
    say({ kind: "location", text: "Our shop: 5 Quay Road.", place: { lat: "59.9", lon: "10.75", name: "Quay Road" } });
    say({ kind: "form", text: "Who takes it?", fields: [
        { name: "name", label: "Name", kind: "text", must: true }, { name: "mail", label: "E-mail", kind: "email" },
        { name: "day", label: "Day", kind: "choice", options: [{ title: "Friday", value: "fri" }, { title: "Saturday" }] },
        { name: "gift", label: "It is a present", kind: "checkbox" },
    ] });
}

test("cards, lists, places and forms are shown and answered", async () => {
    const page = await stage.visit();
    await open(page);
    await write(page, "a tent, please");
    await settled(page, 1);
    offer();
    const form = page.locator("weft-chat .form");
    await form.waitFor();
    await form.locator("[name=name]").fill("Ada");
    await form.locator("[name=day]").selectOption("fri");
    await form.locator("[name=gift]").check();
    await shoot(page, "widget-life-form");
    assert.deepEqual(await violations(page), []);
    await form.locator("button").click();
    await bubble(page, "Day: Friday").waitFor();
    await page.locator("weft-chat .note", { hasText: "You have answered this." }).waitFor();
    await page.locator("weft-chat .items button", { hasText: "Home" }).click();
    await page.locator("weft-chat .card button", { hasText: "Alto 3" }).click();
    await settled(page, 4);
    const said = parts().filter((part) => part.lineage);
    assert.deepEqual(said[1].body.answers, [{ name: "name", value: "Ada" }, { name: "day", value: "fri" }, { name: "gift", value: "yes" }]);
    assert.equal(said[1].reply_to, stage.conversation().entries[4].at);
    assert.deepEqual(said.slice(2).map((part) => [part.body.text, part.body.chosen]), [["Home", "home"], ["Take the Alto 3", "tent:319"]]);
    assert.match(await page.locator("weft-chat .place").getAttribute("href"), /openstreetmap\.org\/\?mlat=59\.9&mlon=10\.75/);
    await page.locator("weft-chat .log").evaluate((log) => { log.scrollTop = 0; });
    await shoot(page, "widget-life-cards");
    assert.deepEqual(page.complaints, []);
});

test("looks right and passes axe: dark, phone, right to left", async () => {
    for (const [name, options, dir] of [["dark", { dark: true }, "ltr"], ["phone", { phone: true }, "ltr"], ["rtl", {}, "rtl"], ["phone-dark-rtl", { phone: true, dark: true }, "rtl"]]) {
        const id = `c${stage.server.contacts + 1}`;
        const page = await stage.visit(options);
        await page.evaluate((value) => document.documentElement.setAttribute("dir", value), dir);
        await open(page);
        await write(page, dir === "rtl" ? "שלום, איפה החבילה שלי?" : "Where is my parcel?");
        await settled(page, 1);
        const thread = stage.conversation(id);
        const { at } = thread.entries[0];
        stage.broker.append(thread, ANNA, [{ kind: "message", reply_to: at, body: { kind: "card", text: "It is in Lyon.", cards: [{ title: "Parcel 4711", subtitle: "Since Tuesday", actions: [{ title: "Call the depot", value: "call" }] }] } }]);
        stage.broker.append(thread, ANNA, [{ kind: "reacted", target: at, emoji: "👍", active: true }]);
        stage.broker.append(thread, ANNA, [{ kind: "message", reply_to: at, body: { kind: "text", text: "Shall I call?" } }]);
        await row(page, "Shall I call").waitFor();
        await actions(page, "Shall I call");
        await shoot(page, "widget-life-" + name);
        assert.deepEqual(await violations(page), [], name);
        assert.deepEqual(page.complaints, [], name);
    }
});

test("words are edited as long as the server says, by its clock, and as long as it says", async () => {
    stage.broker.limits = { ...stage.broker.limits, edit_ms: 900_000, text_bytes: 40 };
    const { now } = stage.broker;
    stage.broker.now = () => now() - 3_600_000; // an hour behind this machine
    const page = await stage.visit();
    await open(page);
    await write(page, "My ordre is 4711");
    await settled(page, 1);
    await actions(page, "ordre");
    await item(page, "Edit").click();
    const editor = page.locator("weft-chat .edit textarea");
    await editor.fill("x".repeat(41));
    await editor.press("Enter");
    await page.locator("weft-chat .edit [role=alert]", { hasText: "too long" }).waitFor();
    await editor.fill("My order is 4711");
    await editor.press("Enter");
    await bubble(page, "My order is 4711").waitFor();
    stage.broker.append(stage.conversation(), { kind: "customer", id: "c1" }, [{ kind: "message", body: { kind: "text", text: "old words" } }]);
    stage.conversation().entries.at(-1).time_ms -= 900_001;
    await page.reload();
    await bubble(page, "old words").waitFor();
    await actions(page, "old words");
    assert.equal(await item(page, "Edit").count(), 0);
    assert.equal(await item(page, "Delete").count(), 1);
    await page.keyboard.press("Escape");
    await write(page, "y".repeat(41));
    await page.locator("weft-chat form [role=alert]", { hasText: "too long" }).waitFor();
});
