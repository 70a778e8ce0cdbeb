// SPDX-License-Identifier: Apache-2.0
// The life of a message at the desk: an agent edits, deletes, reacts and replies, and sees what the customer was offered.
//   node --test tests/browser/desk_life.test.mjs      (screenshots: build/screenshots)
import assert from "node:assert/strict";
import { test } from "node:test";
import { PHONE, shoot, violations } from "./lib/browser.mjs";
import { composer, reply, said } from "./lib/desk.mjs";
import { DeskScenes, WIDE, until } from "./lib/desk_scene.mjs";

const OMAR = "c-omar";
const scenes = new DeskScenes();

/** Anna with one open chat. */
function scene(name, options, play) {
    const { prepare, ...device } = options;
    return scenes.play(`desk-life-${name}`, { own: [OMAR], device: { ...WIDE, ...device }, prepare }, async ({ page, desk }) => {
        await page.locator(".chat-item").first().click();
        await composer(page).waitFor();
        await play(page, desk);
    });
}

const row = (page, text) => page.locator(".row").filter({ has: page.locator(".bubble", { hasText: text }) });
const menu = (page) => page.locator("[role=menu]");
const item = (page, name) => menu(page).locator("button", { hasText: name });
const deeds = (desk) => desk.taken.filter((frame) => ["edit", "delete", "react", "send"].includes(frame.type));

async function actions(page, text) {
    await row(page, text).last().hover();
    await row(page, text).last().locator(".more").click();
    await menu(page).waitFor();
}

test("an agent edits, deletes, reacts and replies", async () => {
    await scene("deeds", {}, async (page, desk) => {
        await reply(page, "It is in Lyn");
        await until("it is sent", () => deeds(desk).length === 1);
        await actions(page, "in Lyn");
        await item(page, "Edit").click();
        await page.locator(".editor textarea").fill("It is in Lyon");
        await shoot(page, "desk-life-edit");
        await page.locator(".editor textarea").press("Enter");
        await row(page, "in Lyon").locator(".said-edited").waitFor();
        await actions(page, "AL2-0931-77");
        await shoot(page, "desk-life-menu");
        assert.deepEqual(await violations(page), []);
        await menu(page).locator("[role=menuitemcheckbox]").first().click();
        await row(page, "AL2-0931-77").locator(".reaction[aria-pressed=true]").waitFor();
        await actions(page, "AL2-0931-77");
        await item(page, "Reply").click();
        await page.locator(".composer-quote", { hasText: "AL2-0931-77" }).waitFor();
        await reply(page, "That one is fine");
        await row(page, "That one is fine").locator(".said-quote", { hasText: "AL2-0931-77" }).waitFor();
        assert.equal(await page.locator(".composer-quote").count(), 0);
        await actions(page, "in Lyon");
        await item(page, "Delete").click();
        await item(page, "Keep it").click();
        await actions(page, "in Lyon");
        await item(page, "Delete").click();
        await item(page, "Delete").click();
        await said(page, "deleted").waitFor();
        await until("all of it is done", () => deeds(desk).length === 5);
        assert.deepEqual(deeds(desk).map((frame) => [frame.type, frame.n]), [["send", 1], ["edit", 2], ["react", 3], ["send", 4], ["delete", 5]]);
        const found = desk.conversations.get(OMAR).entries.find((entry) => entry.parts[0].body?.text.includes("AL2-0931-77"));
        assert.equal(deeds(desk)[2].target, found.at);
        assert.equal(deeds(desk)[3].reply_to, found.at);
    });
});

test("by keyboard: the newest message's menu is a stop, the arrows go on, Esc comes back", async () => {
    await scene("keyboard", {}, async (page) => {
        await reply(page, "4711 it is");
        await row(page, "4711 it is").locator(".more").waitFor();
        await composer(page).focus();
        const inMenu = () => page.evaluate(() => document.activeElement.className);
        for (let tries = 0; tries < 8 && (await inMenu()) !== "more"; tries += 1) await page.keyboard.press("Shift+Tab");
        assert.equal(await inMenu(), "more");
        await page.keyboard.press("ArrowUp");
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        await menu(page).waitFor();
        await page.keyboard.press("End");
        assert.match(await page.evaluate(() => document.activeElement.textContent), /Delete/);
        await page.keyboard.press("Escape");
        await menu(page).waitFor({ state: "detached" });
        assert.equal(await inMenu(), "more");
    });
});

test("what is refused is said, and nothing changes", async () => {
    await scene("refused", {}, async (page, desk) => {
        await reply(page, "old words");
        await until("it is sent", () => deeds(desk).length === 1);
        desk.refuse = (frame) => (frame.type === "edit" ? { code: "too_late" } : null);
        await actions(page, "old words");
        await item(page, "Edit").click();
        await page.locator(".editor textarea").fill("new words");
        await page.locator(".editor textarea").press("Enter");
        await page.getByText("too old by now").waitFor();
        await said(page, "old words").waitFor();
    });
});

test("words are edited as long as the server says, and as long as it says", async () => {
    await scene("window", { prepare: (desk) => { desk.limits = { ...desk.limits, edit_ms: 180_000, text_bytes: 60 }; } }, async (page, desk) => {
        await reply(page, "It is in Lyn");
        await until("it is sent", () => deeds(desk).length === 1);
        await actions(page, "in Lyn");
        await item(page, "Edit").click();
        await page.locator(".editor textarea").fill("x".repeat(61));
        await page.locator(".editor textarea").press("Enter");
        await page.locator(".editor [role=alert]", { hasText: "1 bytes too long" }).waitFor();
        await page.locator(".editor textarea").fill("It is in Lyon");
        await page.locator(".editor textarea").press("Enter");
        await row(page, "in Lyon").locator(".said-edited").waitFor();
        await actions(page, "Only the poles");
        assert.deepEqual(await menu(page).locator("[role=menuitem]").allInnerTexts(), ["Reply", "Delete…"]);
        await page.keyboard.press("Escape");
        await composer(page).fill("y".repeat(61));
        await page.locator(".composer-too-long", { hasText: "1 bytes too long" }).waitFor();
        await composer(page).press("Enter");
        assert.equal(await composer(page).inputValue(), "y".repeat(61));
        await composer(page).fill("");
    });
});

function offered(desk) {
    const thread = desk.conversation(OMAR);
    const say = (body) => desk.append(thread, { kind: "bot", id: "guide", name: "Guide" }, [{ kind: "message", body }]);
    say({ kind: "carousel", text: "Two tents would fit.", cards: ["Alto 2", "Alto 3"].map((title) => ({ title, subtitle: "From 249 €", actions: [{ title: `Take the ${title}`, value: title }, { title: "Read more", url: "https://example.org/tents" }] })) });
    say({ kind: "form", text: "Who takes it?", fields: [{ name: "name", label: "Name", kind: "text", must: true }, { name: "day", label: "Day", kind: "date" }] });
    say({ kind: "location", text: "Our shop: 5 Quay Road.", place: { lat: "59.9", lon: "10.75", name: "Quay Road" } });
    say({ kind: "list", text: "Where to?", items: [{ title: "Home", text: "12 Harbour Street", value: "home" }, { title: "A pick-up point" }] });
    desk.customerSays(OMAR, "Home", { chosen: "home" });
}

for (const [name, options, dir] of [["rich", {}, "ltr"], ["rich-dark", { colorScheme: "dark", dark: true }, "ltr"], ["rich-rtl", {}, "rtl"], ["rich-phone", { phone: true, viewport: PHONE.viewport }, "ltr"]])
    test(`cards, lists, forms and places are shown, with what was chosen: ${name}`, async () => {
        await scene(name, options, async (page, desk) => {
            await page.evaluate((value) => document.documentElement.setAttribute("dir", value), dir);
            offered(desk);
            await page.locator(".option-chosen", { hasText: "Home" }).waitFor();
            assert.equal(await page.locator(".card").count(), 2);
            assert.match(await page.locator(".place").getAttribute("href"), /mlat=59\.9/);
            desk.append(desk.conversation(OMAR), { kind: "customer", id: OMAR }, [{ kind: "reacted", emoji: "👍", active: true, target: desk.conversation(OMAR).entries.at(-2).at }]);
            await page.locator(".reaction").waitFor();
            await actions(page, "Where to?");
        });
    });
