// SPDX-License-Identifier: Apache-2.0
// Words for the widget's tests: what a customer does, and what they see. Everything waits for its event.
export const launcher = (page) => page.locator("weft-chat .launcher");
export const panel = (page) => page.locator("weft-chat .panel");
export const field = (page) => page.locator("weft-chat textarea");
export const bubbles = (page) => page.locator("weft-chat .bubble");
export const bubble = (page, text) => bubbles(page).filter({ hasText: text });
export const banner = (page) => page.locator("weft-chat .banner p");
export const mine = (page, status) => page.locator(`weft-chat .row[data-mine="true"]${status ? `[data-status="${status}"]` : ""}`);

export async function open(page) {
    await launcher(page).click();
    await field(page).waitFor();
}

export async function write(page, text) {
    await field(page).fill(text);
    await field(page).press("Enter");
}

// Waits until `n` own messages have come as far as `status`, or further.
export async function settled(page, n, statuses = ["sent", "delivered", "read"]) {
    await page.waitForFunction(([count, wanted]) =>
        [...document.querySelector("weft-chat").shadowRoot.querySelectorAll('.row[data-mine="true"]')]
            .filter((row) => wanted.includes(row.dataset.status)).length === count, [n, statuses]);
}

export const texts = (page) => bubbles(page).allInnerTexts();
