// SPDX-License-Identifier: Apache-2.0
// What the routing core can do, at the desk: finishing in peace, weights, conference, and a supervisor's work.
import assert from "node:assert/strict";
import { test } from "node:test";
import { column, composer, reply, said } from "./lib/desk.mjs";
import { DeskScenes, WIDE } from "./lib/desk_scene.mjs";

const scenes = new DeskScenes();
const DARK = { ...WIDE, dark: true };
const CASES = [
    { conversation: "c-ada", state: "active", agent: "tom", queue: "parcels", channel: "web", waiting_ms: 240_000, weight: 1000, contact: "Ada Bellini" },
    { conversation: "c-lin", state: "waiting", queue: "billing", channel: "web", waiting_ms: 65_000, weight: 1000, contact: "Lin Zhao" },
    { conversation: "c-omar", state: "waiting", waiting_ms: 900_000, contact: "Omar Haddad", callback: { channel: "phone", from_ms: Date.now() + 172_800_000, attempts: 1 } },
];
const EXPLAINED = {
    state: "active", agent: "tom", policy: 3, decided_by: 2, gap: 4, agents: 3,
    terms: [{ name: "skill", value: 900 }, { name: "load", value: 225 }],
    candidates: [
        { agent: "tom", name: "Tom Okafor", verdict: "eligible", score: 1125, terms: [{ name: "skill", value: 900 }, { name: "load", value: 225 }] },
        { agent: "mei", name: "Mei Tanaka", verdict: "eligible", score: 700, terms: [{ name: "skill", value: 700 }] },
        { agent: "jonas", name: "Jonas Lindqvist", verdict: "lacks_skill", skill: "parcels", score: 90, terms: [{ name: "fairness", value: 90 }] },
    ],
};
/** Anna's desk; `supervisor`: Tom has Ada's case. */
function scene(name, { supervisor = false, ...options }, play) {
    return scenes.play(`desk-${name}`, { ...options, prepare(desk) {
        desk.agents.get("anna").supervisor = supervisor;
        Object.assign(desk, { cases: CASES, explained: EXPLAINED });
        if (supervisor) desk.give("tom", "c-ada");
    } }, play);
}

const monitor = async (page) => {
    await page.keyboard.press("Alt+KeyS");
    await page.click("[data-case=c-ada] [data-monitor]");
    await column(page, "c-ada").locator(".whisper").waitFor();
};

test("a closed case is finished in peace, and early by one press", () => scene("wrap-up", { own: ["c-ada"] }, async ({ page, desk, clean }) => {
    await column(page, "c-ada").waitFor();
    desk.toAgent("anna", { type: "wrap_up", conversation: "c-ada", ends_in_ms: 45_000 });
    await page.waitForSelector("[data-wrap=c-ada]");
    assert.match(await page.locator(".wrap-left").innerText(), /^[1-4]?\d s$/);
    await clean("counting");
    await page.keyboard.press("Alt+KeyW");
    await page.waitForSelector("[data-wrap=c-ada]", { state: "detached" });
}));

test("the room that is taken, and the chat that takes little of it", () => scene("room", { own: ["c-ada", "c-omar"] }, async ({ page, desk }) => {
    desk.toAgent("anna", { type: "presence", agent: "anna", status: "online", chats: 2, capacity: 4, weight: 1100 });
    desk.toAgent("anna", { type: "weight", conversation: "c-omar", weight: 100 });
    await page.locator("[data-chat=c-omar] .idle").waitFor();
    assert.match(await page.locator("[data-room]").innerText(), /1\.1 of 4 places taken/);
    desk.toAgent("anna", { type: "weight", conversation: "c-omar", weight: 1000 });
    await page.locator("[data-chat=c-omar] .idle").waitFor({ state: "detached" });
}));

test("a chat is handed to a queue", () => scene("to-queue", { own: ["c-ada"] }, async ({ page, desk, clean }) => {
    await column(page, "c-ada").locator("[data-tool=transfer]").click();
    await page.click("[data-to=queue]");
    await page.fill("[data-queue]", "billing");
    await page.fill(".dialog-transfer textarea", "Wants the invoice");
    await clean("asked");
    await page.click("dialog button[type=submit]");
    await column(page).locator(".ended").waitFor();
    const frame = desk.taken.find((taken) => taken.type === "transfer");
    assert.equal(frame.handoff.queue, "billing");
    assert.equal(frame.to_agent, undefined);
}));

test("a colleague is asked in", () => scene("invite", { own: ["c-ada"] }, async ({ page, desk, clean }) => {
    await column(page, "c-ada").waitFor();
    await page.keyboard.press("Alt+KeyI");
    await page.waitForSelector("[data-invite=tom]");
    await clean("asked");
    await page.click("[data-invite=tom]");
    await page.locator(".line", { hasText: "asked in" }).waitFor();
    assert.ok(desk.conversations.get("c-ada").invited.has("tom"));
}));

test("who is asked in looks, joins, speaks beside the owner, and leaves", () => scene("conference", {}, async ({ page, desk, clean }) => {
    desk.give("tom", "c-ada");
    desk.conversations.get("c-ada").invited = new Set(["anna"]);
    desk.toAgent("anna", { type: "invited", conversation: "c-ada", by: "tom", name: "Tom Okafor" });
    await page.waitForSelector("[data-invitation=c-ada]");
    await clean("asked");
    await page.click("[data-look]");
    await column(page, "c-ada").locator(".whisper").waitFor();
    assert.equal(await page.locator("[data-take-over], [data-tool=explain], [data-tool=cases]").count(), 0, "no supervisor");
    await page.click("[data-invitation=c-ada] [data-join]");
    await column(page, "c-ada").locator("[data-kind=reply]").waitFor(); // whispering has a composer too
    await reply(page, "Anna here too");
    await page.waitForFunction(() => document.querySelectorAll(".said-waiting").length === 0);
    assert.equal(desk.conversations.get("c-ada").owner.agent, "tom");
    assert.equal(await column(page, "c-ada").locator("[data-tool=close]").count(), 0, "the case is Tom's");
    await page.click("[data-tool=leave]");
    await column(page).locator(".ended").waitFor();
}));

test("a supervisor sees all cases, and why one is where it is", () => scene("cases", { supervisor: true }, async ({ page, clean }) => {
    await page.click("[data-tool=cases]");
    await page.waitForSelector("[data-case=c-ada]");
    assert.deepEqual(await page.locator("[data-case]").evaluateAll((rows) => rows.map((row) => row.dataset.case)), ["c-lin", "c-ada", "c-omar"]);
    assert.match(await page.locator("[data-case=c-omar] [data-later]").innerText(), /^Call back: .+, attempt 2$/);
    await clean("list");
    await page.click("[data-case=c-ada] [data-why]");
    await page.waitForSelector("[data-explained=c-ada]");
    const words = await page.locator(".why").innerText();
    for (const expected of [/Runner-up\s+Mei Tanaka/, /version 3 \(it was decided by version 2\)/, /at most 4 ‰/, /lacks parcels/, /Tom Okafor/]) assert.match(words, expected);
    await clean("why");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog[open]", { state: "detached" });
}));

test("a supervisor reads along, whispers, barges in, and nothing of the whisper is for the customer", () => scene("supervise", { supervisor: true }, async ({ page, desk, clean }) => {
    await monitor(page);
    await said(page, "Where is my parcel?").first().waitFor();
    assert.equal(await composer(page).count(), 1, "one place to write: the whisper");
    await column(page).locator(".composer-field").fill("Offer her the pick-up point");
    await page.keyboard.press("Enter");
    await column(page).locator(".said-note:not(.said-waiting)", { hasText: "pick-up point" }).waitFor();
    const whispers = desk.taken.filter((frame) => frame.type === "send");
    assert.deepEqual(whispers.map(({ visibility, owner }) => [visibility, owner]), [["internal", undefined]]);
    await clean("whisper");
    assert.equal(desk.taken.some((frame) => frame.type === "receipt" && frame.conversation === "c-ada"), false, "unseen");
    await page.click("[data-barge]");
    await column(page).locator("[data-kind=reply]").waitFor();
    await reply(page, "Hello Ada, this is Anna");
    await page.waitForFunction(() => document.querySelectorAll(".said-waiting").length === 0);
    assert.equal(desk.conversations.get("c-ada").entries.at(-1).visibility, "public");
}));

test("after a break the supervisor reads along where it ended", () => scene("resume", { supervisor: true }, async ({ page, desk }) => {
    await monitor(page);
    await said(page, "Where is my parcel?").first().waitFor();
    desk.cut();
    desk.customerSays("c-ada", "said while the line was down");
    await said(page, "said while the line was down").waitFor();
    assert.equal(await said(page, "Where is my parcel?").count(), 1);
    assert.equal(desk.taken.some((frame) => frame.type === "history"), false, "what was read was kept");
}));

test("take over, dark and right to left", () => scene("take-over", { supervisor: true, device: DARK }, async ({ page, desk, clean }) => {
    await page.evaluate(() => { document.documentElement.dir = "rtl"; });
    await monitor(page);
    await clean("watching");
    await page.click("[data-take-over]");
    assert.equal(desk.conversations.get("c-ada").owner.agent, "tom", "asked twice");
    await page.click("[data-take-over]");
    await column(page).locator("[data-tool=close]").waitFor();
    assert.equal(desk.conversations.get("c-ada").owner.agent, "anna");
    await page.keyboard.press("Alt+KeyS");
    await page.waitForSelector("[data-case=c-ada]");
    await clean("cases");
    await page.click("[data-case=c-ada] [data-why]");
    await page.waitForSelector("[data-explained=c-ada]");
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
}));
