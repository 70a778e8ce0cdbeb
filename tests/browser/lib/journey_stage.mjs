// SPDX-License-Identifier: Apache-2.0
// The world of the journey: a real weftd with its Redis and the shipped bot, the built pages (WEFT_WEB: a built
// folder), a browser, and screens whose documents, frames and complaints are remembered.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contactToken } from "../../../docs/reference/examples/token.mjs";
import { ROOT, startWeftd } from "../../lib/weftd.mjs";
import { AWAY, PATIENCE_MS, openBrowser, openDevice, openPage, shoot, violations } from "./browser.mjs";
import { Line } from "./line.mjs";

const WIDE = { viewport: { width: 1280, height: 800 } };

export class JourneyStage {
    screens = [];
    #devices = [];

    /** settings: of weftd, over its standard ones. */
    async open(settings = {}) {
        this.web = process.env.WEFT_WEB ?? mkdtempSync(join(tmpdir(), "weft-journey-"));
        if (!process.env.WEFT_WEB) {
            const built = spawnSync(process.execPath, [join(ROOT, "broker/web/build.mjs"), this.web], { encoding: "utf8" });
            assert.equal(built.status, 0, built.stderr);
        }
        this.line = await new Line().open();
        this.weftd = await startWeftd({ assets: this.web, tenants: [{ id: "demo", name: "Fjord & Fell", origins: [this.line.url] }], ...settings });
        this.line.leadTo(this.weftd.url);
        this.browser = await openBrowser();
    }

    async close() {
        await this.browser?.close();
        await this.line?.close();
        await this.weftd?.stop();
        if (!process.env.WEFT_WEB) rmSync(this.web, { recursive: true, force: true });
    }

    /** Everybody goes, for the next test. */
    async leave() {
        await Promise.all(this.#devices.splice(0).map((one) => one.close()));
        this.screens.length = 0;
    }

    /** A screen of its own device. `name` is its screenshots' first word. */
    async screen(name, url, options = {}) {
        const device = await openDevice(this.browser, { ...(options.phone ? {} : WIDE), ...options });
        device.setDefaultTimeout(PATIENCE_MS);
        this.#devices.push(device);
        const frames = [];
        device.on("page", (page) => page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(String(payload)))));
        const page = await openPage(device, url);
        await page.evaluate(() => { globalThis.sameDocument = true; });
        const screen = Object.assign(page, { title_: name, frames, device });
        this.screens.push(screen);
        return screen;
    }

    /** The page of a customer whom the brand knows: its server signs a token for them. */
    async customer(name, reference, called, { through = this.weftd.url, ...options } = {}) {
        this.secret ??= (await this.weftd.admin("POST", "/v1/admin/tenants", { id: "demo" })).signing_secret;
        const token = contactToken(this.secret, "demo", reference, called, 3600);
        return this.screen(name, `${through}/#token=${token}`, options);
    }

    async agent(id, name, skills, options = {}) {
        const { link } = await this.weftd.admin("POST", "/v1/admin/tenants/demo/agents", {
            id, name, languages: ["en"], capacity: 4, skills: skills.map((skill) => ({ name: skill, level: 900 })),
        });
        return this.screen(`desk-${id}`, link, options);
    }

    /** What the log holds, read from the store: every word, with its author and who may see it. */
    async log() {
        const { conversations } = await this.weftd.admin("GET", "/v1/admin/tenants/demo/conversations");
        assert.equal(conversations.length, 1, "one customer has one conversation");
        const words = [];
        for (let page = { next: 0, more: true }; page.more;) {
            page = await this.weftd.admin("GET", `/v1/admin/conversations/${conversations[0].id}/entries?after=${page.next}&limit=50`);
            for (const { author, visibility, parts } of page.entries)
                for (const { body, kind } of parts)
                    if (body) words.push({ text: body.text, by: author.kind, id: author.id, internal: visibility === "internal" || kind === "note" });
        }
        return words;
    }

    shoot(page, name) {
        return shoot(page, `journey-${name}`);
    }

    /** Everything of a screen that must hold at any time. refused: the status that the test itself has provoked. */
    async expectGood(page, { axe = true, refused = null } = {}) {
        const expected = (line) => AWAY.test(line) || (refused && line.includes(`a status of ${refused} `));
        assert.deepEqual(page.complaints.filter((line) => !expected(line)), [], page.title_);
        assert.equal(await page.evaluate(() => globalThis.sameDocument), true, `${page.title_} was not loaded again`);
        if (axe) assert.deepEqual(await violations(page), [], page.title_);
    }
}
