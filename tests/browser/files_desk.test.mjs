// SPDX-License-Identifier: Apache-2.0
// Files at the desk, over a real weftd: an agent and a customer send each other pictures and documents, notes have files of their
// own that no customer sees, a picture opens large, and what breaks says so.
//   node --test tests/browser/files_desk.test.mjs      (a build of weftd in WEFT_BUILD; screenshots: build/screenshots)
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import * as desk from "./lib/desk.mjs";
import { DRAWING, INVOICE, PHOTO, choose, give, hold, refuse } from "./lib/files.mjs";
import { JourneyStage } from "./lib/journey_stage.mjs";
import { open, settled, write } from "./lib/widget.mjs";

const LIMIT = 200_000;
const stage = new JourneyStage();
let people = 0;

before(() => stage.open({ bots: [], limits: { upload_bytes: LIMIT }, timeouts: { file_url_ms: 4000 } }));
after(() => stage.close());
afterEach(() => stage.leave());

const clip = (page) => desk.column(page).locator("[data-attach]");
const waiting = (page) => desk.column(page).locator(".attached li");
const shown = (page) => desk.column(page).locator(".row .file");
const ready = (page) => desk.column(page).locator(".attached", { hasText: "Ready to send" }).waitFor();
const drawn = (page, where) => page.waitForFunction((selector) => { // the last of these pictures
    const image = [...document.querySelectorAll(selector)].at(-1);
    return image?.complete && image.naturalWidth > 0;
}, where);
const press = (page) => desk.column(page).locator(".composer-send").click();

/** Also where the choice is in a drawer. */
async function present(page, status) {
    await page.locator(`[value=${status}]`).dispatchEvent("click");
    await page.waitForFunction((value) =>
        document.querySelector(`[value=${value}]`).checked && !document.querySelector(".presence-wanted"), status);
}

/** An agent with one chat, and its customer. */
async function pair(options = {}) {
    const id = `person-${++people}`;
    const ben = await stage.agent(`ben${people}`, "Ben Okafor", ["returns"], options);
    await ben.locator(".line-live").waitFor({ state: "attached" });
    await present(ben, "online");
    const ada = await stage.customer("files-customer", id, "Ada Bellini");
    await open(ada);
    await write(ada, "My parcel is damaged");
    await desk.accept(ben);
    await desk.said(ben, "damaged").first().waitFor();
    return { ben, ada };
}

/** Away, so that the next test's customer is not offered to somebody who has just left. */
async function finish({ ben }) {
    await desk.allSent(ben);
    await desk.close(ben, "Solved");
    await present(ben, "away");
}

test("both send files; pictures are shown and open large, the rest is a download; nothing runs", async () => {
    const { ben, ada } = await pair();
    await choose(ada, ada.getByRole("button", { name: "Attach files" }), PHOTO, DRAWING);
    await ada.locator("weft-chat .tray", { hasText: "Ready" }).waitFor();
    await write(ada, "look");
    await settled(ada, 4);
    await drawn(ben, ".row .file img");
    assert.equal(await shown(ben).locator("img").count(), 1, "the drawing is a file");
    await choose(ben, clip(ben), INVOICE);
    await give(desk.composer(ben), "paste", PHOTO);
    await give(desk.column(ben).locator(".thread"), "drop", { ...PHOTO, name: "the new parcel.png" });
    await ready(ben);
    await stage.shoot(ben, "files-desk-waiting");
    await stage.expectGood(ben);
    await desk.composer(ben).fill("Here is the invoice, and the new parcel");
    await desk.send(ben, "Here is the invoice");
    await desk.allSent(ben);
    assert.equal(await waiting(ben).count(), 0);
    await ada.locator("weft-chat .log .file", { hasText: "invoice 2026+8812.pdf" }).waitFor();
    await ada.locator("weft-chat .log .file").nth(4).waitFor();
    assert.equal(await ada.locator("weft-chat .log .file").count(), 5);
    await drawn(ben, ".row .file img");
    await stage.shoot(ben, "files-desk");
    await stage.expectGood(ben);
    await shown(ben).first().click();
    await drawn(ben, ".viewer img");
    await stage.shoot(ben, "files-desk-viewer");
    await stage.expectGood(ben);
    await ben.keyboard.press("Escape");
    await ben.locator(".viewer").waitFor({ state: "detached" });
    assert.equal(await ben.evaluate(() => document.activeElement.classList.contains("file-picture")), true, "the focus is back");
    const href = await shown(ben).filter({ hasText: "invoice" }).getAttribute("href");
    while ((await ben.request.get(new URL(href, ben.url()).href)).status() !== 403); // until it has expired
    const [answer] = await Promise.all([
        ben.context().waitForEvent("response", (one) => one.url().includes("/v1/files/") && one.request().resourceType() === "document"),
        shown(ben).filter({ hasText: "invoice" }).click()]);
    assert.deepEqual([answer.status(), answer.headers()["content-type"]], [200, "application/pdf"]);
    await ben.reload();
    await desk.said(ben, "the new parcel").waitFor();
    await shown(ben).nth(4).waitFor();
    assert.equal(await shown(ben).count(), 5);
    await finish({ ben });
});

test("a note's file is for colleagues alone", async () => {
    const { ben, ada } = await pair();
    await desk.column(ben).locator("[data-kind=note]").click();
    await choose(ben, clip(ben), PHOTO);
    await ready(ben);
    await stage.shoot(ben, "files-desk-note-waiting");
    await press(ben);
    await desk.column(ben).locator(".said-note .file").waitFor();
    await desk.allSent(ben);
    await desk.column(ben).locator("[data-kind=reply]").click();
    await desk.reply(ben, "One moment, please");
    await ada.locator("weft-chat .bubble", { hasText: "One moment" }).waitFor();
    assert.equal(await ada.locator("weft-chat .file").count(), 0);
    assert.equal(ada.frames.some((frame) => frame.includes("damage.png")), false, "not a word of it reached the customer");
    await stage.shoot(ben, "files-desk-note");
    await stage.expectGood(ben);
    await finish({ ben });
});

test("broken, refused, cancelled: each says what it is; Send waits for what is on its way", async () => {
    const { ben, ada } = await pair();
    const says = (words) => waiting(ben).locator(".attached-fault", { hasText: words });
    await choose(ben, clip(ben), { ...PHOTO, name: "large.png", buffer: Buffer.alloc(LIMIT + 1, 1) });
    await says("a file may have 200 kB").waitFor();
    await waiting(ben).getByRole("button", { name: "Remove: large.png" }).click();
    await refuse(ben, 507, "store_full", { retry_after_ms: 30_000 });
    await choose(ben, clip(ben), PHOTO);
    await says("no room for more files").waitFor();
    await desk.composer(ben).fill("with words");
    await desk.composer(ben).press("Enter");
    assert.equal(await ben.evaluate(() => document.activeElement.textContent), "Try again", "Send leads to what holds it up");
    await stage.shoot(ben, "files-desk-refused");
    await stage.expectGood(ben, { refused: 507 });
    const go = await hold(ben);
    await ben.keyboard.press("Enter");
    await waiting(ben).locator("progress").waitFor();
    await desk.composer(ben).press("Enter");
    await desk.column(ben).locator(".attached", { hasText: "sent when the files are there" }).waitFor();
    go((route) => route.abort("connectionreset"));
    await says("broke off").waitFor();
    await waiting(ben).getByText("Try again").click();
    await desk.said(ben, "with words").waitFor();
    await desk.allSent(ben);
    assert.equal(await shown(ben).count(), 1);
    await ada.locator("weft-chat .log .file").waitFor();
    const held = await hold(ben);
    await choose(ben, clip(ben), INVOICE);
    await waiting(ben).getByRole("button", { name: /^Cancel/ }).click();
    held((route) => route.abort());
    await desk.column(ben).locator(".attached").waitFor({ state: "detached" });
    await finish({ ben });
});

for (const [name, options, dir] of [["dark", { dark: true }, "ltr"], ["phone", { phone: true }, "ltr"], ["rtl", {}, "rtl"]])
    test(`it looks right: ${name}`, async () => {
        const { ben } = await pair(options);
        await ben.evaluate((value) => document.documentElement.setAttribute("dir", value), dir);
        await choose(ben, clip(ben), PHOTO, INVOICE);
        await ready(ben);
        await press(ben);
        await shown(ben).nth(1).waitFor({ state: "attached" });
        await desk.allSent(ben);
        await drawn(ben, ".row .file img");
        const go = await hold(ben);
        await choose(ben, clip(ben), { ...INVOICE, name: "everything that we know about this parcel and its way so far.pdf" });
        await stage.shoot(ben, `files-desk-${name}`);
        await stage.expectGood(ben);
        await shown(ben).first().click();
        await drawn(ben, ".viewer img");
        await stage.shoot(ben, `files-desk-viewer-${name}`);
        await stage.expectGood(ben);
        await ben.keyboard.press("Escape");
        go((route) => route.continue());
        await ready(ben);
        await press(ben);
        await finish({ ben });
    });
