// SPDX-License-Identifier: Apache-2.0
// Files in the widget, over a real weftd: chosen, pasted, dropped; on their way, broken off, refused; sent once, shown, taken down.
//   node --test tests/browser/files_widget.test.mjs      (a build of weftd in WEFT_BUILD; screenshots: build/screenshots)
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { DRAWING, INVOICE, PHOTO, choose, give, hold, refuse } from "./lib/files.mjs";
import { JourneyStage } from "./lib/journey_stage.mjs";
import { field, open, settled, write } from "./lib/widget.mjs";

const LIMIT = 200_000;
const stage = new JourneyStage();
let people = 0;

before(() => stage.open({ bots: [], limits: { upload_bytes: LIMIT }, timeouts: { file_url_ms: 4000 } }));
after(() => stage.close());
afterEach(() => stage.leave());

const tray = (page) => page.locator("weft-chat .tray li");
const clip = (page) => page.getByRole("button", { name: "Attach files" });
const ready = (page, count) => page.waitForFunction((wanted) => {
    const root = document.querySelector("weft-chat").shadowRoot;
    return root.querySelectorAll(".tray li").length === wanted && !root.querySelector(".tray progress, .tray .failed");
}, count);
const shown = (page) => page.locator("weft-chat .log .file");
const drawn = (page) => page.waitForFunction(() => {
    const image = document.querySelector("weft-chat").shadowRoot.querySelector(".log .file img");
    return image?.complete && image.naturalWidth > 0;
});
const loads = (page, name) => page.evaluate((part) => performance.getEntriesByType("resource").filter((one) => one.name.includes(part)).length, name);

async function visit(options = {}) {
    const page = await stage.customer("files-widget", `person-${++people}`, "Ada Bellini", options);
    await open(page);
    return page;
}

test("chosen, pasted and dropped files go up, wait for Send, go before the words, and come down again", async () => {
    const page = await visit();
    assert.equal(await loads(page, "/attach-"), 0, "not before the first file");
    await choose(page, clip(page), PHOTO, INVOICE);
    await give(field(page), "paste", { ...PHOTO, name: "from the clipboard.png" });
    await give(page.locator("weft-chat .log"), "drop", DRAWING);
    await ready(page, 4);
    assert.equal(await loads(page, "/attach-"), 1);
    assert.equal(await shown(page).count(), 0, "nothing is sent before Send");
    await stage.shoot(page, "files-widget-tray");
    await stage.expectGood(page);
    await write(page, "It arrived like this");
    await settled(page, 5);
    assert.equal(await tray(page).count(), 0);
    await drawn(page);
    assert.equal(await shown(page).count(), 4);
    assert.equal(await shown(page).locator("img").count(), 2, "an SVG is a file like any other");
    assert.match(await shown(page).nth(1).innerText(), /PDF\s*invoice 2026\+8812\.pdf\s*48 kB/);
    await stage.shoot(page, "files-widget");
    await stage.expectGood(page);
    assert.equal(await page.title(), "Fjord & Fell: a shop that Weft made up", "nothing of the drawing ran");
});

test("what is on its way can be sent already, and goes once, when it is there", async () => {
    const page = await visit();
    const go = await hold(page);
    await choose(page, clip(page), PHOTO);
    await page.locator("weft-chat .tray progress").waitFor();
    await write(page, "with a picture");
    await page.locator("weft-chat .tray", { hasText: "sent when the files are there" }).waitFor();
    assert.equal(await shown(page).count(), 0);
    await stage.shoot(page, "files-widget-waiting");
    go((route) => route.continue());
    await settled(page, 2);
    await drawn(page);
    assert.deepEqual(await page.locator("weft-chat [data-mine=true] .bubble").allInnerTexts(), ["with a picture"]);
    assert.equal(await field(page).inputValue(), "");
    await page.reload();
    await drawn(page);
    assert.equal(await shown(page).count(), 1);
});

test("an upload that breaks says so, is tried again, and the message goes once over a line that broke too", async () => {
    const page = await visit({ through: stage.line.url });
    const go = await hold(page);
    await choose(page, clip(page), INVOICE);
    await page.locator("weft-chat .tray progress").waitFor();
    go((route) => route.abort("connectionreset"));
    const broken = tray(page).locator(".failed", { hasText: "broke off" });
    await broken.waitFor();
    await write(page, "the invoice");
    assert.equal(await page.evaluate(() => document.querySelector("weft-chat").shadowRoot.activeElement.textContent), "Try again", "Send leads to what holds it up");
    await stage.shoot(page, "files-widget-broken");
    await stage.expectGood(page);
    await page.context().setOffline(true);
    await broken.getByRole("button").click();
    await broken.waitFor();
    await page.context().setOffline(false);
    await broken.getByRole("button").click();
    await settled(page, 2);
    assert.equal(await shown(page).count(), 1);
    await page.reload();
    await shown(page).first().waitFor();
    assert.equal(await shown(page).count(), 1);
});

test("cancelled: nothing goes up, and the focus is back in the field", async () => {
    const page = await visit();
    const go = await hold(page);
    await choose(page, clip(page), PHOTO);
    await page.getByRole("button", { name: "Cancel: damage.png" }).click();
    await tray(page).waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.querySelector("weft-chat").shadowRoot.activeElement.localName), "textarea");
    go((route) => route.abort());
    await write(page, "never mind");
    await settled(page, 1);
    assert.equal(await shown(page).count(), 0);
});

test("what is refused says why; what may go better can be tried again", async () => {
    const page = await visit();
    const says = (words) => tray(page).locator(".failed", { hasText: words });
    await choose(page, clip(page), { ...PHOTO, name: "large.png", buffer: Buffer.alloc(LIMIT + 1, 1) }, { ...INVOICE, name: "empty.txt", buffer: Buffer.alloc(0) });
    await says("a file may have 200 kB").waitFor();
    await says("This file is empty").waitFor();
    assert.equal(await tray(page).getByText("Try again").count(), 0);
    await stage.shoot(page, "files-widget-refused");
    await stage.expectGood(page);
    await tray(page).first().getByRole("button").last().click();
    await tray(page).first().getByRole("button").last().click();
    await refuse(page, 507, "store_full", { retry_after_ms: 30_000 });
    await choose(page, clip(page), PHOTO);
    await says("no room for more files").waitFor();
    await tray(page).getByText("Try again").click();
    await ready(page, 1);
    await refuse(page, 503, "busy", { retry_after_ms: 10 });
    await choose(page, clip(page), INVOICE);
    await ready(page, 2); // soon enough to be tried by itself
    await refuse(page, 401, "token_expired", { retry: "token" });
    await choose(page, clip(page), DRAWING);
    await ready(page, 3); // with another ticket
    await choose(page, clip(page), ...Array.from({ length: 8 }, (_, i) => ({ ...INVOICE, name: `${i}.pdf` })));
    await page.locator("weft-chat .tray", { hasText: "No more than ten" }).waitFor();
    assert.equal(await tray(page).count(), 10);
});

test("an address that has expired is fetched anew, for a picture and for a download", async () => {
    const page = await visit();
    await choose(page, clip(page), INVOICE);
    await ready(page, 1);
    await write(page, "look");
    await settled(page, 2);
    const href = await shown(page).getAttribute("href");
    while ((await page.request.get(href)).status() !== 403); // until it has expired
    const [answer] = await Promise.all([page.context().waitForEvent("response", (one) => one.url().includes("/v1/files/")), shown(page).click()]);
    assert.equal(answer.status(), 200);
    assert.match(answer.headers()["content-disposition"], /^attachment; filename\*=UTF-8''invoice%202026%2B8812\.pdf$/);
    assert.notEqual(answer.url(), href);
    await page.route("**/v1/files/**", (route) => route.fulfill({ status: 403 }), { times: 1 });
    await choose(page, clip(page), PHOTO);
    await ready(page, 1);
    await write(page, "and this");
    await drawn(page);
    await page.unroute("**/v1/files/**");
});

for (const [name, options, dir] of [["dark", { dark: true }, "ltr"], ["phone", { phone: true }, "ltr"], ["rtl", {}, "rtl"]])
    test(`it looks right: ${name}`, async () => {
        const page = await visit(options);
        await page.evaluate((value) => document.documentElement.setAttribute("dir", value), dir);
        await choose(page, clip(page), PHOTO, INVOICE, { ...INVOICE, name: "فاتورة.pdf" });
        await ready(page, 3);
        await write(page, dir === "rtl" ? "وصل هكذا" : "It arrived like this");
        await settled(page, 4);
        await drawn(page);
        const go = await hold(page);
        await choose(page, clip(page), { ...PHOTO, name: "the other side of the parcel, with the label on it.png" });
        await stage.shoot(page, `files-widget-${name}`);
        await stage.expectGood(page);
        go((route) => route.continue());
        await ready(page, 1);
    });
