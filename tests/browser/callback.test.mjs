// SPDX-License-Identifier: Apache-2.0
// Who need not wait: the widget offers a callback, asks for a number, says what was agreed and takes it back; the desk shows where to
// call, and records what came of it.
//   node --test tests/browser/callback.test.mjs      (screenshots: build/screenshots)
import assert from "node:assert/strict";
import { test } from "node:test";
import { shoot, violations } from "./lib/browser.mjs";
import { column } from "./lib/desk.mjs";
import { DeskScenes, WIDE, until } from "./lib/desk_scene.mjs";
import { Stage } from "./lib/stage.mjs";
import { field, open, settled, write } from "./lib/widget.mjs";

const stage = new Stage();
const scenes = new DeskScenes();
const HOUR_MS = 3_600_000;
const card = (page) => page.locator("weft-chat .call");
const windows = () => {
    const from = (Math.floor(Date.now() / HOUR_MS) + 2) * HOUR_MS;
    return [0, 1, 2].map((i) => ({ from_ms: from + i * HOUR_MS, until_ms: from + (i + 1) * HOUR_MS }));
};

// A customer who waits, third in line, and is offered callbacks.
async function waits(page, id, words = "Where is my parcel?") {
    await open(page);
    await write(page, words);
    await settled(page, 1);
    const thread = stage.conversation(id);
    stage.broker.append(thread, { kind: "system" }, [{ kind: "queued", reason: "asked" }]);
    stage.broker.tell(thread, { type: "queue", position: 3, wait_ms: 480_000 });
    stage.broker.tell(thread, { type: "callback", ways: ["chat", "phone", "email"], windows: windows() });
    await card(page).waitFor();
}

test("a number is asked for, refused, taken, shown and taken back", async () => {
    const page = await stage.visit();
    await waits(page, "c1");
    await shoot(page, "callback-offered");
    await card(page).getByRole("button", { name: "Get back to me" }).click();
    await card(page).getByLabel("How may we reach you?").selectOption("phone");
    await card(page).getByLabel("Your phone number").fill("0300-CALL-ME");
    await card(page).getByRole("button", { name: "Agree" }).click();
    await card(page).getByRole("alert").waitFor();
    await shoot(page, "callback-form");
    assert.deepEqual(await violations(page), []);
    await card(page).getByLabel("Your phone number").fill("+49 (30) 123 456");
    const [wish] = windows();
    await card(page).getByLabel("When?").selectOption(String(wish.from_ms));
    await card(page).getByRole("button", { name: "Agree" }).click();
    await card(page).getByText("We will call you.").waitFor();
    assert.match(await card(page).innerText(), /\+4930123456/);
    const { callback } = stage.conversation("c1").entries.at(-1).parts[0];
    assert.deepEqual(callback, { channel: "phone", address: "+4930123456", ...wish });
    await page.waitForFunction(() => document.querySelector("weft-chat").shadowRoot.activeElement?.matches("textarea"));
    await shoot(page, "callback-agreed");
    assert.deepEqual(await violations(page), []);
    await card(page).getByRole("button", { name: "Cancel" }).click();
    await card(page).getByText("You need not wait here.").waitFor();
    stage.broker.tell(stage.conversation("c1"), { type: "callback" });
    await card(page).waitFor({ state: "detached" });
    assert.deepEqual(page.complaints, []);
});

test("an answer in the chat needs no number; the wait is told as it is known, and after a reload again", async () => {
    const page = await stage.visit();
    await waits(page, "c1");
    await card(page).getByRole("button", { name: "Get back to me" }).click();
    assert.equal(await card(page).getByLabel("When?").count(), 0);
    await card(page).getByRole("button", { name: "Agree" }).click();
    await card(page).getByText("You need not wait.").waitFor();
    assert.match(await card(page).innerText(), /In about 8 min\./);
    stage.broker.tell(stage.conversation("c1"), { type: "queue", position: 3 });
    await card(page).getByText("your place is kept").waitFor();
    await page.reload();
    await field(page).waitFor(); // the panel is open again
    await settled(page, 1);
    assert.equal(await card(page).count(), 0, "what was told before counts no more");
    stage.broker.tell(stage.conversation("c1"), { type: "callback", agreed: { channel: "phone", address: "+4930123456", attempts: 1, from_ms: Date.now() + HOUR_MS } });
    await card(page).getByText("Tried so far: 1").waitFor();
    assert.deepEqual(page.complaints, []);
});

test("looks right and passes axe: phone, dark, right to left", async () => {
    for (const [id, name, options] of [["c1", "phone", { phone: true }], ["c2", "dark", { dark: true }], ["c3", "phone-dark", { phone: true, dark: true }]]) {
        const page = await stage.visit(options);
        await waits(page, id);
        await card(page).getByRole("button", { name: "Get back to me" }).click();
        await card(page).getByLabel("How may we reach you?").selectOption("email");
        await shoot(page, `callback-form-${name}`);
        assert.deepEqual(await violations(page), [], name);
        await card(page).getByLabel("Your email address").fill("ada@example.org");
        await card(page).getByRole("button", { name: "Agree" }).click();
        await card(page).getByText("ada@example.org").waitFor();
        await shoot(page, `callback-agreed-${name}`);
        assert.deepEqual(await violations(page), [], name);
    }
    const page = await stage.visit();
    await page.evaluate(() => {
        document.documentElement.setAttribute("dir", "rtl");
        Weft("update", { language: "he", strings: { call_offer: "אין צורך לחכות כאן.", call_kept: "נחזור אליך, ומקומך בתור נשמר.", call_open: "חזרו אליי", call_how: "איך להשיג אותך?",
            call_number: "מספר הטלפון שלך", call_phone: "בטלפון", call_phone_agreed: "נתקשר אליך.", call_ask: "מסכים", call_wait_on: "אחכה", call_cancel: "ביטול" } });
    });
    await waits(page, "c4", "שלום, איפה החבילה שלי?");
    await card(page).getByRole("button", { name: "חזרו אליי" }).click();
    await card(page).getByLabel("איך להשיג אותך?").selectOption("phone");
    await shoot(page, "callback-form-rtl");
    await card(page).getByLabel("מספר הטלפון שלך").fill("+972 3 123 4567");
    await card(page).getByRole("button", { name: "מסכים" }).click();
    await card(page).getByText("+97231234567").waitFor();
    await shoot(page, "callback-agreed-rtl");
    assert.deepEqual(await violations(page), []);
});

// ---- the desk ---------------------------------------------------------------------------------------------------

const PHONE = { channel: "phone", address: "+4930123456", until_ms: Date.now() + HOUR_MS, attempts: 1, attempts_max: 3 };
const scene = (name, options, play) => scenes.play(`desk-callback-${name}`, { ...options, prepare(desk) {
    desk.conversations.get("c-ada").callback = options.callback ?? PHONE;
} }, play);

test("an offer says that it is a callback: where, by when, how often it was tried", () => scene("offer", {}, async ({ page, desk, clean }) => {
    desk.offer("anna", "c-ada");
    await page.locator(".offer-callback").waitFor();
    assert.match(await page.locator(".offer-callback").innerText(), /Call back[\s\S]*\+4930123456[\s\S]*attempt 2 of 3/);
    await clean("offered");
    await page.click("[data-accept]");
    await column(page, "c-ada").locator("[data-callback]").waitFor();
    assert.equal(await page.locator("[data-callback] [data-callback-address]").getAttribute("href"), "tel:+4930123456");
}));

test("reached: the chat goes on as any other", () => scene("reached", { own: ["c-ada"] }, async ({ page, desk, clean }) => {
    await column(page, "c-ada").locator("[data-reached]").waitFor();
    await clean("to-call");
    await page.click("[data-reached]");
    await page.locator("[data-callback]").waitFor({ state: "detached" });
    await page.locator(".line", { hasText: "Callback: reached" }).waitFor();
    assert.equal(desk.taken.find((frame) => frame.type === "callback_outcome").reached, true);
    await column(page, "c-ada").locator("[data-tool=close]:not([disabled])").waitFor();
}));

test("not reached: the case goes, and comes back later", () => scene("not-reached", { own: ["c-ada"], device: { ...WIDE, dark: true } }, async ({ page, desk, clean }) => {
    await column(page, "c-ada").locator("[data-not-reached]").waitFor();
    await clean("to-call");
    await page.click("[data-not-reached]");
    await page.locator(".ended").waitFor();
    await until("the outcome is there", () => desk.taken.some((frame) => frame.type === "callback_outcome" && frame.reached === false));
}));

test("the last attempt says so; mail has an address to write to; on a phone", () => scene("last", { own: ["c-ada"], device: { phone: true },
    callback: { channel: "email", address: "ada@example.org", attempts: 2, attempts_max: 3 } }, async ({ page }) => {
    if (await column(page, "c-ada").count() === 0) await page.click("[data-chat=c-ada]");
    await column(page, "c-ada").locator("[data-not-reached]").waitFor();
    assert.match(await page.locator("[data-not-reached]").innerText(), /close/);
    assert.equal(await page.locator("[data-callback-address]").getAttribute("href"), "mailto:ada@example.org");
}));
