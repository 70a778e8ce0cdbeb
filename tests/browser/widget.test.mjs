// SPDX-License-Identifier: Apache-2.0
// The widget in a real browser, against the model server under weftd's own security policy: what must not get
// lost, when the server, the line, the page or the machine goes away.
//   node --test tests/browser/widget.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, shoot, violations } from "./lib/browser.mjs";
import { ANNA, Stage } from "./lib/stage.mjs";
import { banner, bubble, bubbles, field, launcher, open, settled, texts, write } from "./lib/widget.mjs";

const stage = new Stage();

test("the server goes and comes back in mid-sentence", async () => {
    const page = await stage.visit();
    await open(page);
    await write(page, "before");
    await settled(page, 1);
    await page.evaluate(() => { globalThis.sameDocument = true; });
    await field(page).pressSequentially("half a sen");
    await stage.server.stop();
    await banner(page).waitFor();
    await shoot(page, "widget-offline");
    await field(page).pressSequentially("tence");
    await field(page).press("Enter");
    await write(page, "and one more");
    await settled(page, 2, ["sending"]);
    await stage.server.start();
    await settled(page, 3);
    await banner(page).waitFor({ state: "detached" });
    assert.deepEqual(stage.log(), ["before", "half a sentence", "and one more"]);
    assert.deepEqual(await texts(page), stage.log());
    assert.equal(await page.evaluate(() => globalThis.sameDocument), true, "without a reload");
});

test("a short break shows no banner", async () => {
    const page = await stage.visit();
    await open(page);
    await write(page, "before");
    await settled(page, 1);
    await page.evaluate(() => {
        globalThis.banners = 0;
        const at = document.querySelector("weft-chat").shadowRoot.querySelector(".banner");
        new MutationObserver(() => globalThis.banners++).observe(at, { childList: true });
    });
    const hellos = stage.broker.hellos;
    stage.broker.cut();
    await write(page, "after");
    await settled(page, 2);
    assert.equal(stage.broker.hellos, hellos + 1);
    assert.equal(await page.evaluate(() => globalThis.banners), 0);
});

test("two tabs: one contact, both see all, each word once", async () => {
    const tabs = await stage.device();
    const [left, right] = [await openPage(tabs, stage.server.url), await openPage(tabs, stage.server.url)];
    await Promise.all([open(left), open(right)]);
    await Promise.all([[left, "left"], [right, "right"]].map(async ([tab, name]) => {
        for (const i of [1, 2, 3]) await write(tab, `${name} ${i}`);
    }));
    await Promise.all([settled(left, 6), settled(right, 6)]);
    assert.equal(stage.server.contacts, 1, "only one of them made the contact");
    assert.deepEqual([...stage.log()].sort(), ["left 1", "left 2", "left 3", "right 1", "right 2", "right 3"]);
    assert.deepEqual(await texts(left), stage.log());
    assert.deepEqual(await texts(right), stage.log());
    const lineages = new Set(stage.conversation().entries.map((entry) => entry.parts[0].lineage));
    assert.equal(lineages.size, 2, "no lineage is used by two tabs");
});

for (const locks of [true, false])


test(`unsent words outlive the page, and are sent once${locks ? "" : ", without Web Locks (a page without https)"}`, async () => {
    const one = await stage.device();
    if (!locks) await one.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { value: undefined }));
    const page = await openPage(one, stage.server.url);
    await open(page);
    await write(page, "first");
    await settled(page, 1);
    stage.broker.refuse = () => ({ code: "store_unavailable", retry: "same" });
    await write(page, "second");
    await settled(page, 1, ["sending"]);
    await field(page).fill("a draft");
    await page.reload();
    await bubble(page, "second").waitFor();
    assert.equal(await field(page).inputValue(), "a draft", "open, with its draft, as it was left");
    stage.broker.refuse = () => null;
    await settled(page, 2);
    assert.deepEqual(stage.log(), ["first", "second"]);
    assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("weft:lane:")
        && JSON.parse(localStorage[key]).words.some((word) => word.status !== "acked")).length), 0);
});

test("a laptop's sleep: the dead line is found, what was missed comes", async () => {
    const page = await (await stage.device()).newPage();
    await page.clock.install();
    await page.goto(stage.server.url);
    await open(page);
    await write(page, "good night");
    await settled(page, 1);
    stage.server.deafen(); // the line dies without a word
    stage.broker.say(stage.conversation(), ANNA, { kind: "text", text: "said while you slept" });
    const { hellos } = stage.broker;
    await page.clock.fastForward("08:00:00");
    await bubble(page, "said while you slept").waitFor();
    assert.equal(stage.broker.hellos, hellos + 1);
    assert.deepEqual(await texts(page), stage.log());
});

test("history: older words come at the top, and the reader stays where they are", async () => {
    const thread = stage.conversation("c1");
    for (let i = 1; i <= 120; i++) stage.broker.say(thread, i % 3 ? ANNA : { kind: "customer", id: "c1" }, { kind: "text", text: `line ${i}.` });
    const page = await stage.visit();
    await open(page);
    await bubble(page, "line 120.").waitFor();
    assert.equal(await bubbles(page).count(), 50);
    const place = () => page.evaluate(() => {
        const at = document.querySelector("weft-chat").shadowRoot;
        return [...at.querySelectorAll(".bubble")].find((one) => one.innerText === "line 71.").getBoundingClientRect().top;
    });
    await page.locator("weft-chat .log").evaluate((one) => { one.scrollTop = 10; });
    const before = await place();
    await bubble(page, "line 60.").waitFor({ state: "attached" });
    assert.ok(Math.abs((await place()) - before) < 40, "line 71 moved");
    for (const expected of [41, 11, 1]) {
        await page.locator("weft-chat .log").evaluate((one) => { one.scrollTop = 0; });
        await bubble(page, `line ${expected}.`).first().waitFor({ state: "attached" });
    }
    assert.deepEqual(await texts(page), stage.log());
    stage.broker.say(thread, ANNA, { kind: "text", text: "below" });
    await page.locator("weft-chat .below").click();
    await page.locator("weft-chat .below").waitFor({ state: "detached" });
});

test("a refused message says so, and can be tried again or taken away", async () => {
    const page = await stage.visit();
    await open(page);
    stage.broker.refuse = () => ({ code: "forbidden", retry: "never" });
    await write(page, "one");
    await write(page, "two");
    await settled(page, 2, ["failed"]);
    await shoot(page, "widget-failed");
    assert.deepEqual(await violations(page), []);
    stage.broker.refuse = () => null;
    const failed = page.locator('weft-chat [role="alert"]');
    await failed.first().getByRole("button", { name: "Try again" }).click();
    await settled(page, 1);
    await failed.getByRole("button", { name: "Remove" }).click();
    await failed.waitFor({ state: "detached" });
    assert.deepEqual(stage.log(), ["one"]);
    await write(page, "x".repeat(8193));
    await page.locator('weft-chat form [role="alert"]').waitFor();
    assert.equal((await field(page).inputValue()).length, 8193, "nothing that was written is lost");
});

test("a damaged conversation stays as it is, says so, and is not called for again; a new one may be begun", async () => {
    const page = await stage.visit();
    await open(page);
    await write(page, "before");
    await settled(page, 1);
    stage.broker.ended.set("c1", "quarantined");
    await write(page, "after");
    await banner(page).filter({ hasText: "wrong with this conversation" }).waitFor();
    await field(page).waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.querySelector("weft-chat").shadowRoot.activeElement.textContent), "Start a new one", "the focus is not lost");
    await bubble(page, "before").waitFor();
    await shoot(page, "widget-damaged");
    assert.deepEqual(await violations(page), []);
    await page.reload();
    await banner(page).filter({ hasText: "wrong with this conversation" }).waitFor();
    await field(page).waitFor({ state: "detached" });
    await banner(page).getByRole("button", { name: "Start a new one" }).click();
    await write(page, "from the start");
    await settled(page, 1);
    await banner(page).waitFor({ state: "detached" });
    assert.deepEqual([stage.log("c1"), stage.log("c2")], [["before"], ["from the start"]]);
    assert.equal(stage.broker.hellos, 3, "one at each visit, one for the new one");
    assert.deepEqual(page.complaints, []);
});

test("whom the brand knows may try a damaged conversation again", async () => {
    stage.broker.ended.set("ada", "quarantined");
    const page = await stage.visit({}, "#token=token.ada");
    await launcher(page).click();
    await banner(page).filter({ hasText: "wrong with this conversation" }).waitFor();
    stage.broker.ended.clear();
    await banner(page).getByRole("button", { name: "Try again" }).click();
    await write(page, "it was mended");
    await settled(page, 1);
    assert.deepEqual(stage.log("ada"), ["it was mended"]);
});

const keptOf = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => localStorage[key].includes("secret")));

for (const { reload, look, ...device } of [{ reload: false, look: "widget-erased" }, { reload: true, look: "widget-erased-phone", phone: true }])
    test(`an erased conversation is forgotten, ${reload ? "also what the page before a reload has kept" : "and never said again"}`, async () => {
        const page = await stage.visit(device);
        await open(page);
        await write(page, "my secret");
        await settled(page, 1);
        assert.equal((await keptOf(page)).length, 1);
        stage.broker.ended.set("c1", "conversation_erased");
        if (reload) await page.reload();
        else {
            await bubble(page, "my secret").hover();
            await page.locator("weft-chat .more").click();
            await page.locator("weft-chat .menu").getByRole("menuitem", { name: "Reply" }).click();
            await page.locator("weft-chat .above").waitFor();
            stage.broker.cut();
        }
        await banner(page).filter({ hasText: "was deleted" }).waitFor();
        await bubbles(page).first().waitFor({ state: "detached" });
        await page.locator("weft-chat .intro").waitFor({ state: "detached" });
        assert.deepEqual(await keptOf(page), []);
        await shoot(page, look);
        assert.deepEqual(await violations(page), []);
        await page.evaluate(() => Weft("on", "message", ({ text }) => { globalThis.told = text; }));
        await banner(page).getByRole("button", { name: "Start a new one" }).click();
        await field(page).waitFor();
        assert.equal(await page.locator("weft-chat .above").count(), 0, "what was to be answered is gone, too");
        await write(page, "anew");
        await settled(page, 1);
        await page.waitForFunction(() => globalThis.told === "anew");
        assert.deepEqual(await texts(page), ["anew"]);
        assert.deepEqual([stage.log("c2"), await keptOf(page)], [["anew"], []]);
    });

test("a damaged conversation that was erased meanwhile is forgotten when it is tried again", async () => {
    const page = await stage.visit({}, "#token=token.ada");
    await open(page);
    await write(page, "my secret");
    await settled(page, 1);
    stage.broker.ended.set("ada", "quarantined");
    stage.broker.cut();
    await banner(page).filter({ hasText: "wrong with this conversation" }).waitFor();
    stage.broker.ended.set("ada", "conversation_erased");
    await banner(page).getByRole("button", { name: "Try again" }).click();
    await banner(page).filter({ hasText: "was deleted" }).waitFor();
    await bubbles(page).first().waitFor({ state: "detached" });
    assert.deepEqual(await keptOf(page), []);
});

test("a line that is closed for good says so, and is tried again when asked", async () => {
    const page = await stage.visit();
    await open(page);
    await write(page, "before");
    await settled(page, 1);
    stage.broker.cut(4403);
    await banner(page).filter({ hasText: "cannot connect" }).waitFor();
    await write(page, "kept");
    await banner(page).getByRole("button", { name: "Try again" }).click();
    await settled(page, 2);
    assert.deepEqual(stage.log(), ["before", "kept"]);
    await page.evaluate(() => Weft("shutdown"));
    await page.locator("weft-chat").waitFor({ state: "detached" });
    assert.deepEqual(page.complaints, []);
});

test("the same person on a phone: a token that the brand signed", async () => {
    const desktop = await stage.visit({}, "#token=token.ada");
    const phone = await stage.visit({ phone: true }, "#token=token.ada");
    assert.equal(new URL(desktop.url()).hash, "");
    await open(desktop);
    await open(phone);
    await write(desktop, "from the desk");
    await bubble(phone, "from the desk").waitFor();
    await write(phone, "from the phone");
    await bubble(desktop, "from the phone").waitFor();
    assert.deepEqual(stage.log("ada"), ["from the desk", "from the phone"]);
});

test("an anonymous visitor proves who they are, and goes on as that contact", async () => {
    const page = await stage.visit();
    await open(page);
    await write(page, "who am I?");
    await settled(page, 1);
    await page.evaluate(() => Weft("identify", async () => "token.ada"));
    await bubble(page, "who am I?").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => JSON.parse(localStorage["weft:demo"]).renewal), undefined);
    await write(page, "now you know");
    await settled(page, 1);
    assert.deepEqual(stage.log("c1"), ["who am I?"]);
    assert.deepEqual(stage.log("ada"), ["now you know"]);
});

test("the module gives the same widget to pages with a bundler", async () => {
    const page = await stage.visit();
    await page.evaluate(async () => {
        Weft("shutdown");
        const { Weft: module } = await import("/weft-module.js");
        module("boot", { tenant: "demo", name: "By module" });
        module("show");
    });
    await page.locator("weft-chat h2", { hasText: "By module" }).waitFor();
    assert.deepEqual(page.complaints, []);
});

test("shutdown forgets the contact; boot begins anew", async () => {
    const page = await stage.visit();
    await open(page);
    await write(page, "hello");
    await settled(page, 1);
    await page.evaluate(() => Weft("shutdown"));
    await page.locator("weft-chat").waitFor({ state: "detached" });
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
    await page.evaluate(() => Weft("boot", { tenant: "demo", color: "#5b3cc4", side: "start", name: "Other" }));
    await page.evaluate(() => Weft("show"));
    await write(page, "somebody else");
    await settled(page, 1);
    await shoot(page, "widget-start-side");
    assert.deepEqual(stage.log("c2"), ["somebody else"]);
});
