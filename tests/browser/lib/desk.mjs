// SPDX-License-Identifier: Apache-2.0
// Words for tests with a desk: what an agent does, and what they see. Everything waits for its event.
export const column = (page, conversation) => page.locator(conversation ? `[data-column="${conversation}"]` : "[data-column]");
export const composer = (page) => column(page).locator(".composer-field");
export const said = (page, text) => column(page).locator(".bubble").filter({ hasText: text });
export const offer = (page) => page.locator("[data-offer]");
export const shownTexts = (page) => column(page).locator(".bubble").allInnerTexts();

/** Follows a one-time link and begins to take chats. */
export async function goOnline(page) {
    await page.waitForSelector(".line-live");
    await page.locator("[data-go-online]").click();
    await page.waitForFunction(() => document.querySelector("[value=online]").checked && !document.querySelector(".presence-wanted"));
}

export async function accept(page) {
    await offer(page).locator("[data-accept]").click();
    await composer(page).waitFor();
}

export async function reply(page, text) {
    await composer(page).fill(text);
    await send(page, text);
}

/** Sends what is in the composer; it is on the screen with the next frame. */
export async function send(page, text) {
    await composer(page).press("Enter");
    await said(page, text).last().waitFor({ state: "attached" });
}

export async function note(page, text) {
    await column(page).locator("[data-kind=note]").click();
    await reply(page, text);
    await column(page).locator(".said-note:not(.said-waiting)").filter({ hasText: text }).waitFor();
    await column(page).locator("[data-kind=reply]").click();
}

/** Until nothing of the agent's own words is still on its way. */
export function allSent(page) {
    return page.waitForFunction(() => document.querySelectorAll(".said-waiting").length === 0);
}

export async function transfer(page, name, summary) {
    await column(page).locator("[data-tool=transfer]").click();
    await page.locator("dialog[open] .person", { hasText: name }).click();
    await page.locator(".dialog-transfer textarea").fill(summary);
}

export async function close(page, reason) {
    await column(page).locator("[data-tool=close]").click();
    await page.locator("dialog[open] .reason", { hasText: reason }).click();
    await page.locator("dialog button[type=submit]").click();
    await column(page).locator(".ended").waitFor();
}
