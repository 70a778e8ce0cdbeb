// SPDX-License-Identifier: Apache-2.0
// Opens Debian's headless Chromium for the browser tests, and keeps what they see.
//
//   const browser = await openBrowser();            one process; close it: await browser.close()
//   const page = await openPage(browser, url, {phone: true, dark: true, context})
//   await shoot(page, "name")                        build/screenshots/name.png
//   page.complaints                                  what the console and the security policy complained of
//
// WEFT_FRAMES_LATE_MS=N: each drawing of a page comes up to N ms late, as on a machine that has no time for it. A test
// that does not wait for what it looks at, or a page that is not ready for the next key, fails then in one run of few.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.WEFT_CHROMIUM ?? "/usr/bin/chromium-headless-shell";
export const SCREENSHOTS = resolve(process.env.WEFT_SCREENSHOTS
    ?? join(fileURLToPath(new URL("../../..", import.meta.url)), "build/screenshots"));

export const PATIENCE_MS = 60_000; // for what is awaited: busy machines are slow
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const DESKTOP = { viewport: { width: 1180, height: 800 } };

export function openBrowser() {
    return chromium.launch({
        executablePath: CHROMIUM,
        args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--no-first-run"],
    });
}

const FRAMES_LATE_MS = Number(process.env.WEFT_FRAMES_LATE_MS ?? 0);

function delayFrames(most_ms) {
    const draw = globalThis.requestAnimationFrame.bind(globalThis);
    const late = new Map(); // the timers, by the number that the page was given
    let last = 0;
    globalThis.requestAnimationFrame = (then) => {
        const id = ++last;
        late.set(id, setTimeout(() => draw((now) => late.delete(id) && then(now)), Math.random() * most_ms));
        return id;
    };
    globalThis.cancelAnimationFrame = (id) => {
        clearTimeout(late.get(id));
        late.delete(id);
    };
}

// A context is a device: its storage and its cookies. Pages of one context are its tabs.
export async function openDevice(browser, { phone = false, dark = false, reducedMotion = "reduce", ...more } = {}) {
    const device = await browser.newContext({ ...(phone ? PHONE : DESKTOP), colorScheme: dark ? "dark" : "light", reducedMotion, locale: "en-GB", ...more });
    if (FRAMES_LATE_MS > 0) await device.addInitScript(delayFrames, FRAMES_LATE_MS);
    return device;
}

// The browser's own words on a server that was ended, perhaps in the middle of a handshake, or a line that is down.
export const AWAY = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INTERNET_DISCONNECTED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_CLOSED|WebSocket connection to .* failed: (Error during WebSocket handshake|Connection closed)|503 \(/;

export async function openPage(device, url) {
    const page = await device.newPage();
    page.complaints = [];
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) page.complaints.push(message.text());
    });
    page.on("pageerror", (error) => page.complaints.push(String(error)));
    await page.goto(url);
    return page;
}

export async function shoot(page, name) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const path = join(SCREENSHOTS, name + ".png");
    await page.screenshot({ path });
    return path;
}

// Accessibility: axe over the page, shadow roots too. Returns its violations as lines of text.
export async function violations(page) {
    const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    await page.evaluate(source);
    const result = await page.evaluate(() => globalThis.axe.run(document, {
        restoreScroll: true, // axe looks behind scrolled edges; the reader stays where they are
        runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
    }));
    return result.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.flat().join(" ")} (${one.help})`));
}
