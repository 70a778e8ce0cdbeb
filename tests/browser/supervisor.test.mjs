// SPDX-License-Identifier: Apache-2.0
// A supervisor's work over a real weftd: reading along, a whisper, barging in, taking over; what the agent sees of it, and
// that the customer never sees the whisper, neither live nor after a reload, nor in what the wire brought.
//   node --test tests/browser/supervisor.test.mjs      (a build of weftd in WEFT_BUILD)
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as desk from "./lib/desk.mjs";
import { JourneyStage } from "./lib/journey_stage.mjs";
import { bubble, open, settled, write } from "./lib/widget.mjs";

const stage = new JourneyStage();
const SECRET = "Offer her the pick-up point";

before(() => stage.open());
after(() => stage.close());

async function monitor(page) {
    await page.keyboard.press("Alt+KeyS"); // all cases
    await page.locator("[data-case] [data-monitor]").click();
    await desk.column(page).locator(".whisper").waitFor();
}

test("monitor, whisper, barge in, take over", async () => {
    const ben = await stage.agent("ben", "Ben Okafor", ["returns", "parcels", "products", "general"]);
    await desk.goOnline(ben);
    await stage.weftd.admin("POST", "/v1/admin/tenants/demo/agents", { id: "vera", name: "Vera Lind", supervisor: true });
    const vera = await stage.agent("vera", "Vera Lind", []);
    await vera.waitForSelector(".line-live");
    const ada = await stage.customer("ada", "ada-1", "Ada Bellini");
    await open(ada);
    await write(ada, "I want to talk to a person, please");
    await desk.accept(ben);
    await write(ada, "Where is my parcel?");
    await desk.said(ben, "Where is my parcel?").waitFor();
    await settled(ada, 2);

    await monitor(vera);
    await desk.said(vera, "Where is my parcel?").first().waitFor();
    await desk.composer(vera).fill(SECRET);
    await desk.composer(vera).press("Enter");
    await desk.column(vera).locator(".said-note:not(.said-waiting)", { hasText: SECRET }).waitFor();
    await desk.said(ben, SECRET).waitFor();
    await desk.reply(ben, "There is a pick-up point near you");
    await bubble(ada, "There is a pick-up point near you").waitFor();
    await desk.said(vera, "There is a pick-up point near you").waitFor();
    await stage.shoot(vera, "supervisor-whisper");

    await desk.column(vera).locator("[data-barge]").click();
    await desk.column(vera).locator("[data-kind=reply]").waitFor();
    await desk.reply(vera, "This is Vera, I can help as well");
    await bubble(ada, "This is Vera, I can help as well").waitFor();
    await desk.said(ben, "This is Vera, I can help as well").waitFor();
    await desk.reply(ben, "Thank you, Vera"); // the case is still Ben's
    await bubble(ada, "Thank you, Vera").waitFor();

    await desk.column(vera).locator("[data-tool=leave]").click(); // and reads along again, to take over
    await desk.column(vera).locator(".ended").waitFor();
    await monitor(vera);
    await desk.column(vera).locator("[data-take-over]").click();
    await desk.column(vera).locator("[data-take-over]").click(); // asked twice
    await desk.column(vera).locator("[data-tool=close]").waitFor();
    await desk.column(ben).locator(".ended").waitFor();
    await desk.reply(vera, "I take it from here");
    await bubble(ada, "I take it from here").waitFor();
    await stage.shoot(ben, "supervisor-taken-over");
    for (const page of [ada, ben, vera]) await stage.expectGood(page);

    await ada.reload();
    await bubble(ada, "I take it from here").waitFor();
    const shown = await ada.locator("weft-chat .bubble").allInnerTexts();
    assert.equal(shown.join("\n").includes(SECRET), false);
    assert.equal(ada.frames.some((frame) => frame.includes("pick-up point") && frame.includes("Offer her")), false);
    const words = await stage.log();
    assert.deepEqual(words.filter(({ text }) => text === SECRET).map(({ by, id, internal }) => [by, id, internal]), [["agent", "vera", true]]);
    assert.equal(words.find(({ text }) => text === "This is Vera, I can help as well").internal, false);
});
